// A plain WebSocket that comes back: for any server, not only Herald's. Counted: it is open while somebody listens.
// Invariant: what `send` has taken is sent in order, or was refused by an error; nothing is dropped in silence.
import {
  asHeraldError,
  Counted,
  connect,
  HeraldError,
  isFatal,
  keepTrying,
  listen,
  pause,
  Registry,
  type Wakers,
  type WebSocketClass,
  type Wire,
} from "./index.js";

export interface SocketState {
  readonly state: "idle" | "connecting" | "open" | "waiting" | "closed";
  /** The message that came last, as it came. */
  readonly last: unknown;
  /** Why it is closed for good. */
  readonly error: HeraldError | null;
}

export interface SocketOptions {
  /** Stands in for the global WebSocket. */
  WebSocket?: WebSocketClass;
  /** Messages that `send` takes while there is no connection; 64. */
  maxQueue?: number;
  /** A message that the server answers, sent after so much silence; without an answer within 10 s the connection is dead. */
  heartbeat?: { message: string; everyMs: number };
}

/** Bytes that may wait in an open socket before `send` is refused. */
const MAX_BUFFERED = 1 << 20;
const ANSWER_MS = 10_000;

export class Socket extends Counted<SocketState> {
  readonly #url: string | (() => string | Promise<string>);
  readonly #options: SocketOptions;
  readonly #queue: string[] = [];
  readonly #wakers: Wakers = new Set();
  #wire: Wire | undefined;
  #beat: AbortController | undefined;
  #run: AbortController | undefined;
  #deaf: (() => void) | undefined;

  constructor(url: string | (() => string | Promise<string>), options: SocketOptions = {}) {
    super({ state: "idle", last: undefined, error: null });
    this.#url = url;
    this.#options = options;
  }

  /** Sends now, or once connected. Throws `queue_full` or `closed`. */
  send(text: string): void {
    if (this.state.state === "closed") throw new HeraldError("closed", "the socket is closed for good");
    const { maxQueue = 64 } = this.#options;
    const socket = this.#wire?.socket;
    const full = socket ? socket.bufferedAmount > MAX_BUFFERED : this.#queue.length >= maxQueue;
    if (full) throw new HeraldError("queue_full", "too much waits to be sent already");
    if (socket) socket.send(text);
    else this.#queue.push(text);
  }

  protected override wanted(): void {
    this.#deaf = listen(
      (anew) => this.#wake(anew),
      () => this.#stop("waiting"),
    );
    this.#start();
  }

  protected override unwanted(): void {
    this.#deaf?.();
    this.#stop("idle");
  }

  #wake(anew: boolean) {
    if (!this.#run && this.state.state === "waiting") this.#start();
    else if (anew && this.#wire) this.#heartbeat(0);
    for (const wake of [...this.#wakers]) wake();
  }

  #stop(state: "idle" | "waiting") {
    this.#run?.abort();
    this.#run = undefined;
    if (this.state.state !== "closed") this.change({ state });
  }

  #start() {
    const run = new AbortController();
    const { signal } = run;
    this.#run = run;
    keepTrying(
      () => this.#once(signal),
      signal,
      this.#wakers,
      () => this.change({ state: "waiting" }),
    ).catch((error) => signal.aborted || this.change({ state: "closed", error: asHeraldError(error) }));
  }

  async #once(signal: AbortSignal) {
    this.change({ state: "connecting" });
    const url = await Promise.resolve(typeof this.#url === "string" ? this.#url : this.#url()).catch(() => undefined);
    if (url === undefined || signal.aborted) return { upMs: 0 };
    const Class = this.#options.WebSocket ?? WebSocket;
    const end = await connect(
      Class,
      url,
      signal,
      (wire) => this.#opened(wire),
      (last) => this.#heard(last, signal),
    );
    this.#wire = undefined;
    this.#beat?.abort();
    if (isFatal(end.code) || end.code === 1000) throw new HeraldError("closed", end.reason || `closed by ${end.code}`);
    return end;
  }

  #opened(wire: Wire) {
    this.#wire = wire;
    for (const text of this.#queue.splice(0)) wire.socket.send(text);
    this.change({ state: "open" });
    this.#heartbeat();
  }

  #heard(last: unknown, signal: AbortSignal) {
    if (signal.aborted) return;
    this.change({ last });
    this.#heartbeat();
  }

  /** Each message puts the next beat off. */
  async #heartbeat(everyMs = this.#options.heartbeat?.everyMs ?? 0) {
    const { heartbeat } = this.#options;
    const wire = this.#wire;
    this.#beat?.abort();
    if (!heartbeat || !wire) return;
    const beat = new AbortController();
    const { signal } = beat;
    this.#beat = beat;
    await pause(everyMs, signal);
    if (signal.aborted) return;
    wire.socket.send(heartbeat.message);
    await pause(ANSWER_MS, signal);
    if (!signal.aborted) wire.drop();
  }
}

const sockets = new Registry<Socket>();

/** One socket for all who ask for the same URL. */
export const sharedSocket = (url: string, options?: SocketOptions) => sockets.get(url, () => new Socket(url, options));
