// The plain socket: of any server, whatever it speaks.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { WebSocketClass } from "../src/index.js";
import { Socket } from "../src/socket.js";

class Plain {
  static made: Plain[] = [];
  static refuses = false;
  static hangs = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readyState = 0;
  bufferedAmount = 0;
  readonly said: string[] = [];
  constructor(readonly url: string) {
    Plain.made.push(this);
    setTimeout(() => {
      if (Plain.hangs) return;
      if (Plain.refuses) return this.end(1006);
      this.readyState = 1;
      this.onopen?.();
    }, 1);
  }
  send(text: string) {
    this.said.push(text);
  }
  end(code: number, reason = "") {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
  close() {
    this.readyState = 3;
  }
}

const newest = () => Plain.made.at(-1) as Plain;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
let socket: Socket;
let leave: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  Plain.made = [];
  Plain.refuses = Plain.hangs = false;
  const heartbeat = { message: "ping", everyMs: 20_000 };
  socket = new Socket("ws://any.test", { WebSocket: Plain as unknown as WebSocketClass, maxQueue: 2, heartbeat });
  leave = socket.subscribe(() => {});
});
afterEach(() => {
  leave();
  vi.useRealTimers();
});

test("it tells its state and the last message, and closes when nobody listens", async () => {
  expect(socket.state.state).toBe("connecting");
  await pass(2);
  newest().onmessage?.({ data: "one" });
  expect(socket.state).toMatchObject({ state: "open", last: "one" });
  leave();
  await pass(1_001);
  expect(socket.state.state).toBe("idle");
  expect(newest().readyState).toBe(3);
});

test("what is sent before it is open waits, in order, and too much is an error", async () => {
  socket.send("a");
  socket.send("b");
  expect(() => socket.send("c")).toThrowError(expect.objectContaining({ code: "queue_full" }));
  await pass(2);
  expect(newest().said).toEqual(["a", "b"]);
  newest().bufferedAmount = 2 << 20;
  expect(() => socket.send("d")).toThrowError(expect.objectContaining({ code: "queue_full" }));
});

test("it comes back after a cut, and not after a goodbye or a mistake of its own", async () => {
  await pass(2);
  newest().end(1006);
  await pass(1);
  expect(socket.state.state).toBe("waiting");
  await pass(300);
  expect(Plain.made).toHaveLength(2);
  expect(socket.state.state).toBe("open");
  newest().end(1007, "not UTF-8");
  await pass(60_000);
  expect(Plain.made).toHaveLength(2);
  expect(socket.state).toMatchObject({ state: "closed", error: { message: "not UTF-8" } });
  expect(() => socket.send("late")).toThrowError(expect.objectContaining({ code: "closed" }));
});

test("one that does not open within five seconds is given up for another", async () => {
  Plain.hangs = true;
  await pass(2);
  newest().end(1006);
  await pass(300);
  expect(Plain.made).toHaveLength(2);
  const hanging = newest();
  await pass(4_600);
  expect(Plain.made).toHaveLength(2);
  await pass(1_000);
  expect(hanging.readyState).toBe(3);
  expect(Plain.made.length).toBeGreaterThan(2);
});

test("it does not give up where it is refused again and again", async () => {
  await pass(2);
  newest().end(1006);
  Plain.refuses = true;
  await pass(60_000);
  expect(Plain.made.length).toBeGreaterThan(4);
  expect(socket.state.state).not.toBe("closed");
});

test("silence is broken by the heartbeat, and a silent server is left", async () => {
  await pass(2);
  await pass(20_000);
  expect(newest().said).toEqual(["ping"]);
  newest().onmessage?.({ data: "pong" });
  await pass(15_000);
  expect(Plain.made).toHaveLength(1);
  await pass(16_000);
  expect(Plain.made.length).toBeGreaterThan(1);
});

test("nobody who has left connects, however late the address comes", async () => {
  let tell = (_: string) => {};
  const address = new Promise<string>((done) => {
    tell = done;
  });
  const late = new Socket(() => address, { WebSocket: Plain as unknown as WebSocketClass });
  late.subscribe(() => {})();
  await pass(1_001);
  const made = Plain.made.length;
  tell("ws://late.test");
  await pass(10);
  expect(Plain.made).toHaveLength(made);
});
