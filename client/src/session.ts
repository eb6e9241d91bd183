// The protocol on one WebSocket: many channels, each opened by its ticket and resumed by its cursor; a heartbeat; rooms.
// Invariant: after a cut, each channel that is still wanted is asked for again from its last cursor, and nothing else is.
import type { Channel } from "./channel.js";
import { asHeraldError, HeraldError } from "./error.js";
import { type ErrorFrame, readFrame } from "./frame.js";
import { type Link, lists, trouble } from "./link.js";
import type { Ended } from "./retry.js";
import type { Rooms } from "./rooms.js";
import type { Ticket } from "./tickets.js";
import { CONNECT_MS, connect, isFatal, type WebSocketClass, type Wire } from "./wire.js";

/** After so much silence the server is asked for a sign of life. */
const QUIET_MS = 25_000;
/** The same, of a server that answers a ping by an error: it closes after 32 of those, and a socket lives an hour. */
const QUIET_UNANSWERED_MS = 150_000;
/** Without any frame for so long after that, the connection is dead. */
const SIGN_MS = 10_000;

export interface Session {
  /** One connection, from its first ticket to its end. */
  once(signal: AbortSignal): Promise<Ended>;
  /** One more channel on this socket; while there is none, it is taken up when there is. */
  join(channel: Channel): Promise<void>;
  leave(channel: Channel): void;
  /** Asks for a sign of life now. */
  probe(): void;
  /** What is published. */
  rooms(): Promise<Rooms>;
}

export function createSession(link: Link, Class: WebSocketClass): Session {
  const { channels, tickets } = link;
  /** Those that this connection was asked for, by their full names; whether the first frame has come. */
  const asked = new Map<string, { channel: Channel; open: boolean }>();
  let wire: Wire | undefined;
  let signal: AbortSignal;
  let quietMs = QUIET_MS;
  let pinged = false;
  let beat: ReturnType<typeof setTimeout>;
  let rooms: Rooms | undefined;

  const say = (frame: object) => wire?.socket.send(JSON.stringify({ v: 1, ...frame }));
  const enter = (channel: Channel) => asked.set(channel.actual, { channel, open: false });
  const isOpen = (name: string) => [...asked.values()].some(({ channel, open }) => open && channel.name === name);

  async function once(run: AbortSignal): Promise<Ended> {
    signal = run;
    const [first] = channels;
    let retryMs: number | undefined;
    const ticket =
      first &&
      (await link.ticket(first, run).catch((error) => {
        // The next try is another channel's, so that none waits for this one.
        if (channels.delete(first)) channels.add(first);
        retryMs = asHeraldError(error).retryAfterMs;
      }));
    if (!first || !ticket || !channels.has(first) || run.aborted) return { upMs: 0, refused: true, retryMs };
    return connected(first, ticket);
  }

  async function connected(first: Channel, { ws_url }: Ticket): Promise<Ended> {
    const { cursor } = first.state;
    const url = cursor ? `${ws_url}&after=${encodeURIComponent(cursor)}` : ws_url;
    let framed = false;
    enter(first);
    const onOpen = (opened: Wire) => {
      wire = opened;
      beat = setTimeout(wire.drop, CONNECT_MS);
      for (const channel of channels) if (channel !== first) join(channel);
    };
    const onMessage = (text: unknown) => {
      framed = true;
      hear(text);
    };
    const end = await connect(Class, url, signal, onOpen, onMessage);
    wire = undefined;
    asked.clear();
    clearTimeout(beat);
    rooms?.broken();
    if (isFatal(end.code)) throw new HeraldError("closed", end.reason || String(end.code));
    if (end.code === 4001) for (const { name } of channels) tickets.renew(name);
    if (framed) return { ...end, upMs: end.upMs + 1 };
    tickets.renew(first.name);
    return { upMs: 0 };
  }

  async function join(channel: Channel): Promise<void> {
    if (!wire) return;
    const run = signal;
    const ticket = await link
      .ticket(channel, run)
      .catch(async () => (await trouble()).later(channel, { signal: run, join }));
    if (!ticket || run.aborted || asked.has(channel.actual) || !channels.has(channel)) return;
    const { cursor } = channel.state;
    if (wire) enter(channel);
    say({ type: "subscribe", ticket: ticket.ticket, channel: ticket.channel, ...(cursor && { after: cursor }) });
  }

  function probe() {
    if (!wire) return;
    clearTimeout(beat);
    beat = setTimeout(wire.drop, SIGN_MS);
    // An answer that is due is sign enough, and must not be taken for the ping's.
    if (rooms?.waits) return;
    pinged = true;
    say({ type: "ping" });
  }

  function hear(text: unknown) {
    clearTimeout(beat);
    beat = setTimeout(probe, quietMs);
    const frame = readFrame(text);
    if (!frame) return link.state.change({ ignored: link.state.state.ignored + 1 });
    if (frame.type === "error") return refused(frame);
    if (frame.type === "pong") pinged = false;
    else if (frame.type === "published") rooms?.answered(frame);
    else {
      const entry = asked.get(frame.channel);
      link.route(frame, "ws");
      if (!entry || entry.open) return;
      entry.open = true;
      entry.channel.refusals = 0;
      rooms?.flush();
    }
  }

  async function refused(frame: ErrorFrame) {
    if (frame.code === "unknown_type" && pinged) {
      pinged = false;
      quietMs = QUIET_UNANSWERED_MS;
    } else if (!rooms?.answered(frame)) {
      (await trouble()).refused(link, asked, frame, { signal, join });
    }
  }

  return {
    once,
    join,
    probe,
    leave(channel) {
      if (asked.delete(channel.actual)) say({ type: "unsubscribe", channel: channel.actual });
    },
    async rooms() {
      const { Rooms } = await lists();
      rooms ??= new Rooms(say, isOpen);
      return rooms;
    },
  };
}
