import { expect, test, vi } from "vitest";
import type { Transfer } from "../api";
import { newest, withFrame, withRead } from "./transfers";
import type { Frame } from "./watch";

const event = (offset: number, data: object): Frame => ({
  v: 1,
  type: "event",
  channel: "transfer:1",
  offset,
  data: { id: "1", status: "completed", ...data },
});
const made = event(1, { kind: "payment", from: "ann", to: "ben", amount: 5, currency: "INR", posted: 5, refunded: 0 });

test("a payment that was never read is shown at once, and read", () => {
  const unknown = vi.fn();
  const all = withFrame(new Map(), made, unknown);
  expect(all.get("1")).toMatchObject({ from: "ann", state: "completed", offset: 1 });
  expect(all.get("1")?.services.fraud.status).toBe("pending");
  expect(unknown).toHaveBeenCalledWith("1");
});

test("each service lights up by its own event, once", () => {
  let all = withFrame(new Map(), made, () => {});
  all = withFrame(all, event(2, { service: "fraud", effect: "done", attempts: 1, detail: { score: 0 } }), () => {});
  expect(all.get("1")?.services.fraud).toMatchObject({ status: "done", detail: { score: 0 } });
  expect(withFrame(all, event(2, { service: "fraud", effect: "failed", attempts: 1, detail: {} }), () => {})).toBe(all);
});

test("what was read late does not undo what was pushed, and details survive", () => {
  let all = withFrame(new Map(), made, () => {});
  const early = all.get("1") as Transfer;
  all = withFrame(all, event(2, { service: "fraud", effect: "done", attempts: 1, detail: { score: 3 } }), () => {});
  expect(withRead(all, [early]).get("1")?.services.fraud.status).toBe("done");
  const bare = { ...(all.get("1") as Transfer), note: "rent" };
  bare.services = { ...bare.services, fraud: { status: "done", attempts: 1, at: null, detail: {} } };
  const both = withRead(all, [bare]).get("1");
  expect(both?.note).toBe("rent");
  expect(both?.services.fraud.detail).toEqual({ score: 3 });
});

test("newest first", () => {
  const all = withRead(new Map(), [
    { id: "01", offset: 1 },
    { id: "03", offset: 1 },
    { id: "02", offset: 1 },
  ] as Transfer[]);
  expect(newest(all).map(({ id }) => id)).toEqual(["03", "02", "01"]);
});
