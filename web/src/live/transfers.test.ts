import { expect, test, vi } from "vitest";
import type { Effect, Transfer } from "../api";
import { newest, type Pushed, withPushed, withRead } from "./transfers";

const done = (detail: object): Effect => ({ status: "done", attempts: 1, at: null, detail: { ...detail } });
const pushed = (offset: number, more: object = {}) =>
  ({ channel: "transfer:1", id: "1", offset, state: "completed", ...more }) as Pushed;
const made = pushed(1, { kind: "payment", from: "ann", to: "ben", amount: 5, currency: "INR", posted: 5, refunded: 0 });
const nobody = () => {};

test("a payment that was never read is shown at once, and read", () => {
  const unknown = vi.fn();
  const all = withPushed(new Map(), [made], unknown);
  expect(all.get("1")).toMatchObject({ from: "ann", state: "completed", offset: 1 });
  expect(all.get("1")?.services.fraud.status).toBe("pending");
  expect(unknown).toHaveBeenCalledWith("1");
});

test("what is known by a service's event alone is only read; submissions are passed over", () => {
  const unknown = vi.fn();
  const effect = pushed(2, { services: { fraud: done({}) } });
  expect(withPushed(new Map(), [effect, { channel: "submission:2", id: "2" }], unknown).size).toBe(0);
  expect(unknown.mock.calls).toEqual([["1"]]);
});

test("each service lights up by its own event", () => {
  const all = withPushed(new Map(), [made], nobody);
  const after = withPushed(all, [pushed(2, { services: { fraud: done({ score: 0 }) } })], nobody);
  expect(after.get("1")?.services.fraud).toMatchObject({ status: "done", detail: { score: 0 } });
  expect(after.get("1")?.services.webhook.status).toBe("pending");
  expect(withPushed(after, [pushed(1, { services: { fraud: done({ score: 9 }) } })], nobody)).toBe(after);
});

test("what was read late does not undo what was pushed, and details survive", () => {
  const early = withPushed(new Map(), [made], nobody);
  const all = withPushed(early, [pushed(2, { services: { fraud: done({ score: 3 }) } })], nobody);
  expect(withRead(all, [early.get("1") as Transfer]).get("1")?.services.fraud.status).toBe("done");
  const known = all.get("1") as Transfer;
  const bare = { ...known, note: "rent", services: { ...known.services, fraud: done({}) } };
  const both = withRead(all, [bare]).get("1");
  expect(both?.note).toBe("rent");
  expect(both?.services.fraud.detail).toEqual({ score: 3 });
});

test("newest first", () => {
  const services = (made as Transfer).services;
  const all = withRead(new Map(), [
    { id: "01", offset: 1, services },
    { id: "03", offset: 1, services },
    { id: "02", offset: 1, services },
  ] as Transfer[]);
  expect(newest(all).map(({ id }) => id)).toEqual(["03", "02", "01"]);
});
