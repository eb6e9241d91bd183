// Things known by name for as long as somebody holds them: two who ask for one name get one thing, and nothing leaks.

export class Registry<V extends object> {
  readonly #known = new Map<string, WeakRef<V>>();
  readonly #gone = new FinalizationRegistry<string>(
    (name) => this.#known.get(name)?.deref() ?? this.#known.delete(name),
  );

  get(name: string, make: () => V): V {
    const known = this.#known.get(name)?.deref();
    if (known) return known;
    const made = make();
    this.#known.set(name, new WeakRef(made));
    this.#gone.register(made, name);
    return made;
  }
}
