// What only a false clock and a false socket can show: heartbeats, close codes, backoff, the page's comings and goings, rooms.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type api, HeraldError } from "../src/index.js";
import { FalseSocket } from "./world/false-server.js";
import { type FalseWorld, falseWorld } from "./world/false-world.js";

let world: FalseWorld;
beforeEach(async () => {
  world = await falseWorld();
});
afterEach(async () => {
  await world.close();
  FalseSocket.pongs = true;
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const newest = () => world.made.at(-1) as FalseSocket;
const pings = () => newest().said.filter(({ type }) => type === "ping").length;

async function watching(options = {}) {
  const herald = world.herald(options);
  const { channel: name } = await herald.pay({ from: "alice", to: "shop", amount: 1, currency: "INR" });
  const channel = herald.channel<api.TransferView>(name);
  const leave = channel.subscribe(() => {});
  await world.until("open", () => channel.state.state === "live");
  await pass(1_000);
  return { herald, channel, name, leave };
}

test("a quiet server is asked for a sign of life, and one that is silent is given up", async () => {
  const { channel } = await watching();
  await pass(26_000);
  expect(pings()).toBe(1);
  await pass(26_000);
  expect(pings()).toBe(2);
  newest().silent = true;
  await pass(36_000);
  await world.until("another socket", () => world.sockets() === 2 && channel.state.state === "live");
  expect(channel.state.recovered).toBe(true);
});

test("a server that does not know a ping is asked so seldom that it does not close for it", async () => {
  FalseSocket.pongs = false;
  const { channel } = await watching();
  await pass(3_600_000);
  expect(pings()).toBeGreaterThan(10);
  expect(pings()).toBeLessThan(32);
  expect(world.sockets()).toBe(1);
  expect(channel.state.state).toBe("live");
});

test("backoff is full jitter up to 20 s, and short again after 5 s of connection", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.999_999);
  const { herald } = await watching();
  const waits: number[] = [];
  herald.connection.subscribe(() => {
    const { retryMs } = herald.connection.state;
    if (retryMs !== null && retryMs !== waits.at(-1)) waits.push(retryMs);
  });
  await world.kill();
  await pass(90_000);
  expect(waits.map(Math.round)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000]);
  await world.start();
  await world.until("open", () => herald.connection.state.state === "open");
  await pass(5_001);
  waits.length = 0;
  world.cut();
  await world.until("a wait", () => herald.connection.state.state === "waiting");
  await world.until("open", () => herald.connection.state.state === "open");
  expect(waits.map(Math.round)).toEqual([250]);
});

test("the server's own delay is kept, and its farewell is no failure", async () => {
  const { herald } = await watching();
  await pass(6_000);
  newest().close(1001, '{"reconnect_in_ms":3000}');
  await pass(2_900);
  expect(world.sockets()).toBe(1);
  expect(herald.connection.state).toMatchObject({ state: "waiting", retryMs: 3_000 });
  await pass(200);
  expect(world.sockets()).toBe(2);
  await pass(6_000);
  newest().close(4000, '{"reason":"lifetime","reconnect_in_ms":0}');
  await pass(10);
  expect(world.sockets()).toBe(3);
});

test("a revoked key's ticket is not used again", async () => {
  const { name, channel } = await watching();
  const first = new URL(newest().url).searchParams.get("ticket");
  newest().close(4001, "revoked");
  await world.until("open again", () => world.sockets() === 2 && channel.state.state === "live");
  expect(first).toContain(name);
  expect(new URL(newest().url).searchParams.get("ticket")).not.toBe(first);
});

test.each([1002, 1003, 1007, 1008, 1009, 1010])("%d: what the client does wrong is not tried again", async (code) => {
  const { channel } = await watching();
  newest().close(code, "by the test");
  await pass(60_000);
  expect(channel.state).toMatchObject({ state: "failed", error: { code: "closed", message: "by the test" } });
  expect(world.sockets()).toBe(1);
});

test.each([1000, 1001, 1005, 1006, 1011, 1012, 1013, 4000])("%d: what passes is tried again", async (code) => {
  const { channel } = await watching();
  newest().close(code);
  await world.until("open again", () => world.sockets() === 2 && channel.state.state === "live");
  expect(channel.state.recovered).toBe(true);
});

test("a ticket that is refused on an open socket is renewed for that channel alone", async () => {
  const { herald } = await watching();
  const { channel: name } = await herald.submit(world.program);
  world.server.spent.add(`${name}!2`);
  const second = herald.channel(name);
  second.subscribe(() => {});
  await world.until("a verdict", () => second.state.state === "final");
  expect(world.sockets()).toBe(1);
  expect(newest().said.filter(({ type }) => type === "subscribe")).toHaveLength(2);
});

test("a mount, unmount and mount again, as StrictMode does, opens one socket and subscribes once", async () => {
  const herald = world.herald();
  const { channel: name } = await herald.pay({ from: "alice", to: "shop", amount: 1, currency: "INR" });
  const channel = herald.channel(name);
  channel.subscribe(() => {})();
  const leave = channel.subscribe(() => {});
  await pass(5_000);
  expect(world.made).toHaveLength(1);
  expect(channel.state.state).toBe("live");
  leave();
  const again = channel.subscribe(() => {});
  await pass(5_000);
  expect(newest().said.filter(({ type }) => type !== "ping")).toEqual([]);
  again();
  again();
  await pass(1_001);
  expect(channel.state.state).toBe("idle");
  await pass(5_000);
  expect(world.server.sockets.size).toBe(0);
});

