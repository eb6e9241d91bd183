// The one connection of a client to its server: what channels are open, by which transport, and when to take another.
// Invariant: each open channel is served by exactly one transport at a time; a socket serves them all.
import type { Channel } from "./channel.js";
import { Clock } from "./clock.js";
import { asHeraldError, HeraldError, mayPass } from "./error.js";
import { type Frame, isEntity } from "./frame.js";
import { request, type Site } from "./http.js";
import { BLOCKED, type Transport, way } from "./ladder.js";
import { type Ended, keepTrying, type Wakers } from "./retry.js";
import { createSession, type Session } from "./session.js";
import { Counted } from "./store.js";
import type { Ticket, Tickets } from "./tickets.js";
import { listen } from "./wake.js";
import type { WebSocketClass } from "./wire.js";

export interface LinkState {
  readonly state: "idle" | "connecting" | "open" | "waiting";
  readonly transport: Transport | null;
  /** How long the next try is away, while `waiting`. */
  readonly retryMs: number | null;
  /** Messages that this client did not understand. */
  readonly ignored: number;
}

export interface Link {
  readonly site: Site;
  readonly tickets: Tickets;
  readonly clock: Clock;
  readonly channels: Set<Channel>;
  readonly state: Counted<LinkState>;
  session: Session | undefined;
  add(channel: Channel): void;
  /** Whether it was there. */
  remove(channel: Channel): boolean;
  /** Ends all that runs; a channel that is added begins anew. */
  close(): void;
  /** A frame that came by a transport. */
  route(frame: Frame, transport: Transport): void;
  /** A ticket; undefined once the channel has failed for good. Throws what may pass. */
  ticket(channel: Channel, signal: AbortSignal): Promise<Ticket | undefined>;
  /** What a frame has no room for, outputs and messages, where this client may ask for it itself. */
  complete(channel: Channel): Promise<void>;
}

/** A socket without channels is kept for so long. */
export const IDLE_MS = 2_000;

/** What only channels need that are not of an entity. */
export const lists = () => import("./lists.js");
/** What is needed only where something is wrong. */
export const trouble = () => import("./trouble.js");

export function createLink(site: Site, tickets: Tickets, all: readonly Transport[], Class?: WebSocketClass): Link {
  const ladder = all.filter((transport) => transport !== "ws" || Class);
  const channels = new Set<Channel>();
  const state = new Counted<LinkState>({ state: "idle", transport: null, retryMs: null, ignored: 0 });
  /** What is under way: for a channel, or on the socket for all of them. */
  const runs = new Map<Channel | Session, AbortController>();
  const wakers: Wakers = new Set();
  let rung = 0;
  let deaf: (() => void) | undefined;
  let idle: ReturnType<typeof setTimeout>;

  const link: Link = {
    site,
    tickets,
    clock: new Clock(),
    channels,
    state,
    session: undefined,
    add,
    remove,
    close,
    route,
    ticket,
    complete,
  };
  const session = Class && createSession(link, Class);
  link.session = session;

  function add(channel: Channel) {
    channels.add(channel);
    clearTimeout(idle);
    deaf ??= listen(wake, stop);
    serve(channel);
  }

  function remove(channel: Channel) {
    const was = channels.delete(channel);
    if (was) {
      end(channel);
      session?.leave(channel);
      clearTimeout(idle);
      if (!channels.size) idle = setTimeout(close, IDLE_MS);
    }
    return was;
  }

  function close() {
    stop();
    deaf?.();
    deaf = undefined;
    state.change({ state: "idle" });
  }

  function route(frame: Frame, transport: Transport) {
    if (state.state.state !== "open") state.change({ state: "open", transport, retryMs: null });
    const { type, channel: name } = frame as { type: string; channel?: string };
    for (const channel of [...channels]) {
      const own = channel.actual === name;
      // A user's list hears of all entities, once it is there.
      const listed = channel.state.data && /^user:/.test(channel.name) && /^(event|progress)$/.test(type);
      if (own || listed) channel.take(frame, transport);
      if (own && channel.state.state === "final" && !/poll/.test(transport)) complete(channel);
    }
  }

  async function ticket(channel: Channel, signal: AbortSignal) {
    try {
      const got = await tickets.get(channel.name, signal);
      channel.actual = got.channel;
      if (!isEntity(channel.name)) channel.fold = (await lists()).foldList;
      return got;
    } catch (thrown) {
      const error = asHeraldError(thrown);
      if (signal.aborted || mayPass(error)) throw error;
      channel.end("failed", error);
      return undefined;
    }
  }

  async function complete(channel: Channel) {
    if (!tickets.own && !site.key) return;
    const answer = await request(site, `status/${channel.name.slice(11)}`).catch(() => undefined);
    if (answer) channel.change({ data: await answer.json() });
  }

  function serve(channel: Channel) {
    const transport = way(ladder.slice(0, rung + 1), channel.name);
    if (transport === "ws" && session) {
      if (runs.has(session)) session.join(channel);
      else run(session, transport, session.once);
    } else if (transport) {
      run(channel, transport, async (signal) => (await trouble()).by(transport, link, channel, signal));
    } else channel.end("failed", new HeraldError("unsupported", channel.name));
  }

  /** Tries by one transport until it is ended, or proves to be blocked. */
  function run(key: Channel | Session, transport: Transport, once: (signal: AbortSignal) => Promise<Ended>) {
    const abort = new AbortController();
    const { signal } = abort;
    let blocked = 0;
    const counted = async () => {
      if (state.state.state !== "open") state.change({ state: "connecting", transport, retryMs: null });
      const ended = await once(signal);
      if (signal.aborted) return ended;
      waits(key === session ? channels : [key as Channel]);
      const isBlocked =
        !ended.upMs &&
        !ended.refused &&
        (await trouble()
          .then(({ answers }) => answers(link, signal))
          .catch(() => false));
      blocked = isBlocked ? blocked + 1 : 0;
      if (blocked >= BLOCKED && !signal.aborted) restart((rung + 1) % ladder.length);
      return ended;
    };
    runs.set(key, abort);
    keepTrying(counted, signal, wakers, (retryMs) => state.change({ retryMs })).catch((error) => {
      if (signal.aborted) return;
      end(key);
      for (const channel of [...channels]) channel.end("failed", asHeraldError(error));
    });
  }

  function end(key: Channel | Session) {
    runs.get(key)?.abort();
    runs.delete(key);
  }

  /** All that runs ends, and goes on when woken. */
  function stop() {
    clearTimeout(idle);
    for (const key of [...runs.keys()]) end(key);
    waits(channels);
  }

  function waits(some: Iterable<Channel>) {
    for (const channel of some) channel.change({ state: "waiting" });
    state.change({ state: "waiting", retryMs: null });
  }

  function restart(on: number) {
    stop();
    rung = on;
    for (const channel of [...channels]) serve(channel);
  }

  function wake(anew: boolean) {
    if (!runs.size || (anew && rung)) restart(0);
    session?.probe();
    for (const waker of [...wakers]) waker();
  }

  return link;
}
