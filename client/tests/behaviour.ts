// What a user of the client sees, whatever the server: run in memory by a false clock, and against a real one.
// Against a real one most tests run side by side, as they mostly wait; those that break it for all come after them, one by one.
import { afterAll, beforeAll, expect, test } from "vitest";
import type {
  api,
  ChannelState,
  HeraldError,
  HeraldOptions,
  push,
  Transport,
  Watched,
  WebSocketClass,
} from "../src/index.js";
import { BlockedSocket, blocked, type World } from "./world/world.js";

type Submission = ChannelState<api.StatusView>;

/** Every state of a channel, as it came. */
function record<T>(channel: Watched<ChannelState<T>>) {
  const states: ChannelState<T>[] = [];
  const leave = channel.subscribe(() => states.push(channel.state));
  return { states, leave, channel, is: (state: Submission["state"]) => () => channel.state.state === state };
}

/** The same, and how many have been made. */
function counting(Class: WebSocketClass) {
  return class Counted extends Class {
    static made = 0;
    constructor(url: string) {
      super(url);
      Counted.made += 1;
    }
  };
}

/** Each event once, in order; progress never backwards. */
function isInOrder(states: Submission[]) {
  const offsets = states.map(({ offset }) => offset);
  expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
  const events = states.flatMap(({ frame }, i) =>
    frame?.type === "event" && frame !== states[i - 1]?.frame ? [frame.offset] : [],
  );
  expect(new Set(events).size).toBe(events.length);
  const run = states.flatMap(({ data }) => (data?.attempt === 1 ? [data.tests.run] : []));
  expect(run).toEqual([...run].sort((a, b) => a - b));
}

