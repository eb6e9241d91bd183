// HTTP with this tab's key. Whatever is not a success is thrown as the problem details (RFC 9457) that it is.
// The key lives in memory and in this tab's sessionStorage; it never stands in a URL and never in localStorage.

export type Status = "queued" | "compiling" | "running" | "finished" | "cancelled";
export type Verdict =
  | "accepted"
  | "wrong_answer"
  | "time_limit_exceeded"
  | "memory_limit_exceeded"
  | "output_limit_exceeded"
  | "run_time_error"
  | "compile_error"
  | "internal_error";

export type Tests = { passed: number; run: number; total: number | null };
export type Case = {
  n: number;
  group: string;
  verdict: Verdict;
  reason: string | null;
  time_ms: number;
  wall_ms: number;
  memory_kb: number;
  message: string | null;
};
export type Submission = {
  id: string;
  status: Status;
  verdict: Verdict | null;
  reason: string | null;
  score: number | null;
  problem: string | null;
  language: string;
  tests: Tests;
  time_ms: number | null;
  wall_ms: number | null;
  memory_kb: number | null;
  attempt: number;
  created_at: string;
  finished_at: string | null;
  offset: number;
};
export type StatusView = Submission & {
  language_version: string | null;
  cases: Case[];
  exit_code: number | null;
  signal: number | null;
  compile_output: string | null;
  stdout: string | null;
  stderr: string | null;
  truncated?: string[];
};
export type Accepted = {
  id: string;
  status: Status;
  channel: string;
  ticket: string;
  status_url: string;
  ws_url: string;
  events_url: string;
};
export type ProblemItem = {
  slug: string;
  title: string;
  time_limit_ms: number;
  memory_limit_kb: number;
  test_cases: number;
  version: string;
};
export type Problem = ProblemItem & {
  statement: string;
  statement_html: string;
  samples: { input: string; answer: string }[];
  starters?: Record<string, string> | null;
};
export type Language = {
  id: string;
  name: string;
  version: string | null;
  source_name: string;
  available: boolean;
  reason: string | null;
};
export type Account = {
  id: string;
  handle: string;
  currency: string;
  kind: string;
  balance: number;
  available: number;
  held: number;
};
export type TransferState = "pending" | "completed" | "partly_refunded" | "refunded" | "failed" | "voided" | "expired";
export const SERVICES = ["notification", "fraud", "statement", "rewards", "webhook"] as const;
export type Service = (typeof SERVICES)[number];
export type EffectState = "pending" | "done" | "skipped" | "failed";
export type Effect = { status: EffectState; attempts: number; at: string | null; detail: Record<string, unknown> };
export type Transfer = {
  id: string;
  kind: "payment" | "refund" | "reward" | "funding";
  state: TransferState;
  from: string;
  to: string;
  amount: number;
  currency: string;
  posted: number;
  refunded: number;
  held_by: "payer" | "fraud" | null;
  hold_until: string | null;
  reason: string | null;
  reference: string | null;
  note: string | null;
  parent: string | null;
  services: Record<Service, Effect>;
  created_at: string;
  settled_at: string | null;
  offset: number;
};
export type Booked = {
  id: string;
  state: TransferState;
  channel: string;
  ticket: string;
  ws_url: string;
  events_url: string;
};
export type StatementLine = {
  n: number;
  transfer: string;
  kind: string;
  amount: number;
  balance: number;
  other: string;
  note: string | null;
  reference: string | null;
  at: string;
};
export type Endpoint = {
  id: string;
  url: string;
  events: string[];
  created_at: string;
  disabled_at: string | null;
  disabled_reason: string | null;
  secret?: string;
};
export type Call = {
  id: string;
  event: string;
  delivered: boolean;
  status: number | null;
  duration_ms: number;
  error: string | null;
  response: string | null;
  transfer: string | null;
  submission: string | null;
  at: string;
};
export type Ticket = { ticket: string; channel: string; ws_url: string; events_url: string; expires_at: string };
export type Page<T> = { items: T[]; next: string | null };
export type FieldError = { pointer: string; detail: string };

/** What the server refused, or that it did not answer (`status` 0). */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: FieldError[];
  readonly retryAfter: number | null;

  constructor(status: number, body: Partial<Refusal> & { title?: string }, retryAfter: number | null = null) {
    super(body.title ?? `${status}`);
    this.status = status;
    this.code = body.code ?? (status === 0 ? "unreachable" : "unknown");
    this.detail = body.detail ?? "";
    this.errors = body.errors ?? [];
    this.retryAfter = retryAfter;
  }
}

const STORED = "herald-key";
let key: string | null = stored();
const listeners = new Set<() => void>();

function stored(): string | null {
  try {
    return globalThis.sessionStorage?.getItem(STORED) ?? null;
  } catch {
    return null; // storage is forbidden here: the key lives as long as the page
  }
}

export const session = {
  key: () => key,
  set(next: string | null) {
    key = next;
    try {
      if (next === null) sessionStorage.removeItem(STORED);
      else sessionStorage.setItem(STORED, next);
    } catch {
      // as above
    }
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

export type Options = {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal;
  /** Another key than this tab's, to try it out. */
  key?: string;
};

/** The raw answer, whatever its status. */
export async function request(path: string, { method, headers, body, signal, ...other }: Options = {}) {
  const all = new Headers(headers);
  const bearer = other.key ?? key;
  if (bearer) all.set("Authorization", `Bearer ${bearer}`);
  if (body !== undefined) all.set("Content-Type", "application/json");
  try {
    // Chromium's cache lets only one request for a URL run at a time: a long-poll would hold up whoever else asks for it.
    const cache = "no-store";
    return await fetch(path, {
      method,
      headers: all,
      signal,
      cache,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal(0, { title: "", detail: "" });
  }
}

export async function refusal(answer: Response): Promise<Refusal> {
  const after = Number(answer.headers.get("Retry-After"));
  const body = (await answer.json().catch(() => ({}))) as Partial<Refusal>;
  return new Refusal(answer.status, body, Number.isFinite(after) && after > 0 ? after : null);
}

export async function api<T>(path: string, options: Options = {}): Promise<T> {
  const answer = await request(path, options);
  if (!answer.ok) throw await refusal(answer);
  return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
}