/** A page's events, where there is none. */
function page() {
  const [window, document] = [new EventTarget(), Object.assign(new EventTarget(), { hidden: false })];
  vi.stubGlobal("window", window);
  vi.stubGlobal("self", window);
  vi.stubGlobal("document", document);
  const fire = (target: EventTarget, name: string, more = {}) =>
    target.dispatchEvent(Object.assign(new Event(name), more));
  return { window, document, fire };
}

test("a page that goes into the back/forward cache closes its socket, and opens it again from the cursor", async () => {
  const { window, fire } = page();
  const { channel } = await watching();
  fire(window, "pagehide", { persisted: true });
  expect(world.server.sockets.size).toBe(0);
  expect(channel.state.state).toBe("waiting");
  await pass(60_000);
  expect(world.made).toHaveLength(1);
  fire(window, "pageshow", { persisted: true });
  await world.until("open", () => channel.state.state === "live");
  expect(newest().url).toContain("&after=");
});

test("a page that sleeps and wakes while a ticket is on its way opens one socket", async () => {
  const { window, fire } = page();
  const { channel } = await watching();
  for (let turn = 0; turn < 3; turn += 1) {
    fire(window, "pagehide", { persisted: true });
    fire(window, "pageshow", { persisted: true });
  }
  await world.until("open", () => channel.state.state === "live");
  await pass(1_000);
  expect(world.server.sockets.size).toBe(1);
});

test("the network's return ends the wait at once, and a page that is seen again looks whether its socket lives", async () => {
  const { window, document, fire } = page();
  const { channel } = await watching();
  fire(document, "visibilitychange");
  expect(pings()).toBe(1);
  await world.kill();
  await pass(120_000);
  await world.start();
  const before = Date.now();
  fire(window, "online");
  await world.until("open", () => channel.state.state === "live");
  expect(Date.now() - before).toBeLessThan(100);
});

test("a channel whose ticket cannot be had does not keep the others waiting", async () => {
  const { channel: name } = await world.herald().submit(world.program);
  const ticket = async (asked: string) => {
    if (asked === "submission:unknown") throw new TypeError("the backend is away");
    return world.server.ticket(asked);
  };
  const herald = world.herald({ ticket });
  herald.channel("submission:unknown").subscribe(() => {});
  const other = herald.channel(name);
  other.subscribe(() => {});
  await world.until("a verdict", () => other.state.state === "final");
});

test("a line for a room that cannot be watched ends by the reason, at once", async () => {
  const refusal = new HeraldError("forbidden", "not for you", { status: 403 });
  const herald = world.herald({ ticket: () => Promise.reject(refusal) });
  for (const _ of ["when it fails", "when it has failed"]) {
    const began = Date.now();
    await expect(herald.publish("lobby", {})).rejects.toBe(refusal);
    expect(Date.now()).toBe(began);
  }
});

test("a line in a room is answered, and arrives", async () => {
  const herald = world.herald();
  const room = herald.channel<{ items: object[] }>("room:lobby");
  room.subscribe(() => {});
  const said = herald.publish("lobby", { text: "hello" });
  await world.until("the line", () => room.state.data?.items.length === 1);
  await said;
  expect(room.state.data?.items[0]).toMatchObject({ text: "hello", event: "room.said" });
});

test("a line that is said while the connection is away goes out when it is back, once", async () => {
  const herald = world.herald();
  const room = herald.channel<{ items: object[] }>("room:lobby");
  room.subscribe(() => {});
  await world.until("open", () => room.state.state === "live");
  await herald.publish("lobby", { text: "first" });
  world.cut();
  await pass(1);
  const said = herald.publish("lobby", { text: "second" });
  await world.until("a second socket", () => world.sockets() === 2);
  await pass(100);
  await said;
  expect(newest().said.filter(({ type }) => type === "publish")).toHaveLength(1);
});

test("lines wait for the connection, are bounded, and end by an error if it does not come", async () => {
  world.server.up = false;
  const herald = world.herald();
  const ended = Promise.allSettled(Array.from({ length: 65 }, () => herald.publish("room:lobby", {})));
  await pass(11_000);
  const codes = (await ended).map((each) => (each.status === "rejected" ? (each.reason as HeraldError).code : "sent"));
  expect(codes.slice(0, 64)).toEqual(Array(64).fill("timeout"));
  expect(codes[64]).toBe("queue_full");
});

test("a server that knows no rooms says so, and a line whose answer is cut off is in doubt", async () => {
  const { herald } = await watching();
  const room = herald.channel("room:lobby");
  room.subscribe(() => {});
  await pass(100);
  newest().channels.delete("room:lobby");
  const unknown = expect(herald.publish("lobby", {})).rejects.toMatchObject({ code: "unknown_type" });
  await pass(100);
  await unknown;
  newest().silent = true;
  const lost = expect(herald.publish("lobby", {})).rejects.toMatchObject({ code: "lost" });
  await pass(100);
  world.cut();
  await lost;
});

test("unknown frames are passed over and counted", async () => {
  const { herald, channel } = await watching();
  newest().push({ type: "news from later" });
  newest().onmessage?.({ data: "not JSON" });
  expect(herald.connection.state.ignored).toBe(2);
  expect(channel.state.state).toBe("live");
});

test("a POST whose answer is lost is sent again under the same key, once in effect", async () => {
  const { fetch: through } = world.server;
  let lost = 0;
  const flaky: typeof fetch = async (input, init) => {
    const answer = await through(input, init);
    if (init?.method === "POST" && lost < 2) {
      lost += 1;
      throw new TypeError("connection reset");
    }
    return answer;
  };
  const paid = world.herald({ fetch: flaky }).pay({ from: "alice", to: "shop", amount: 1, currency: "INR" });
  await pass(2_000);
  await expect(paid).resolves.toMatchObject({ channel: expect.stringMatching(/^transfer:/) });
  expect(world.server.logs.size).toBe(1);
});
