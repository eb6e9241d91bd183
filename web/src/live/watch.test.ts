import { expect, test } from "vitest";
import { backoff, type Frame, gate } from "./watch";

const frame = (part: Partial<Frame>): Frame => ({
  v: 1,
  type: "event",
  channel: "submission:1",
  offset: 0,
  data: {},
  ...part,
});

test("a stored event passes once, and progress goes forwards only", () => {
  const pass = gate();
  expect(pass(frame({ type: "snapshot", offset: 2 }))).toBe(true);
  expect([2, 3, 3, 4].map((offset) => pass(frame({ offset })))).toEqual([false, true, false, true]);
  const progress = (attempt: number, seq: number) => pass(frame({ type: "progress", attempt, seq }));
  expect([progress(1, 1), progress(1, 3), progress(1, 2), progress(2, 1), progress(1, 9)]).toEqual([
    true,
    true,
    false,
    true,
    false,
  ]);
});

test("each channel of a user has offsets of its own", () => {
  const pass = gate();
  expect(pass(frame({ channel: "transfer:1", offset: 5 }))).toBe(true);
  expect(pass(frame({ channel: "transfer:2", offset: 1 }))).toBe(true);
});

test("the wait has full jitter under a bound that doubles up to 20 s", () => {
  expect([0, 1, 2, 30].map((tries) => backoff(tries, () => 1))).toEqual([250, 500, 1000, 20_000]);
  expect(backoff(9, () => 0)).toBe(0);
});
