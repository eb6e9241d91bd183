// What is read by GET, kept by name for all who show it. Small on purpose: it is loaded before anything is painted.
// Invariant: a name is read once at a time; what is asked to be read anew meanwhile is read once more after that.
import { useEffect, useRef, useSyncExternalStore } from "react";

export type Read<T> = { data: T | undefined; error: unknown };
type Entry = {
  state: Read<unknown>;
  /** When it was last read, by the clock of `Date.now()`; 0: it is to be read anew. */
  at: number;
  read: () => Promise<unknown>;
  flight: Promise<void> | null;
  again: boolean;
  listeners: Set<() => void>;
};

const NOTHING: Read<never> = { data: undefined, error: null };
const entries = new Map<string, Entry>();

function entryOf(name: string, read: () => Promise<unknown>): Entry {
  const fresh = { state: NOTHING, at: 0, read, flight: null, again: false, listeners: new Set<() => void>() };
  const entry = entries.get(name) ?? fresh;
  entries.set(name, entry);
  return entry;
}

async function load(entry: Entry): Promise<void> {
  entry.again = true;
  entry.flight ??= (async () => {
    while (entry.again) {
      entry.again = false;
      const state = await entry.read().then(
        (data) => ({ data, error: null }),
        (error) => ({ data: entry.state.data, error }),
      );
      entry.state = state;
      entry.at = state.error === null ? Date.now() : 0;
      for (const listener of [...entry.listeners]) listener();
    }
    entry.flight = null;
  })();
  return entry.flight;
}

/** Calls the listener after each change, and reads what is older than `staleMs`, until the returned function is called. */
export function watchRead<T>(name: string, read: () => Promise<T>, staleMs: number, listener: () => void): () => void {
  const entry = entryOf(name, read);
  entry.read = read;
  entry.listeners.add(listener);
  if (!entry.flight && (entry.at === 0 || Date.now() - entry.at >= staleMs)) void load(entry);
  return () => void entry.listeners.delete(listener);
}

export const stateOf = <T>(name: string) => (entries.get(name)?.state ?? NOTHING) as Read<T>;

/** Reads anew what has this name, or begins with it and a colon: at once where it is shown, else when it is shown next. */
export async function readAgain(...names: string[]): Promise<void> {
  const meant = [...entries].filter(([own]) => names.some((name) => own === name || own.startsWith(`${name}:`)));
  for (const [, entry] of meant) entry.at = 0;
  await Promise.all(meant.map(([, entry]) => entry.listeners.size > 0 && load(entry)));
}

/** Another person looks: nothing of what was read stays. */
export const forgetAll = () => entries.clear();

export type ReadOptions<T> = {
  /** How old it may be when it is shown; 10 s. */
  staleMs?: number;
  /** After how long it is read once more while it is shown, by what is known. */
  againMs?: (state: Read<T>) => number | null;
};

/** A name of null reads nothing. */
export function useRead<T>(name: string | null, read: () => Promise<T>, options: ReadOptions<T> = {}) {
  const { staleMs = 10_000, againMs } = options;
  const latest = useRef(read);
  latest.current = read;
  const subscribe = useRef<[string | null, (listener: () => void) => () => void]>([null, () => () => {}]);
  if (subscribe.current[0] !== name) {
    const own = (listener: () => void) =>
      name === null ? () => {} : watchRead(name, () => latest.current(), staleMs, listener);
    subscribe.current = [name, own];
  }
  const state = useSyncExternalStore(
    subscribe.current[1],
    () => (name === null ? NOTHING : stateOf<T>(name)) as Read<T>,
  );
  const ms = againMs?.(state) ?? null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: from each answer on
  useEffect(() => {
    if (ms === null || name === null) return;
    const timer = setTimeout(() => void readAgain(name), ms);
    return () => clearTimeout(timer);
  }, [ms, name, state]);
  return { ...state, again: () => (name === null ? Promise.resolve() : readAgain(name)) };
}
