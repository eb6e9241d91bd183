// Server-Sent Events by fetch: unlike EventSource it says why it was refused, and it is there on servers too. One stream a channel.
import type { Channel } from "./channel.js";
import { Deadline } from "./deadline.js";
import { asHeraldError, type HeraldError, mayPass } from "./error.js";
import { readFrame } from "./frame.js";
import type { Link } from "./link.js";
import { refusal } from "./refusal.js";
import type { Ended } from "./retry.js";
import { CONNECT_MS } from "./wire.js";

/** The server sends a comment after 15 s of silence. */
const SILENT_MS = 37_500;

/** One try for this channel. */
export async function sse(link: Link, channel: Channel, signal: AbortSignal): Promise<Ended> {
  const deadline = new Deadline(CONNECT_MS, signal);
  try {
    const ticket = await link.ticket(channel, signal);
    if (!ticket) return { upMs: 0, refused: true };
    const { cursor } = channel.state;
    const url = cursor ? `${ticket.events_url}&after=${encodeURIComponent(cursor)}` : ticket.events_url;
    const answer = await (link.site.fetch ?? fetch)(url, { signal: deadline.signal });
    if (!answer.ok) return onRefusal(await refusal(answer), link, channel);
    channel.refusals = 0;
    return await read(answer, link, channel, deadline);
  } catch (error) {
    const { retryAfterMs, problem } = asHeraldError(error);
    return { upMs: 0, retryMs: retryAfterMs, refused: problem !== undefined };
  } finally {
    deadline.clear();
  }
}

function onRefusal(error: HeraldError, link: Link, channel: Channel): Ended {
  channel.refusals += 1;
  if (error.code === "bad_cursor") channel.change({ cursor: null, offset: 0 });
  else if (error.status === 401 && channel.refusals === 1) link.tickets.renew(channel.name);
  else if (error.problem && !mayPass(error)) channel.end("failed", error);
  return { upMs: 0, retryMs: error.retryAfterMs, refused: error.problem !== undefined };
}

async function read(answer: Response, link: Link, channel: Channel, deadline: Deadline): Promise<Ended> {
  if (answer.status === 204) return over(link, channel);
  const reader = answer.body
    ?.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let [rest, openedAt] = ["", 0];
  let retryMs: number | undefined;
  const block = (text: string) => {
    retryMs = /^: going away/m.test(text) ? Number(/^retry: (\d+)/m.exec(text)?.[1] ?? 0) : undefined;
    const data = /^data: (.*)/m.exec(text)?.[1];
    const frame = data && readFrame(data);
    if (!frame) return data && link.state.change({ ignored: link.state.state.ignored + 1 });
    openedAt ||= Date.now();
    link.route(frame, "sse");
  };
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done || deadline.signal.aborted) break;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const text of blocks) block(text);
      if (openedAt) deadline.within(SILENT_MS);
    }
  } catch {
    // cut, or silent for too long
  }
  return { upMs: openedAt && Date.now() - openedAt + 1, retryMs };
}

/** 204: it has ended, and the cursor is at its end. */
function over(link: Link, channel: Channel): Ended {
  channel.end("final");
  link.complete(channel);
  return { upMs: 1 };
}
