// How late news comes: the server's clock against ours, as far as it can be known without asking.
// Invariant: nothing is seen before it happened, so a delay is never negative.

/** Milliseconds since 1970, finer than Date.now(). */
export const now = () => (globalThis.performance?.timeOrigin ?? 0) + (globalThis.performance?.now() ?? Date.now());

export class Clock {
  /** The server's clock minus ours lies between these. */
  #least = -Infinity;
  #most = Infinity;

  /** The server wrote this time before we heard of it, at `heard`. */
  wrote(at: string, heard = now()): void {
    this.#least = Math.max(this.#least, Date.parse(at) - heard);
  }

  /** The server wrote this time between our sending and its answer. */
  between(at: string, sent: number, answered: number): void {
    this.wrote(at, answered);
    this.#most = Math.min(this.#most, Date.parse(at) - sent);
  }

  /** Milliseconds from `at`, by the server, until now, by us; with both clocks taken to agree as far as they can. */
  since(at: string): number {
    this.wrote(at);
    const skew = Math.max(this.#least, Math.min(0, this.#most));
    return Math.max(0, now() + skew - Date.parse(at));
  }
}
