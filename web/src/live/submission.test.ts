import { expect, test } from "vitest";
import type { Accepted, Case, StatusView } from "../api";
import { accepted, reducer, type Watched, whole } from "./submission";
import type { Frame } from "./watch";

const start = () => accepted({ id: "1", status: "queued" } as Accepted, "a-plus-b", "python");
const frame = (type: Frame["type"], data: object, more: Partial<Frame> = {}): Frame => ({
  v: 1,
  type,
  channel: "submission:1",
  offset: 0,
  data,
  ...more,
});
const aCase = (n: number, verdict: Case["verdict"] = "accepted"): Case => ({
  n,
  group: "secret",
  verdict,
  reason: null,
  time_ms: 1,
  wall_ms: 1,
  memory_kb: 1,
  message: null,
});
const progress = (attempt: number, data: object) =>
  frame("progress", { id: "1", status: "running", ...data }, { attempt });

function play(frames: Frame[]): Watched {
  const fold = reducer();
  return frames.reduce(fold, start());
}

test("cases fill one by one, and the verdict ends it", () => {
  const seen = play([
    progress(1, { tests: { passed: 1, run: 1, total: 2 }, case: aCase(1) }),
    progress(1, { tests: { passed: 1, run: 2, total: 2 }, case: aCase(2, "wrong_answer") }),
    frame(
      "event",
      { status: "finished", verdict: "wrong_answer", tests: { passed: 1, run: 2, total: 2 }, attempt: 1 },
      { offset: 4 },
    ),
    progress(1, { tests: { passed: 0, run: 0, total: 2 } }),
  ]);
  expect([...seen.cases.keys()]).toEqual([1, 2]);
  expect(seen.final).toBe(true);
  expect(seen.view?.verdict).toBe("wrong_answer");
  expect(seen.view?.tests.run).toBe(2);
});

test("another attempt starts from nothing", () => {
  const seen = play([
    progress(1, { tests: { passed: 5, run: 5, total: 9 }, case: aCase(5) }),
    progress(2, { tests: { passed: 1, run: 1, total: 9 }, case: aCase(1) }),
  ]);
  expect([...seen.cases.keys()]).toEqual([1]);
  expect(seen.view?.tests).toEqual({ passed: 1, run: 1, total: 9 });
});

test("output is joined by its place, repeats are dropped and gaps are shown", () => {
  const chunk = (at: number, text: string) => progress(1, { stream: "stdout", at, text });
  expect(play([chunk(0, "äb"), chunk(3, "c"), chunk(0, "äb")]).live.stdout).toBe("äbc");
  expect(play([chunk(0, "a"), chunk(9, "z")]).live.stdout).toBe("a\n…\nz");
});

test("a snapshot without messages and outputs takes nothing away", () => {
  const read = whole(start(), {
    ...(start().view as StatusView),
    status: "finished",
    stdout: "hello",
    cases: [{ ...aCase(1), message: "expected 3" }],
  });
  const seen = whole(read, { ...(read.view as StatusView), stdout: null, cases: [aCase(1)] });
  expect(seen.view?.stdout).toBe("hello");
  expect(seen.cases.get(1)?.message).toBe("expected 3");
});
