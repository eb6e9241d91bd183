// Long-poll, and plain polling below it: the last resorts, for entities only. An answer is taken as a snapshot.
import type { Channel } from "./channel.js";
import { Deadline } from "./deadline.js";
import { asHeraldError, mayPass } from "./error.js";
import type { Entity } from "./fold.js";
import type { Snapshot } from "./frame.js";
import { request } from "./http.js";
import type { Transport } from "./ladder.js";
import type { Link } from "./link.js";
import { type Ended, pause } from "./retry.js";

export const POLL_MS = 1_000;
const WAIT_S = 20;
const ANSWER_MS = 10_000;
const PATHS: Record<string, string> = { submission: "status", transfer: "transactions" };

/** One try for this channel: asks until something breaks. */
export async function poll(link: Link, channel: Channel, transport: Transport, signal: AbortSignal): Promise<Ended> {
  const [kind = "", id] = channel.name.split(":");
  const long = transport === "long-poll";
  const path = `${PATHS[kind]}/${id}`;
  let began = 0;
  channel.etag = null;
  try {
    for (;;) {
      const asked = Date.now();
      const wait = long && channel.etag ? WAIT_S : 0;
      const news = await ask(wait);
      // A long-poll stands once one has been waited for: what only answers at once is blocked.
      if (wait || !long) began ||= asked;
      if (signal.aborted || channel.state.state === "final") return { upMs: 1 };
      // A server, or something before it, that does not wait as asked must not be asked without a rest.
      const waited = long && (news || Date.now() - asked > POLL_MS);
      if (!waited) await pause(POLL_MS, signal);
    }
  } catch (thrown) {
    const error = asHeraldError(thrown);
    if (!signal.aborted && error.problem && !mayPass(error)) channel.end("failed", error);
    return { upMs: began && Date.now() - began + 1, retryMs: error.retryAfterMs, refused: error.problem !== undefined };
  }

  /** One question; whether the answer was news, and the next may be asked for by its ETag. */
  async function ask(wait: number): Promise<boolean> {
    const headers = {
      ...(channel.etag && { "If-None-Match": channel.etag }),
      ...(wait && { Prefer: `wait=${wait}` }),
    };
    const deadline = new Deadline(wait * 1_000 + ANSWER_MS, signal);
    try {
      const answer = await request(link.site, path, { headers, signal: deadline.signal, cache: "no-store", tries: 1 });
      const data = answer.status === 304 ? undefined : await answer.json();
      if (data) take(data, answer.headers.get("etag"));
      return data !== undefined && channel.etag !== null;
    } finally {
      deadline.clear();
    }
  }

  /** The counts of an answer may be a little older than the progress that was pushed before. */
  function take(now: Entity, etag: string | null) {
    const { cursor, offset: seen, data } = channel.state;
    const old = data as Entity | null;
    const { offset = 0 } = now;
    const older = old?.tests && offset === seen && old.attempt === now.attempt && (now.tests?.run ?? 0) < old.tests.run;
    channel.etag = etag;
    const whole = (older ? { ...now, tests: old.tests, cases: old.cases } : now) as Snapshot["data"];
    const frame = { v: 1, type: "snapshot", channel: channel.actual, offset, recovered: true, data: whole } as const;
    // The cursor stays that of the last push: what it leads to is at most told twice, and passed over.
    link.route({ ...frame, cursor: cursor as string }, transport);
  }
}
