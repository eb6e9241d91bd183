// The client of one server. Nothing is connected until somebody watches, and nothing at all happens at import.
import { Channel, type ChannelState } from "./channel.js";
import { now } from "./clock.js";
import { HeraldError } from "./error.js";
import type {
  AcceptedView,
  BookedView,
  StatusView,
  SubmitRequest,
  TransferRequest,
  TransferView,
} from "./generated/openapi.js";
import { newIdempotencyKey, type RequestOptions, request, type Site } from "./http.js";
import { LADDER, type Transport } from "./ladder.js";
import { createLink, type LinkState } from "./link.js";
import { Registry } from "./registry.js";
import { pause, type Wakers } from "./retry.js";
import type { Watched } from "./store.js";
import { type GetTicket, Tickets } from "./tickets.js";
import type { WebSocketClass } from "./wire.js";

/** As long as a timer can be. */
const FOR_EVER_MS = 2 ** 31 - 1;

export interface HeraldOptions extends Omit<Site, "url"> {
  /** Where the server is; in a browser, the page's own origin if absent. */
  url?: string;
  /** Asks for a ticket where there is no key: see `GetTicket`. */
  ticket?: GetTicket;
  WebSocket?: WebSocketClass | undefined;
  /** Ways to hear of things, the best first. */
  transports?: readonly Transport[];
}

export interface CallOptions {
  signal?: AbortSignal;
}

export interface PostOptions extends CallOptions {
  /** The same key with the same body does it once; made up if absent, so that tries again are safe. */
  idempotencyKey?: string;
}

export interface Herald {
  /** Hands in source code. Resolves when it is accepted for good; watch `channel` for the rest. */
  submit(body: SubmitRequest, options?: PostOptions): Promise<AcceptedView>;
  /** A submission as it stands, outputs included. */
  status(id: string, options?: CallOptions): Promise<StatusView>;
  /** A submission once it has ended. */
  finished(id: string, options?: CallOptions): Promise<StatusView>;
  /** Moves money, in minor units. */
  pay(body: TransferRequest, options?: PostOptions): Promise<BookedView>;
  /** A transfer as it stands. */
  transfer(id: string, options?: CallOptions): Promise<TransferView>;
  /** Says something in a room; resolves when the server has it, rejects when the room cannot be watched. */
  publish(room: string, data: unknown, options?: CallOptions): Promise<void>;
  /** A channel's state, one object for each change, until it is final. What happens between two looks is folded together. */
  watch<T = unknown>(channel: string, options?: CallOptions): AsyncGenerator<ChannelState<T>, void>;
  /** The same, to subscribe to; open while somebody has. */
  channel<T = unknown>(name: string): Watched<ChannelState<T>>;
  /** Anything else of the API, with this client's key; JSON in and out. */
  request<T = unknown>(path: string, options?: RequestOptions): Promise<T>;
  /** How the connection is. */
  readonly connection: Watched<LinkState>;
  /** Ends the connection now. */
  close(): void;
}

export function createHerald(options: HeraldOptions = {}): Herald {
  const { url, ticket, transports = LADDER, WebSocket: Class = globalThis.WebSocket, ...rest } = options;
  const site: Site = { ...rest, url: `${url ?? ""}/`.replace(/\/+$/, "/") };
  const tickets = new Tickets(site, ticket);
  const link = createLink(site, tickets, transports, Class);
  const channels = new Registry<Channel>();
  const channel = (name: string) => channels.get(name, () => new Channel(name, link));

  async function json<T>(path: string, more?: RequestOptions): Promise<T> {
    const answer = await request(site, path.replace(/^\//, ""), more);
    return answer.status === 204 ? (undefined as T) : await answer.json();
  }

  /** A POST that makes an entity, whose ticket and times are kept. */
  async function make<T extends AcceptedView | BookedView>(
    path: string,
    body: unknown,
    { signal, idempotencyKey }: PostOptions,
  ) {
    const headers = { "Idempotency-Key": idempotencyKey ?? newIdempotencyKey() };
    const sent = now();
    const answer = await request(site, path, { method: "POST", body, headers, signal });
    const made: T = await answer.json();
    tickets.keep(made, made.channel, answer.headers.has("idempotency-replayed") ? undefined : [sent, now()]);
    return made;
  }

  async function* watch<T>(name: string, { signal }: CallOptions = {}): AsyncGenerator<ChannelState<T>, void> {
    const watched = channel(name) as Watched<ChannelState<T>>;
    const wakers: Wakers = new Set();
    const leave = watched.subscribe(() => {
      for (const wake of [...wakers]) wake();
    });
    try {
      for (let seen: ChannelState<T> | undefined; seen?.state !== "final"; ) {
        if (watched.state === seen) await pause(FOR_EVER_MS, signal, wakers);
        signal?.throwIfAborted();
        seen = watched.state;
        if (seen.state === "failed") throw seen.error;
        yield seen;
      }
    } finally {
      leave();
    }
  }

  return {
    submit: (body, more = {}) => make<AcceptedView>("submit", body, more),
    pay: (body, more = {}) => make<BookedView>("transactions", body, more),
    status: (id, more) => json(`status/${id}`, more),
    transfer: (id, more) => json(`transactions/${id}`, more),
    async finished(id, more) {
      for await (const _ of watch(`submission:${id}`, more));
      return json(`status/${id}`, more);
    },
    async publish(room, data, { signal } = {}) {
      const rooms = await link.session?.rooms();
      if (!rooms) throw new HeraldError("unsupported", "no WebSocket");
      await rooms.publish(channel(room.replace(/^(room:)?/, "room:")), data, signal);
    },
    watch,
    channel: channel as Herald["channel"],
    request: json,
    connection: link.state,
    close: link.close,
  };
}
