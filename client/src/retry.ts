// When to try again: full jitter (a random time up to a ceiling that doubles), so that many clients do not come back together.
// Invariant: a wait ends early by `wake`, and at once by the signal.

/** The first ceiling, and the last. */
export const FIRST_MS = 250;
export const MOST_MS = 20_000;
/** A connection that stood for so long was a good one: the next wait is short again. */
export const STEADY_MS = 5_000;

/** A random time up to 0.25 s, 0.5 s, 1 s … 20 s. */
export const jittered = (attempt: number) => Math.random() * Math.min(MOST_MS, FIRST_MS * 2 ** attempt);

/** What waits, and can be woken: by the network's or the page's return. */
export type Wakers = Set<() => void>;

/** Resolves after the time, when woken, or when aborted. */
export function pause(ms: number, signal: AbortSignal | undefined, wakers?: Wakers): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      wakers?.delete(end);
      signal?.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, ms);
    wakers?.add(end);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
}

/** How one try ended. */
export interface Ended {
  /** How long it stood; 0: it never did. */
  upMs: number;
  /** When the other side wants us back; absent: by our own backoff. */
  retryMs?: number | undefined;
  /** It was turned away by the server itself: another transport would not do better. */
  refused?: boolean;
}

/** Tries again and again until aborted. `once` throws what no further try can mend. */
export async function keepTrying(
  once: () => Promise<Ended>,
  signal: AbortSignal,
  wakers: Wakers,
  onWait: (retryMs: number) => void,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; ) {
    const { upMs, retryMs } = await once();
    if (signal.aborted) return;
    if (upMs >= STEADY_MS) attempt = 0;
    // Who asks us back at once, each time, is not obeyed for ever.
    const ms = retryMs !== undefined && (retryMs > 0 || attempt === 0) ? retryMs : jittered(attempt);
    attempt += 1;
    onWait(ms);
    await pause(ms, signal, wakers);
  }
}
