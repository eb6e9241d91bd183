// The behaviour suite's world by a false server and a false clock: an hour passes as fast as it can be counted.
import { vi } from "vitest";
// Loaded before the clock is a false one: a file takes true time.
import "../../src/lists.js";
import "../../src/trouble.js";
import { createHerald, type WebSocketClass } from "../../src/index.js";
import { FalseServer, FalseSocket } from "./false-server.js";
import type { World } from "./world.js";

export interface FalseWorld extends World {
  readonly server: FalseServer;
  /** The sockets that the client has made, the newest last. */
  readonly made: FalseSocket[];
  readonly Socket: WebSocketClass & (new (url: string) => FalseSocket);
}

const STEP_MS = 5;
const MOST_MS = 120_000;

export async function falseWorld(): Promise<FalseWorld> {
  vi.useFakeTimers();
  const server = new FalseServer();
  const made: FalseSocket[] = [];
  class Socket extends FalseSocket {
    constructor(url: string) {
      super(url, server);
      made.push(this);
    }
  }
  const base = {
    url: "http://false.test",
    key: "key-of-one",
    fetch: server.fetch,
    WebSocket: Socket as unknown as FalseWorld["Socket"],
  };
  const clients = new Set<{ close(): void }>();
  return {
    server,
    made,
    Socket: base.WebSocket,
    fetch: server.fetch,
    program: { language: "python", source: "print('hello')" },
    herald(options) {
      const herald = createHerald({ ...base, ...options });
      clients.add(herald);
      return herald;
    },
    async until(what, isSo) {
      for (let waited = 0; !isSo(); waited += STEP_MS) {
        if (waited > MOST_MS) throw new Error(`it never came to this: ${what}`);
        await vi.advanceTimersByTimeAsync(STEP_MS);
      }
    },
    cut: () => server.cut(),
    async kill() {
      server.up = false;
      server.cut();
    },
    async start() {
      server.up = true;
    },
    sockets: () => server.opened,
    async close() {
      for (const client of clients) client.close();
      vi.useRealTimers();
    },
  };
}
