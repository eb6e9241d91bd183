// What a submission looks like to whoever watches it: a fold over its frames. Pure, and what is shown only grows.
import type { Accepted, Case, StatusView, Tests } from "../api";
import type { Frame } from "./watch";

export type Output = { stdout: string; stderr: string };
export type Watched = {
  id: string;
  view: StatusView | null;
  /** By case number. A snapshot has only the newest, so those that were seen are kept. */
  cases: ReadonlyMap<number, Case>;
  live: Output;
  final: boolean;
};

export const isFinal = (status: string | undefined) => status === "finished" || status === "cancelled";

export function begin(id: string): Watched {
  return { id, view: null, cases: new Map(), live: { stdout: "", stderr: "" }, final: false };
}

const EMPTY: Omit<StatusView, "id" | "status" | "language" | "created_at"> = {
  verdict: null,
  reason: null,
  score: null,
  problem: null,
  language_version: null,
  tests: { passed: 0, run: 0, total: null },
  cases: [],
  time_ms: null,
  wall_ms: null,
  memory_kb: null,
  exit_code: null,
  signal: null,
  compile_output: null,
  stdout: null,
  stderr: null,
  attempt: 0,
  finished_at: null,
  offset: 0,
};

export function accepted(submission: Accepted, problem: string | null, language: string): Watched {
  const { id, status } = submission;
  return { ...begin(id), view: { ...EMPTY, id, status, problem, language, created_at: new Date().toISOString() } };
}

function withCases(cases: ReadonlyMap<number, Case>, more: Case[]): ReadonlyMap<number, Case> {
  if (more.length === 0) return cases;
  const next = new Map(cases);
  for (const each of more) next.set(each.n, { ...each, message: each.message ?? next.get(each.n)?.message ?? null });
  return next;
}

const further = (old: Tests | undefined, next: Tests | undefined) =>
  next && (!old || next.run >= old.run) ? { ...next, total: next.total ?? old?.total ?? null } : old;

type Chunk = { stream: "stdout" | "stderr"; at: number; text: string };

/** Chunks overlap after a reconnect: `at` is a byte count, so text is kept beside the bytes that it stands for. */
function withChunk(live: Output, ends: Record<string, number>, { stream, at, text }: Chunk): Output {
  const length = new TextEncoder().encode(text).length;
  const end = ends[stream] ?? 0;
  if (at + length <= end) return live;
  ends[stream] = at + length;
  const gap = at > end ? "\n…\n" : "";
  return { ...live, [stream]: live[stream] + gap + text };
}

/** Byte ends are no part of what is shown, so each watch keeps them itself. */
export function reducer() {
  const ends: Record<string, number> = {};
  let attempt = 0;
  return (old: Watched, { type, data, attempt: of = 0, offset }: Frame): Watched => {
    if (type === "snapshot") return whole(old, data as StatusView);
    if (type === "progress") {
      if (old.final) return old;
      if (of > attempt && attempt > 0) {
        // Another worker has taken it up from the start.
        for (const stream of Object.keys(ends)) ends[stream] = 0;
        old = { ...old, cases: new Map(), live: { stdout: "", stderr: "" } };
        if (old.view)
          old = { ...old, view: { ...old.view, tests: { passed: 0, run: 0, total: old.view.tests.total } } };
      }
      attempt = of;
      const live = typeof data.text === "string" ? withChunk(old.live, ends, data) : old.live;
      const cases = withCases(old.cases, data.case ? [data.case] : (data.cases ?? []));
      const view = old.view && { ...old.view, status: data.status ?? old.view.status };
      return { ...old, live, cases, view: view && { ...view, tests: further(view.tests, data.tests) ?? view.tests } };
    }
    if (type !== "event" || !old.view) return old;
    if (data.attempt > attempt) attempt = data.attempt;
    const view = { ...old.view, ...data, tests: further(old.view.tests, data.tests) ?? old.view.tests, offset };
    return { ...old, view, final: isFinal(view.status) };
  };
}

/** A whole view, by snapshot or by GET: it wins, save where it leaves out what was seen before. */
export function whole(old: Watched, view: StatusView): Watched {
  if (old.final && !isFinal(view.status)) return old;
  const kept = {
    stdout: view.stdout ?? old.view?.stdout ?? null,
    stderr: view.stderr ?? old.view?.stderr ?? null,
    compile_output: view.compile_output ?? old.view?.compile_output ?? null,
  };
  const cases = withCases(old.cases, view.cases ?? []);
  return { ...old, view: { ...view, ...kept }, cases, final: isFinal(view.status) };
}
