// What the behaviour suite asks of a server: a false one in memory by a false clock, and a real one.
import type { Herald, HeraldOptions, WebSocketClass } from "../../src/index.js";

export interface World {
  /** A client with a key of user `one`; `transports` and so on as given. */
  herald(options?: HeraldOptions): Herald;
  /** How its clients send requests. */
  readonly fetch: typeof fetch;
  /** What its clients connect by. */
  readonly Socket: WebSocketClass;
  /** A program that runs for about a second and prints `hello`. */
  readonly program: { language: string; source: string };
  /** Waits until it is so. */
  until(what: string, isSo: () => boolean): Promise<void>;
  /** Breaks every connection that stands, without a goodbye. */
  cut(): void;
  /** The server dies. */
  kill(): Promise<void>;
  /** It is there again, with what was stored. */
  start(): Promise<void>;
  /** How many WebSockets have been opened. */
  sockets(): number;
  close(): Promise<void>;
}

/** A socket that never opens, as behind a proxy that knows no WebSocket. */
export class BlockedSocket {
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readyState = 0;
  readonly bufferedAmount = 0;
  constructor(readonly url: string) {
    setTimeout(() => this.onclose?.({ code: 1006, reason: "" }), 1);
  }
  send() {}
  close() {
    this.readyState = 3;
  }
}

/** A fetch that some requests do not get through. */
export const blocked =
  (through: typeof fetch, isBlocked: (url: string, headers: Headers) => boolean): typeof fetch =>
  async (input, init) => {
    if (isBlocked(String(input), new Headers(init?.headers))) throw new TypeError("blocked by the test");
    return through(input, init);
  };
