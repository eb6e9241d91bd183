// A value that can be watched, and that costs nothing while nobody does: the shape that React's useSyncExternalStore takes.
// Invariant: `wanted` and `unwanted` take turns. The last listener's leaving is acted upon after a while only, so that a component
// that is mounted twice (StrictMode), or a change of page, does not close what it opens again.

export const LINGER_MS = 1_000;

/** What watchers see of it. */
export interface Watched<S> {
  /** As it stands; another object after each change. */
  readonly state: S;
  /** As it is where nobody watches: on a server, and in the page that comes from there until it is alive. */
  readonly initial: S;
  /** Calls the listener after each change until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

export class Counted<S extends object> implements Watched<S> {
  state: S;
  readonly initial: S;
  readonly #listeners = new Set<() => void>();
  #leaving: ReturnType<typeof setTimeout> | undefined;

  constructor(state: S) {
    this.initial = this.state = state;
  }

  subscribe(listener: () => void): () => void {
    const call = () => listener();
    this.#listeners.add(call);
    clearTimeout(this.#leaving);
    if (this.#listeners.size === 1 && !this.#leaving) this.wanted();
    this.#leaving = undefined;
    return () => {
      if (!this.#listeners.delete(call) || this.#listeners.size) return;
      this.#leaving = setTimeout(() => {
        this.#leaving = undefined;
        this.unwanted();
      }, LINGER_MS);
    };
  }

  /** For whoever owns the value. */
  change(some: Partial<S>): void {
    this.state = { ...this.state, ...some };
    for (const call of [...this.#listeners]) call();
  }

  /** Somebody listens. */
  protected wanted(): void {}
  /** Nobody has listened for a while. */
  protected unwanted(): void {}
}
