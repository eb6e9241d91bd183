import { createRoot } from "react-dom/client";
import { afterEach, expect, test, vi } from "vitest";
import type { Transfer } from "../api";
import { Graph } from "./Graph";

afterEach(() => vi.unstubAllGlobals());

test("a refund whose answer was lost is asked for again under the same key, another amount under its own", async () => {
  const keys: (string | null)[] = [];
  // Longer than the client waits by itself: the next try is the user's.
  const headers = { "Retry-After": "60" };
  vi.stubGlobal("fetch", async (_: string, { headers: sent }: RequestInit) => {
    keys.push(new Headers(sent).get("idempotency-key"));
    return new Response("{}", { status: 503, headers });
  });
  const transfer = {
    id: "t",
    kind: "payment",
    state: "completed",
    currency: "INR",
    amount: 500,
    created_at: "2026-01-01T00:00:00Z",
    services: {},
  };
  const root = document.createElement("div");
  document.body.append(root);
  const app = createRoot(root);
  app.render(<Graph transfer={transfer as unknown as Transfer} sentAt={null} seen={new Map()} onDone={() => {}} />);
  const isReady = () => root.querySelector("button:enabled") !== null;
  await vi.waitUntil(isReady);
  const press = async () => {
    root.querySelector("button")?.click();
    // React shows that it is busy after the event only.
    await new Promise((done) => setTimeout(done));
    await vi.waitUntil(isReady);
  };
  await press();
  await press();
  const input = root.querySelector("input") as HTMLInputElement;
  // As a person's key does: React hears of a value only if its own setter was passed by.
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(input, "1");
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await press();
  expect(keys).toHaveLength(3);
  expect(keys[0]).toBeTruthy();
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
  app.unmount();
});
