// The server, as this tab may use it: one client for each key, and the names that the page has for what the server says.
// The key lives in memory and in this tab's sessionStorage; it never stands in a URL and never in localStorage.
import { type api as contract, createHerald, type Herald, HeraldError, type RequestOptions } from "herald-client";
import { readAgain } from "./reads";

/** The server leaves no field out of its answers: what is unknown is null. */
type Full<T> = T extends object ? { [K in keyof T]-?: Full<Exclude<T[K], undefined>> } : T;

export type FieldError = contract.FieldError;
export type Status = contract.Status;
export type Verdict = contract.Verdict;
export type Tests = Full<contract.Tests>;
export type Case = Full<contract.CaseResult>;
export type Submission = Full<contract.SubmissionView>;
export type StatusView = Full<contract.StatusView>;
export type Accepted = contract.AcceptedView;
export type ProblemItem = Full<contract.ProblemListView>;
export type Starter = contract.Starter;
export type Problem = Full<contract.ProblemView>;
export type Language = Full<contract.LanguageView>;
export type Account = contract.AccountView;
export type TransferState = contract.TransferState;
export const SERVICES = ["notification", "fraud", "statement", "rewards", "webhook"] as const;
export type Service = (typeof SERVICES)[number];
export type EffectState = contract.EffectState;
export type Effect = Full<contract.EffectView>;
export type Transfer = Omit<Full<contract.TransferView>, "services"> & { services: Record<Service, Effect> };
export type StatementLine = Full<contract.StatementLineView>;
export type Endpoint = Full<contract.EndpointView>;
export type NewEndpoint = Full<contract.NewEndpointView>;
export type Call = Full<contract.AttemptView>;
export type Page<T> = { items: T[]; next: string | null };

const STORED = "herald-key";
let key = stored();
let herald = connect();
const listeners = new Set<() => void>();

function stored(): string | null {
  try {
    return globalThis.sessionStorage?.getItem(STORED) ?? null;
  } catch {
    return null; // storage is forbidden here: the key lives as long as the page
  }
}

// Chromium's cache lets only one request for a URL run at a time: a long-poll would hold up whoever else asks for it.
function uncached(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  return fetch(input, { ...init, cache: "no-store" });
}

/** A client of its own, with this tab's key if no other is given. */
export function connect(own = key): Herald {
  return createHerald({ url: location.origin, fetch: uncached, ...(own !== null && { key: own }) });
}

export const session = {
  key: () => key,
  herald: () => herald,
  /** Another key is another person: nothing that was opened with the last one stays open. */
  set(next: string | null) {
    key = next;
    try {
      if (next === null) sessionStorage.removeItem(STORED);
      else sessionStorage.setItem(STORED, next);
    } catch {
      // as above
    }
    herald.close();
    herald = connect();
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

/** JSON in and out. A key that is refused may have been revoked: who one is, is asked anew. */
export async function api<T>(path: string, options?: RequestOptions): Promise<T> {
  try {
    return await herald.request<T>(path, options);
  } catch (error) {
    if (isStatus(error, 401)) void readAgain("who");
    throw error;
  }
}

/** JSON in and out, with another key than this tab's if one is given; a refusal is the caller's alone. */
export const apiAs = <T>(own: string | undefined, path: string, options?: RequestOptions): Promise<T> =>
  connect(own).request<T>(path, options);

/** The raw answer, whatever its status, for what needs headers or counts bytes. */
export function raw(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key !== null) headers.set("Authorization", `Bearer ${key}`);
  return uncached(path, { ...init, headers });
}

/** Whether nobody answered: the server is away, or the network. */
export const isAway = (error: unknown) => error instanceof HeraldError && error.status === undefined;
export const isStatus = (error: unknown, status: number) => error instanceof HeraldError && error.status === status;
/** Whether the same may go better later. */
export const mayPass = (error: unknown) =>
  error instanceof HeraldError && (error.status === undefined || error.status === 429 || error.status >= 500);

/** What was refused or not answered, to be shown; a fault of the page itself is thrown on. */
export function refused(error: unknown): HeraldError {
  if (error instanceof HeraldError) return error;
  throw error;
}
