// What is needed only where something is wrong: the transports below the WebSocket, and what is to be done about a refusal. A file of
// its own, loaded then. If it cannot be loaded, the server cannot be reached, and no other transport would do better.
import type { Channel } from "./channel.js";
import { HeraldError } from "./error.js";
import type { ErrorFrame } from "./frame.js";
import { request } from "./http.js";
import type { Transport } from "./ladder.js";
import type { Link } from "./link.js";
import { poll } from "./poll.js";
import { jittered, pause } from "./retry.js";
import { sse } from "./sse.js";

export { refusal } from "./refusal.js";

const LIVEZ_MS = 3_000;
/** Refusals of one channel in a row before it fails. */
const REFUSALS = 3;

/** One try for a channel by one of the lower transports. */
export const by = (transport: Transport, link: Link, channel: Channel, signal: AbortSignal) =>
  transport === "sse" ? sse(link, channel, signal) : poll(link, channel, transport, signal);

/** Whether the server answers at all: if not, no transport is to blame. */
export function answers({ site }: Link, signal: AbortSignal): Promise<boolean> {
  const answer = request(site, "livez", { signal, tries: 1 });
  return Promise.race([answer, pause(LIVEZ_MS, signal)]).then(Boolean, () => false);
}

/** After an error on a socket: another try for the channel that the server would not open, if it may go better. */
export function refused(
  link: Link,
  asked: Map<string, Asked>,
  { code, message, channel: of }: ErrorFrame,
  again: Again,
): void {
  if (/^(already|not)_subscribed$|^unknown_type$/.test(code)) return;
  // An error about a ticket names no channel: it may be any that has not opened yet.
  for (const [name, { channel, open }] of asked) {
    if (of ? name !== of : open) continue;
    asked.delete(name);
    channel.refusals += 1;
    if (code === "bad_cursor") channel.change({ cursor: null, offset: 0 });
    else if (code.endsWith("_ticket")) link.tickets.renew(channel.name);
    const hopeless = !/^bad_cursor$|_ticket$|^unavailable$/.test(code);
    if (hopeless || (code !== "unavailable" && channel.refusals > REFUSALS)) {
      channel.end("failed", new HeraldError(code, message));
    } else later(channel, again);
  }
}

interface Asked {
  channel: Channel;
  /** Its first frame has come. */
  open: boolean;
}

type Again = { signal: AbortSignal; join(channel: Channel): void };

export async function later(channel: Channel, { signal, join }: Again): Promise<undefined> {
  channel.change({ state: "waiting" });
  await pause(jittered(channel.refusals + 1), signal);
  join(channel);
}