export function behaves(make: () => Promise<World>, beside: typeof test | typeof test.concurrent): void {
  let world: World;
  beforeAll(async () => {
    world = await make();
  });
  afterAll(() => world.close());

  const promised = async <T>(promise: Promise<T>): Promise<T> => {
    let ended = false;
    const settle = () => {
      ended = true;
    };
    promise.then(settle, settle);
    await world.until("an answer", () => ended);
    return promise;
  };

  async function submitted(options?: HeraldOptions) {
    const herald = world.herald(options);
    const { id, channel } = await promised(herald.submit(world.program));
    return { herald, id, ...record(herald.channel<api.StatusView>(channel)) };
  }

  beside("a submission is watched to its verdict, each step once", async () => {
    const { states, channel, is, leave } = await submitted();
    await world.until("a verdict", is("final"));
    await world.until("the output", () => channel.state.data?.stdout === "hello\n");
    expect(channel.state.data).toMatchObject({ status: "finished", verdict: "accepted" });
    expect(channel.state).toMatchObject({ transport: "ws", recovered: true, error: null });
    expect(channel.state.delayMs).toBeGreaterThanOrEqual(0);
    expect(channel.state.delayMs).toBeLessThan(5_000);
    expect(states.some(({ frame }) => frame?.type === "event" && frame.event === "submission.running")).toBe(true);
    isInOrder(states);
    leave();
  });

  beside("watch() ends with the verdict", async () => {
    const herald = world.herald();
    const seen: string[] = [];
    const all = async () => {
      const { channel } = await herald.submit(world.program);
      for await (const { data } of herald.watch<api.StatusView>(channel)) if (data) seen.push(data.status);
    };
    await promised(all());
    expect(seen.at(-1)).toBe("finished");
    expect(herald.connection.state.state).toBe("open");
  });

  beside("all channels of a client share one socket, and it is closed when nobody watches", async () => {
    const WebSocket = counting(world.Socket);
    const { herald, is, leave } = await submitted({ WebSocket });
    const user = record(herald.channel<push.UserSnapshot>("user:me"));
    const { channel } = await promised(herald.pay({ from: "alice", to: "shop", amount: 100, currency: "INR" }));
    const transfer = record(herald.channel<api.TransferView>(channel));
    const isDone = () =>
      Object.values(transfer.channel.state.data?.services ?? {}).every(({ status }) => status !== "pending");
    await world.until("all five services", () => Boolean(transfer.channel.state.data) && isDone());
    await world.until("a verdict", is("final"));
    await world.until("the verdict in the user's list", () =>
      JSON.stringify(user.channel.state.data).includes("accepted"),
    );
    expect(user.channel.state.transport).toBe("ws");
    expect(WebSocket.made).toBe(1);
    for (const stop of [leave, user.leave, transfer.leave]) stop();
    await world.until("idle", () => herald.connection.state.state === "idle");
  });

  type Blocks = (url: string, headers: Headers) => boolean;
  // Each begins where it is about to fall, so that it has fallen before the program has ended.
  const ways: [string, Transport[], Blocks][] = [
    ["WebSockets", ["ws", "sse", "long-poll", "poll"], () => false],
    ["event streams", ["sse", "long-poll", "poll"], (url) => /\/events/.test(url)],
    ["long answers", ["long-poll", "poll"], (_, headers) => headers.has("prefer")],
  ];
  beside.each(ways)("where %s are blocked, the next transport brings the verdict", async (_, transports, isBlocked) => {
    const options = { transports, WebSocket: BlockedSocket as never, fetch: blocked(world.fetch, isBlocked) };
    const { channel, is, leave } = await submitted(options);
    await world.until("a verdict", is("final"));
    await world.until("the output", () => channel.state.data?.stdout === "hello\n");
    expect(channel.state.data).toMatchObject({ verdict: "accepted" });
    expect(channel.state.transport).toBe(transports[1]);
    leave();
  });

  beside("a ticket that opens nothing is renewed by the callback", async () => {
    const { herald, id } = await submitted();
    const asked: string[] = [];
    const ticket = async (channel: string) => {
      asked.push(channel);
      const body = await herald.request<{ ticket: string; ws_url: string; events_url: string; channel: string }>(
        "tickets",
        {
          method: "POST",
          body: { channel },
        },
      );
      if (asked.length > 1) return body;
      const spoilt = (text: string) =>
        text.replace(encodeURIComponent(body.ticket), "not-a-ticket").replace(body.ticket, "not-a-ticket");
      return { ...body, ticket: "not-a-ticket", ws_url: spoilt(body.ws_url), events_url: spoilt(body.events_url) };
    };
    const page = world.herald({ ticket, key: "" });
    const { channel, is, leave } = record(page.channel<api.StatusView>(`submission:${id}`));
    await world.until("a verdict", is("final"));
    expect(asked).toEqual([`submission:${id}`, `submission:${id}`]);
    expect(channel.state.data?.verdict).toBe("accepted");
    leave();
  });

  beside("what is not there, or another's, says so and is not asked for again", async () => {
    const { states, channel, is } = record(world.herald().channel("submission:01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d"));
    await world.until("failure", is("failed"));
    expect(channel.state.error).toMatchObject({ code: "not_found", status: 404 });
    expect(states.at(-1)?.state).toBe("failed");
  });

  beside("a refusal has the server's own words", async () => {
    const error = await promised(world.herald().submit({ ...world.program, source: "" })).catch(
      (thrown: HeraldError) => thrown,
    );
    expect(error).toMatchObject({ name: "HeraldError", status: 422, problem: { errors: [{ pointer: "/source" }] } });
  });

  beside("the same idempotency key hands it in once", async () => {
    const herald = world.herald();
    const once = () => herald.submit(world.program, { idempotencyKey: "the-key-of-this-test" });
    const [first, second] = [await promised(once()), await promised(once())];
    expect(second.id).toBe(first.id);
  });

  beside("an abort ends a watch at once", async () => {
    const { herald, id } = await submitted();
    const abort = new AbortController();
    const all = async () => {
      for await (const { data } of herald.watch(`submission:${id}`, { signal: abort.signal })) if (data) abort.abort();
    };
    await expect(promised(all())).rejects.toMatchObject({ name: "AbortError" });
  });

  test("a cut socket goes on where it was", async () => {
    const WebSocket = counting(world.Socket);
    const { states, channel, is, leave } = await submitted({ WebSocket });
    await world.until("running", () => channel.state.data?.status === "running");
    world.cut();
    await world.until("notice of it", is("waiting"));
    await world.until("a verdict", is("final"));
    expect(WebSocket.made).toBe(2);
    expect(states.some(({ frame }) => frame?.type === "resumed")).toBe(true);
    expect(channel.state.recovered).toBe(true);
    isInOrder(states);
    leave();
  });

  test("a server that dies and comes back is waited for", async () => {
    const { herald, states, channel, is, leave } = await submitted();
    await world.until("running", () => channel.state.data?.status === "running");
    await world.kill();
    await world.until("notice of it", is("waiting"));
    expect(herald.connection.state.state).not.toBe("open");
    await world.start();
    await world.until("a verdict", is("final"));
    expect(channel.state.data).toMatchObject({ verdict: "accepted" });
    expect(channel.state.transport).toBe("ws");
    isInOrder(states);
    leave();
  });
}
