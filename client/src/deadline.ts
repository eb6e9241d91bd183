// A signal that fires when its parent does, or when a time runs out that can be put off.

export class Deadline {
  readonly #end = new AbortController();
  readonly #parent: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #abort = () => this.#end.abort();

  constructor(ms: number, parent: AbortSignal) {
    this.#parent = parent;
    parent.addEventListener("abort", this.#abort);
    if (parent.aborted) this.#abort();
    this.within(ms);
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** From now on. */
  within(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#abort, ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener("abort", this.#abort);
  }
}
