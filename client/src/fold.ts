// Frames into state, purely: what an entity looks like after each of them.
// Invariant: an event counts once, and progress never goes backwards; what repeats leaves the very same state.
import type { Event, Frame, Progress } from "./frame.js";
import type { Case, EventData, ProgressData, Status } from "./generated/asyncapi.js";

/** What has been seen of one channel. */
export interface Seen {
  /** The entity, the newest of a user, or a room's lines; null: nothing yet. */
  readonly data: unknown;
  readonly offset: number;
  /** What a later watcher may go on from. */
  readonly cursor: string | null;
  /** `false`: events may have been missed since the last connection, see `reason`; `data` is as it stands now all the same. */
  readonly recovered: boolean | null;
  readonly reason: string | null;
}

export type Entity = Partial<Status> & { services?: Record<string, unknown>; state?: string; seq?: number };
/** What becomes of a channel's data by an event or by progress: the same object if nothing does. */
export type FoldData = (data: unknown, frame: Event | Progress, channel: string) => unknown;

/** The state after a frame; the same object if it says nothing new. */
export function fold<S extends Seen>(seen: S, frame: Frame, channel: string, foldData: FoldData): S {
  if (frame.type === "snapshot") {
    const { data, offset, cursor, recovered, reason = null } = frame;
    const late = recovered && offset < seen.offset; // by polling, beside a frame that was pushed
    return late ? seen : { ...seen, data, offset, cursor, recovered, reason };
  }
  if (frame.type === "resumed") return { ...seen, recovered: true, reason: null };
  if (frame.type !== "event" && frame.type !== "progress") return seen;
  const log = frame.type === "event" && frame.channel === channel && frame;
  if (log && log.offset <= seen.offset) return seen;
  const data = foldData(seen.data, frame, channel);
  if (!log) return data === seen.data ? seen : { ...seen, data };
  return { ...seen, offset: log.offset, cursor: log.cursor, data };
}

/** News of an entity, to what is known of it. */
export const foldEntity = (data: unknown, frame: Event | Progress) =>
  frame.type === "event" ? onEvent(data as Entity, frame) : onProgress(data as Entity, frame);

function onEvent(old: Entity | null | undefined, { data, offset, at }: Event): Entity {
  const { traceparent: _, ...news } = data as EventData;
  let some: object = news;
  if ("effect" in news) {
    const { id, status, service, effect, attempts, detail } = news;
    some = { id, status, services: { ...old?.services, [service]: { status: effect, attempts, at, detail } } };
  } else if (old && "attempt" in news && news.attempt !== old.attempt) {
    some = { ...news, cases: [], seq: 0 };
  }
  // A transfer's status has two names.
  return { ...old, ...some, ...(!("attempt" in news) && { state: news.status }), offset } as Entity;
}

function onProgress(old: Entity | null | undefined, { attempt, seq, data }: Progress): Entity | null | undefined {
  const { case: one, status, tests } = data as Partial<ProgressData>;
  const { attempt: was = 0, seq: known = 0, tests: counted, cases = [] } = old ?? {};
  const again = attempt > was;
  const late = attempt < was || seq <= known || (tests && tests.run < (counted?.run ?? 0));
  if (isFinal(old) || (!again && late)) return old;
  // What is not about tests is for those who look at the frame.
  if (!tests) return { ...old, attempt, seq };
  const before: Case[] = again ? [] : cases;
  const after = one ? [...before.filter(({ n }) => n !== one.n), one] : before;
  return { ...old, attempt, seq, status, tests, cases: after } as Entity;
}

export const isFinal = (entity: unknown) => /^(finished|cancelled)$/.test((entity as Entity | null)?.status ?? "");
