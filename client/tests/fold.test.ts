import { expect, test } from "vitest";
import { fold, foldEntity, type Seen } from "../src/fold.js";
import type { Frame } from "../src/frame.js";
import { foldList } from "../src/lists.js";

const NOTHING: Seen = { data: null, offset: 0, cursor: null, recovered: null, reason: null };
const CHANNEL = "submission:a";
const tests = (run: number) => ({ passed: run, run, total: 4 });
const frame = (some: object) => ({ v: 1, channel: CHANNEL, at: "2026-01-01T00:00:00Z", ...some }) as unknown as Frame;
const snapshot = (offset: number, data: object, more = {}) =>
  frame({ type: "snapshot", offset, cursor: `c${offset}`, recovered: true, data, ...more });
const event = (offset: number, data: object, more = {}) =>
  frame({ type: "event", offset, cursor: `c${offset}`, event: "e", data, ...more });
const progress = (attempt: number, seq: number, run: number) =>
  frame({
    type: "progress",
    attempt,
    seq,
    data: { id: "a", status: "running", tests: tests(run), case: { n: run, verdict: "accepted" } },
  });
const through = (frames: Frame[], channel = CHANNEL, how: typeof foldList = foldEntity) =>
  frames.reduce((seen, each) => fold(seen, each, channel, how), NOTHING);

test("an event counts once, and what repeats leaves the same state", () => {
  const once = through([
    snapshot(1, { id: "a", status: "queued" }),
    event(2, { id: "a", status: "running", attempt: 1 }),
  ]);
  expect(once).toMatchObject({ offset: 2, cursor: "c2", data: { status: "running" } });
  expect(fold(once, event(2, { id: "a", status: "queued", attempt: 1 }), CHANNEL, foldEntity)).toBe(once);
});

test("progress goes forward only, and another attempt begins anew", () => {
  const second = through([
    snapshot(1, { id: "a", status: "running", attempt: 1, tests: tests(0), cases: [] }),
    progress(1, 1, 1),
    progress(1, 2, 2),
  ]);
  expect(second.data).toMatchObject({ tests: tests(2), cases: [{ n: 1 }, { n: 2 }] });
  expect(fold(second, progress(1, 1, 1), CHANNEL, foldEntity)).toBe(second);
  expect(fold(second, progress(2, 1, 1), CHANNEL, foldEntity).data).toMatchObject({
    attempt: 2,
    tests: tests(1),
    cases: [{ n: 1 }],
  });
  const again = fold(
    second,
    event(2, { id: "a", status: "compiling", attempt: 2, tests: tests(0) }),
    CHANNEL,
    foldEntity,
  );
  expect(again.data).toMatchObject({ attempt: 2, cases: [] });
});

test("a piece of output leaves the counts, and is seen as a frame", () => {
  const seen = through([
    snapshot(1, { id: "a", status: "running", attempt: 1, tests: tests(0), cases: [] }),
    progress(1, 1, 1),
  ]);
  const chunk = frame({
    type: "progress",
    attempt: 1,
    seq: 2,
    data: { id: "a", status: "running", tests: tests(1), output: { stream: "stdout", at: 0, text: "hello" } },
  });
  const after = fold(seen, chunk, CHANNEL, foldEntity);
  expect(after).not.toBe(seen);
  expect(after.data).toMatchObject({ tests: tests(1), cases: [{ n: 1 }], status: "running", seq: 2 });
  expect(after.data).not.toHaveProperty("output");
});

test("nothing passing comes after the end", () => {
  const over = through([snapshot(3, { id: "a", status: "finished", attempt: 1, tests: tests(4) })]);
  expect(fold(over, progress(1, 9, 4), CHANNEL, foldEntity)).toBe(over);
});

test("a late snapshot is passed over, one that was not recovered is taken and says why", () => {
  const seen = through([snapshot(5, { id: "a", status: "running" })]);
  expect(fold(seen, snapshot(4, { id: "a", status: "queued" }), CHANNEL, foldEntity)).toBe(seen);
  const restored = fold(
    seen,
    snapshot(2, { id: "a", status: "queued" }, { recovered: false, reason: "epoch" }),
    CHANNEL,
    foldEntity,
  );
  expect(restored).toMatchObject({ offset: 2, recovered: false, reason: "epoch", data: { status: "queued" } });
});

test("a service's event changes the service, under both of the transfer's words", () => {
  const paid = through([
    snapshot(1, {
      id: "a",
      state: "completed",
      status: "completed",
      services: { fraud: { status: "pending" }, rewards: { status: "pending" } },
    }),
    event(2, { id: "a", status: "refunded", service: "fraud", effect: "done", attempts: 1, detail: { score: 10 } }),
  ]);
  expect(paid.data).toMatchObject({
    state: "refunded",
    status: "refunded",
    services: { fraud: { status: "done", detail: { score: 10 } }, rewards: { status: "pending" } },
  });
  expect(paid.data).not.toHaveProperty("effect");
});

test("a user's list follows all entities, the newest first, each event once", () => {
  const list = snapshot(
    0,
    {
      items: [
        { channel: "submission:b", offset: 4 },
        { channel: CHANNEL, offset: 1, status: "queued" },
      ],
      truncated: false,
    },
    { channel: "user:one" },
  );
  const seen = through([list, event(2, { id: "a", status: "running", attempt: 1 })], "user:one", foldList);
  expect(seen.data).toMatchObject({
    items: [{ channel: CHANNEL, offset: 2, status: "running" }, { channel: "submission:b" }],
  });
  expect(fold(seen, event(2, { id: "a", status: "queued", attempt: 1 }), "user:one", foldList)).toBe(seen);
  const more = fold(
    seen,
    event(1, { id: "c", status: "queued", attempt: 0 }, { channel: "submission:c" }),
    "user:one",
    foldList,
  );
  expect((more.data as { items: object[] }).items).toHaveLength(3);
});

test("a room keeps its last thousand lines and knows who is there", () => {
  const lines = Array.from({ length: 1_200 }, (_, n) =>
    event(n + 1, { text: String(n), ...(n === 7 && { present: ["one"] }) }, { channel: "room:a" }),
  );
  const seen = through([snapshot(0, { items: [] }, { channel: "room:a" }), ...lines], "room:a", foldList);
  const { items, present } = seen.data as { items: object[]; present: string[] };
  expect(items).toHaveLength(1_000);
  expect(items.at(-1)).toMatchObject({ text: "1199", offset: 1_200 });
  expect(present).toEqual(["one"]);
});
