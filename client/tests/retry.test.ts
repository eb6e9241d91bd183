import { afterEach, expect, test, vi } from "vitest";
import { jittered, pause } from "../src/retry.js";

afterEach(() => vi.restoreAllMocks());

test("a wait is any time up to its ceiling, so that many clients do not come back together", () => {
  const random = vi.spyOn(Math, "random");
  for (const [drawn, attempt, ms] of [
    [0, 3, 0],
    [0.5, 0, 125],
    [0.5, 3, 1_000],
    [0.25, 20, 5_000],
  ] as const) {
    random.mockReturnValue(drawn);
    expect(jittered(attempt)).toBe(ms);
  }
});

test("a wait ends by its time, by being woken, or by the signal, and leaves nothing behind", async () => {
  const wakers = new Set<() => void>();
  await pause(1, undefined, wakers);
  const woken = pause(60_000, undefined, wakers);
  for (const wake of wakers) wake();
  await woken;
  const abort = new AbortController();
  const aborted = pause(60_000, abort.signal, wakers);
  abort.abort();
  await aborted;
  await pause(60_000, abort.signal, wakers);
  expect(wakers.size).toBe(0);
});
