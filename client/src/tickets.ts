// Tickets: what opens a channel. Those that came with a POST are kept; others are asked for, by the callback or from the server.
// Invariant: a ticket that did not open is not used again.
import { isEntity } from "./frame.js";
import { request, type Site } from "./http.js";

/** The body of `POST /submit`, `POST /transactions` or `POST /tickets`, as far as it opens a channel. */
export interface Ticket {
  ticket: string;
  channel: string;
  ws_url: string;
  events_url: string;
}

/** Asks a site's own backend for a ticket, where the page has no key of its own. */
export type GetTicket = (channel: string, options: { signal: AbortSignal }) => Promise<Ticket>;

/** When a POST was sent and answered. */
export type Asked = [sent: number, answered: number];

/** Tickets that are kept: a backend that submits all day long must not grow by it. */
const MOST = 256;

export class Tickets {
  readonly #site: Site;
  readonly #ask: GetTicket | undefined;
  readonly #kept = new Map<string, { ticket: Ticket | undefined; asked: Asked | undefined }>();

  constructor(site: Site, ask: GetTicket | undefined) {
    this.#site = site;
    this.#ask = ask;
  }

  /** Whether the server itself is asked, so that it may be asked for other things as well. */
  get own(): boolean {
    return !this.#ask;
  }

  keep(ticket: Ticket | undefined, channel: string, asked: Asked | undefined = this.asked(channel)): void {
    this.#kept.delete(channel);
    this.#kept.set(channel, { ticket, asked });
    for (const oldest of this.#kept.keys()) if (this.#kept.size > MOST) this.#kept.delete(oldest);
  }

  /** When this client made the channel's entity, if it did. */
  asked(channel: string): Asked | undefined {
    return this.#kept.get(channel)?.asked;
  }

  async get(channel: string, signal: AbortSignal): Promise<Ticket> {
    const kept = this.#kept.get(channel)?.ticket;
    if (kept) return kept;
    const body = { channel };
    const ticket: Ticket = this.#ask
      ? await this.#ask(channel, { signal })
      : await (await request(this.#site, "tickets", { method: "POST", body, signal })).json();
    // Those of entities open any number of connections for a day; others serve once.
    if (isEntity(channel)) this.keep(ticket, channel);
    return ticket;
  }

  /** The next `get` asks anew. */
  renew(channel: string): void {
    if (this.#kept.has(channel)) this.keep(undefined, channel);
  }
}
