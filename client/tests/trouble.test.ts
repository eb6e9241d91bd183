// The transports below the WebSocket, by a false server and clock.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ChannelState, Counted, HeraldOptions, Transport } from "../src/index.js";
import { type FalseWorld, falseWorld } from "./world/false-world.js";
import { BlockedSocket, blocked } from "./world/world.js";

let world: FalseWorld;
beforeEach(async () => {
  world = await falseWorld();
});
afterEach(async () => {
  await world.close();
  vi.unstubAllGlobals();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A transfer, which never ends, watched by a client that has these transports. */
async function watching(transports: Transport[], options: HeraldOptions = {}) {
  const herald = world.herald({ transports, ...options });
  const { channel: name } = await herald.pay({ from: "alice", to: "shop", amount: 1, currency: "INR" });
  const channel = herald.channel<{ state: string }>(name);
  channel.subscribe(() => {});
  await world.until("live", () => channel.state.state === "live");
  const log = world.server.logs.get(name);
  if (!log) throw new Error("no such transfer");
  return { herald, channel, name, log };
}

test("the whole ladder is gone down, and the network's return goes up again", async () => {
  const window = new EventTarget();
  vi.stubGlobal("window", window);
  vi.stubGlobal("self", window);
  let open = false;
  const isBlocked = (url: string, headers: Headers) => !open && (/events/.test(url) || headers.has("prefer"));
  function sometimes(url: string) {
    return open ? new world.Socket(url) : new BlockedSocket(url);
  }
  const fetch = blocked(world.fetch, isBlocked);
  const { channel } = await watching(["ws", "sse", "long-poll", "poll"], { WebSocket: sometimes as never, fetch });
  await world.until("the last of them", () => channel.state.transport === "poll");
  open = true;
  window.dispatchEvent(new Event("online"));
  await world.until("the first of them", () => channel.state.transport === "ws" && channel.state.state === "live");
});

test("while the server is down, no transport is blamed, not even if tickets come from elsewhere", async () => {
  const { name } = await watching(["ws"]);
  const herald = world.herald({ transports: ["ws", "sse"], ticket: async () => world.server.ticket(name) });
  const channel = herald.channel(name);
  channel.subscribe(() => {});
  await world.until("live", () => channel.state.state === "live");
  const used = new Set<string | null>();
  herald.connection.subscribe(() => used.add(herald.connection.state.transport));
  await world.kill();
  await pass(300_000);
  await world.start();
  await world.until("live again", () => channel.state.state === "live");
  expect([...used]).toEqual(["ws"]);
});

test("an event stream resumes by its cursor after a cut", async () => {
  const { channel, log } = await watching(["sse"]);
  await world.until("all of it", () => channel.state.offset === 6);
  world.cut();
  world.server.append(log, "transfer.refunded", { status: "refunded", kind: "payment" });
  await world.until("what was missed", () => channel.state.data?.state === "refunded");
  expect(channel.state).toMatchObject({ recovered: true, transport: "sse", offset: 7 });
  expect(world.server.asked).toHaveLength(2);
  expect(world.server.asked[1]?.url).toContain("&after=");
});

test("an event stream that is silent for too long is opened again", async () => {
  const { channel } = await watching(["sse"]);
  await pass(37_000);
  expect(world.server.asked).toHaveLength(1);
  await pass(3_000);
  expect(world.server.asked).toHaveLength(2);
  await world.until("live again", () => channel.state.state === "live");
});

test("Retry-After is kept", async () => {
  const { channel } = await watching(["sse", "long-poll"]);
  await pass(6_000);
  world.server.busyS = 30;
  const cut = Date.now();
  world.cut();
  await pass(29_000);
  world.server.busyS = 0;
  await world.until("live again", () => channel.state.state === "live");
  const [, refused, again] = world.server.asked.map(({ at }) => at);
  expect((refused ?? 0) - cut).toBeLessThan(300);
  expect((again ?? 0) - (refused ?? 0)).toBeGreaterThanOrEqual(30_000);
  expect(channel.state.transport).toBe("sse");
});

test("a stream that the server says is over is not asked for again", async () => {
  const herald = world.herald({ transports: ["sse"] });
  const { channel: name } = await herald.submit(world.program);
  const channel = herald.channel<{ verdict: string | null }>(name);
  channel.subscribe(() => {});
  await world.until("a verdict", () => channel.state.state === "final");
  const again = world.herald({ transports: ["sse"] }).channel<{ verdict: string | null }>(name);
  // As a page would have it that was left just before the end was told.
  const { cursor, offset } = channel.state;
  (again as Counted<ChannelState<{ verdict: string | null }>>).change({ cursor, offset });
  again.subscribe(() => {});
  await world.until(
    "the end, with what it was",
    () => again.state.state === "final" && again.state.data?.verdict === "accepted",
  );
  expect(world.server.asked).toHaveLength(2);
});

test("a ticket that a stream refuses is renewed once, and then it fails", async () => {
  const { name } = await watching(["sse"]);
  const ticket = vi.fn(async () => ({
    ...world.server.ticket(name),
    events_url: "http://false.test/events?ticket=stale",
  }));
  const channel = world.herald({ transports: ["sse"], ticket }).channel(name);
  channel.subscribe(() => {});
  await world.until("failure", () => channel.state.state === "failed");
  expect(channel.state.error).toMatchObject({ code: "bad_ticket", status: 401 });
  expect(ticket).toHaveBeenCalledTimes(2);
});

test("what cannot be polled stays with what pushes, or says that it cannot be had", async () => {
  const fetch = blocked(world.fetch, (url) => /events\?ticket=transfer/.test(url));
  const { herald } = await watching(["sse", "long-poll"], { fetch });
  const user = herald.channel("user:me");
  user.subscribe(() => {});
  await world.until("live", () => user.state.state === "live");
  expect(user.state.transport).toBe("sse");
  const never = world.herald({ transports: ["poll"] }).channel("user:me");
  never.subscribe(() => {});
  expect(never.state).toMatchObject({ state: "failed", error: { code: "unsupported" } });
});

test("a server that does not wait as it is asked to is not asked without a rest", async () => {
  let asked = 0;
  const hasty: typeof fetch = async (input, init) => {
    asked += 1;
    const headers = new Headers(init?.headers);
    headers.delete("prefer");
    return world.fetch(input, { ...init, headers });
  };
  await watching(["long-poll"], { fetch: hasty });
  await pass(10_000);
  expect(asked).toBeLessThan(25);
});

test("a long-poll hears of a change at once", async () => {
  const { channel, log } = await watching(["long-poll"]);
  await pass(45_000);
  world.server.append(log, "transfer.refunded", { status: "refunded", state: "refunded" });
  await pass(50);
  expect(channel.state.data?.state).toBe("refunded");
});

test.each(["long-poll", "poll"] as const)("no cache answers a %s", async (transport) => {
  const caches = new Set<string | undefined>();
  const noting: typeof fetch = (input, init) => {
    if (/transactions\/./.test(String(input))) caches.add(init?.cache);
    return world.fetch(input, init);
  };
  await watching([transport], { fetch: noting });
  await pass(5_000);
  expect([...caches]).toEqual(["no-store"]);
});
