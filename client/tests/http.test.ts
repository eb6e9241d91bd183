// What is asked again while the server does not answer, and what is not: a POST may do a thing twice.
import { expect, test, vi } from "vitest";
import { type RequestOptions, request } from "../src/http.js";

async function triesOf(options: RequestOptions): Promise<number> {
  vi.useFakeTimers();
  const fetch = vi.fn(async () => {
    throw new TypeError("no network");
  });
  const refused = expect(request({ url: "http://false.test/", fetch }, "webhooks", options)).rejects.toMatchObject({
    code: "offline",
  });
  await vi.runAllTimersAsync();
  await refused;
  vi.useRealTimers();
  return fetch.mock.calls.length;
}

test.each<[string, RequestOptions, number]>([
  ["a GET", {}, 4],
  ["a POST", { method: "POST", body: {} }, 1],
  ["a POST with a key", { method: "POST", headers: { "Idempotency-Key": "1" } }, 4],
  ["a POST that may be done twice", { method: "POST", tries: 2 }, 2],
])("%s that is not answered", async (_, options, tries) => {
  expect(await triesOf(options)).toBe(tries);
});
