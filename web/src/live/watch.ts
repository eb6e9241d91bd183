// Watches one channel over a stock WebSocket: reconnects with full jitter, resumes by cursor, honours close codes.
// Invariant: `onFrame` sees each stored event of an entity once, in order of its offset; progress never goes backwards.
// This module is all that the page knows of the transport; `herald-client` is to take its place.
import { api, Refusal, type Ticket } from "../api";

export type Frame = {
  v: number;
  type: "snapshot" | "resumed" | "event" | "progress" | "error" | "unsubscribed";
  channel: string;
  offset: number;
  cursor?: string;
  recovered?: boolean;
  event?: string;
  at?: string;
  attempt?: number;
  seq?: number;
  code?: string;
  // biome-ignore lint/suspicious/noExplicitAny: goes by the type and the event; the reducers know
  data: any;
};
export type Connection = "connecting" | "open" | "waiting" | "offline" | "closed";
export type Watch = {
  channel: string;
  /** From a 202 or 201: saves the request for a ticket. */
  wsUrl?: string;
  onFrame: (frame: Frame) => void;
  onConnection?: (state: Connection) => void;
  /** The key is missing or was revoked, or there is no such channel: it is of no use to try again. */
  onRefused?: (refusal: Refusal) => void;
};

const FIRST_MS = 250;
const LONGEST_MS = 20_000;
const SETTLED_MS = 5_000;

const states = new Map<object, Connection>();
const listeners = new Set<() => void>();
let summary: Connection = "closed";

/** The worst of what all open channels say, for the page's one lamp. */
export const connection = {
  get: () => summary,
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

function tell(owner: object, state: Connection | null) {
  if (state === null) states.delete(owner);
  else states.set(owner, state);
  const all = [...states.values()];
  const next = (["offline", "waiting", "connecting", "open"] as const).find((each) => all.includes(each)) ?? "closed";
  if (next === summary) return;
  summary = next;
  for (const listener of listeners) listener();
}

/** How long to wait before the nth try: anything up to a bound that doubles. */
export function backoff(tries: number, random = Math.random): number {
  return random() * Math.min(FIRST_MS * 2 ** tries, LONGEST_MS);
}

/** Lets each stored event through once and progress forwards only. */
export function gate() {
  const offsets = new Map<string, number>();
  const seen = new Map<string, [attempt: number, seq: number]>();
  return ({ type, channel, offset, attempt = 0, seq = 0 }: Frame): boolean => {
    if (type === "event") {
      if (offset <= (offsets.get(channel) ?? 0)) return false;
      offsets.set(channel, offset);
    } else if (type === "snapshot") {
      offsets.set(channel, offset);
    } else if (type === "progress") {
      const [a, s] = seen.get(channel) ?? [0, 0];
      if (attempt < a || (attempt === a && seq <= s)) return false;
      seen.set(channel, [attempt, seq]);
    }
    return true;
  };
}

export function watch({ channel, wsUrl, onFrame, onConnection, onRefused }: Watch): () => void {
  const owner = {};
  const pass = gate();
  let socket: WebSocket | null = null;
  let url = wsUrl ?? null;
  let cursor: string | null = null;
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const say = (state: Connection) => {
    if (stopped) return;
    tell(owner, state);
    onConnection?.(state);
  };
  const later = (ms?: number) => {
    if (stopped) return;
    if (navigator.onLine === false) return say("offline");
    say("waiting");
    timer = setTimeout(open, ms ?? backoff(tries));
    tries += 1;
  };
  const open = async () => {
    clearTimeout(timer);
    if (stopped || socket) return;
    try {
      url ??= (await api<Ticket>("/tickets", { method: "POST", body: { channel } })).ws_url;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 0 || error.status === 429 || error.status >= 500)
        return later((error.retryAfter ?? 0) * 1000 || undefined);
      say("closed");
      return onRefused?.(error);
    }
    if (stopped || socket) return;
    const own = new WebSocket(cursor === null ? url : `${url}&after=${encodeURIComponent(cursor)}`);
    socket = own;
    if (tries === 0) say("connecting");
    let settled: ReturnType<typeof setTimeout> | undefined;
    let opened = false;
    own.onopen = () => {
      opened = true;
      say("open");
      settled = setTimeout(() => (tries = 0), SETTLED_MS);
    };
    own.onmessage = ({ data }) => {
      const frame = JSON.parse(data) as Frame;
      if (frame.cursor && !channel.startsWith("user:")) cursor = frame.cursor;
      if (pass(frame)) onFrame(frame);
    };
    own.onclose = ({ code, reason }) => {
      clearTimeout(settled);
      if (socket === own) socket = null;
      if (stopped) return;
      // A ticket of a user has 60 seconds to connect, and one that was refused will be refused again: ask for a new one.
      if (!opened || channel.startsWith("user:") || code === 4001) url = null;
      later(told(reason));
    };
  };
  const wake = () => {
    if (!socket) void open();
  };
  const offline = () => say("offline");
  globalThis.addEventListener("online", wake);
  globalThis.addEventListener("pageshow", wake);
  globalThis.addEventListener("offline", offline);
  void open();
  return () => {
    stopped = true;
    clearTimeout(timer);
    tell(owner, null);
    globalThis.removeEventListener("online", wake);
    globalThis.removeEventListener("pageshow", wake);
    globalThis.removeEventListener("offline", offline);
    socket?.close(1000);
  };
}

/** A closing server says when to come back. */
function told(reason: string): number | undefined {
  try {
    const { reconnect_in_ms } = JSON.parse(reason);
    return typeof reconnect_in_ms === "number" ? reconnect_in_ms : undefined;
  } catch {
    return undefined;
  }
}
