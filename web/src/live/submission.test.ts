import type { ChannelState } from "herald-client";
import { expect, test } from "vitest";
import type { Accepted, Case, StatusView } from "../api";
import { accepted, begin, follow, type Watched } from "./submission";

type State = Pick<ChannelState<StatusView>, "data" | "frame">;

const start = () => accepted({ id: "1", status: "queued" } as Accepted, "a-plus-b", "python");
const aCase = (n: number, message: string | null = null): Case => ({
  n,
  group: "secret",
  verdict: "accepted",
  reason: null,
  time_ms: 1,
  wall_ms: 1,
  memory_kb: 1,
  message,
  score: null,
});
const state = (data: Partial<StatusView>, progress?: object): State => ({
  data: { ...(start().view as StatusView), status: "running", attempt: 1, ...data },
  frame: progress
    ? ({ v: 1, type: "progress", channel: "submission:1", attempt: 1, seq: 1, data: progress } as State["frame"])
    : null,
});
const play = (...states: State[]): Watched => states.reduce(follow, start());

test("what was accepted is shown until more is known", () => {
  expect(follow(start(), { data: null, frame: null }).view?.problem).toBe("a-plus-b");
  expect(follow(begin("1"), state({ language: "c" })).view?.language).toBe("c");
});

test("cases that a later snapshot leaves out are kept, with what was said of them", () => {
  const seen = play(state({ cases: [aCase(1, "expected 3"), aCase(2)] }), state({ cases: [aCase(1), aCase(3)] }));
  expect([...seen.cases.keys()]).toEqual([1, 2, 3]);
  expect(seen.cases.get(1)?.message).toBe("expected 3");
});

test("another attempt starts from nothing", () => {
  const written = state({ cases: [aCase(5)] }, { output: { stream: "stdout", at: 0, text: "half" } });
  const seen = play(written, state({ attempt: 2, cases: [aCase(1)] }));
  expect([...seen.cases.keys()]).toEqual([1]);
  expect(seen.live.stdout).toBe("");
});

test("output is joined by its place, repeats are dropped and gaps are shown", () => {
  const chunk = (at: number, text: string) => state({}, { output: { stream: "stdout", at, text } });
  expect(play(chunk(0, "äb"), chunk(3, "c"), chunk(0, "äb")).live.stdout).toBe("äbc");
  expect(play(chunk(0, "a"), chunk(9, "z")).live.stdout).toBe("a\n…\nz");
});
