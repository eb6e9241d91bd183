// What a submission looks like to whoever watches it: what the client's channel knows, and what only this page keeps, cases that a
// later snapshot leaves out, and output as it is written. Pure, and what is shown only grows within an attempt.
import type { ChannelState, push } from "herald-client";
import type { Accepted, Case, StatusView } from "../api";

export type Output = { stdout: string; stderr: string };
type Stream = keyof Output;
export type Watched = {
  id: string;
  view: StatusView | null;
  /** By case number. A snapshot has only the newest, so those that were seen are kept. */
  cases: ReadonlyMap<number, Case>;
  live: Output;
  /** How many bytes of each stream have been seen. */
  ends: Record<Stream, number>;
};

const isEnd = (status: string | undefined) => status === "finished" || status === "cancelled";
export const isFinal = (view: Pick<StatusView, "status"> | null | undefined) => isEnd(view?.status);

const SILENT = { live: { stdout: "", stderr: "" }, ends: { stdout: 0, stderr: 0 } };

export const begin = (id: string): Watched => ({ id, view: null, cases: new Map(), ...SILENT });

const EMPTY: Omit<StatusView, "id" | "status" | "language" | "created_at"> = {
  verdict: null,
  reason: null,
  score: null,
  problem: null,
  problem_version: null,
  language_version: null,
  tests: { passed: 0, run: 0, total: null },
  cases: [],
  time_ms: null,
  wall_ms: null,
  memory_kb: null,
  memory_source: null,
  exit_code: null,
  signal: null,
  compile_output: null,
  stdout: null,
  stderr: null,
  truncated: [],
  attempt: 0,
  finished_at: null,
  offset: 0,
};

export function accepted({ id, status }: Accepted, problem: string | null, language: string): Watched {
  return { ...begin(id), view: { ...EMPTY, id, status, problem, language, created_at: new Date().toISOString() } };
}

/** After a change of the channel. Another attempt starts from nothing. */
export function follow(old: Watched, { data, frame }: Pick<ChannelState<StatusView>, "data" | "frame">): Watched {
  if (!data) return old;
  const again = old.view !== null && data.attempt > old.view.attempt;
  const kept = again ? { ...old, cases: new Map<number, Case>(), ...SILENT } : old;
  const view = { ...EMPTY, ...old.view, ...data };
  const cases = withCases(kept.cases, data.cases ?? []);
  const output = frame?.type === "progress" ? frame.data.output : undefined;
  return { ...kept, view, cases, ...(output && withOutput(kept, output)) };
}

function withCases(cases: ReadonlyMap<number, Case>, more: Case[]): ReadonlyMap<number, Case> {
  if (more.length === 0) return cases;
  const next = new Map(cases);
  for (const each of more) next.set(each.n, { ...each, message: each.message ?? next.get(each.n)?.message ?? null });
  return next;
}

/** What was missed is shown as a gap, what comes twice once: `at` is a byte count. */
function withOutput({ live, ends }: Watched, { stream, at, text }: push.Output): Pick<Watched, "live" | "ends"> {
  const end = at + new TextEncoder().encode(text).length;
  if (end <= ends[stream]) return { live, ends };
  const gap = at > ends[stream] ? "\n…\n" : "";
  return { live: { ...live, [stream]: live[stream] + gap + text }, ends: { ...ends, [stream]: end } };
}
