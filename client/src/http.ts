// Requests to the server: the key, problem details as errors, and tries again where that cannot do a thing twice.
import { asHeraldError, mayPass } from "./error.js";
import { jittered, pause } from "./retry.js";

export interface Site {
  /** With a slash at its end; what a page says is relative to the page's. */
  url: string;
  /** API key; asked for before each request if it is a function. Never put into a URL. */
  key?: string | (() => string | Promise<string>) | undefined;
  /** For whom a key of scope `admin` acts (`Herald-User`). */
  user?: string | undefined;
  fetch?: typeof fetch | undefined;
}

export interface RequestOptions {
  method?: string;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Whether an HTTP cache may answer. */
  cache?: RequestCache;
  /**
   * Tries in all, while the server does not answer or is too busy: 4; of what changes something 1, unless it has headers of its own,
   * as an `Idempotency-Key` by which it is done once.
   */
  tries?: number;
}

/** Longer than this a request does not wait for its next try: the caller hears of it. */
const PATIENCE_MS = 5_000;

/** Answers of 2xx and 304; all others are thrown. */
export async function request(site: Site, path: string, options: RequestOptions = {}): Promise<Response> {
  const { signal, tries = options.method && !options.headers ? 1 : 4 } = options;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await once(site, path, options);
    } catch (thrown) {
      signal?.throwIfAborted();
      const error = asHeraldError(thrown);
      const ms = error.retryAfterMs ?? jittered(attempt);
      if (attempt + 1 >= tries || !mayPass(error) || ms > PATIENCE_MS) throw error;
      await pause(ms, signal);
    }
  }
}

async function once(site: Site, path: string, { method = "GET", body, headers, signal, cache }: RequestOptions) {
  const key = typeof site.key === "function" ? await site.key() : site.key;
  const answer = await (site.fetch ?? fetch)(new URL(site.url + path, globalThis.location?.href).href, {
    method,
    cache: cache as RequestCache,
    headers: {
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(key && { Authorization: `Bearer ${key}` }),
      ...(site.user && { "Herald-User": site.user }),
      ...headers,
    },
    body: JSON.stringify(body),
    signal: signal as AbortSignal,
  });
  if (!answer.ok && answer.status !== 304) throw await (await import("./trouble.js")).refusal(answer);
  return answer;
}

/** A name for a request that nobody else gives. `randomUUID` would want a secure context. */
export const newIdempotencyKey = () => crypto.getRandomValues(new Uint32Array(4)).join("-");
