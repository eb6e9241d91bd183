// What goes wrong, in one shape: what the server refused (its problem details), or what this client gave up.
import type { ProblemDetails } from "./generated/openapi.js";

interface Details {
  /** HTTP status, where there was one. */
  status?: number | undefined;
  /** The server's own words (RFC 9457), with a line for each field that is wrong. */
  problem?: ProblemDetails | undefined;
  /** What the server asked for before the next try. */
  retryAfterMs?: number | undefined;
}

export class HeraldError extends Error implements Details {
  /** Stable and machine-readable: the server's, or one of this client's (`offline`, `queue_full`, `closed`, …). */
  readonly code: string;
  declare readonly status?: number | undefined;
  declare readonly problem?: ProblemDetails | undefined;
  declare readonly retryAfterMs?: number | undefined;

  constructor(code: string, message: string, details?: Details) {
    super(message);
    this.name = "HeraldError";
    this.code = code;
    Object.assign(this, details);
  }
}

/** Whether a later try may go better: the network, and 429, 5xx. */
export const mayPass = ({ status = 500 }: HeraldError) => status >= 500 || status === 429;

export const asHeraldError = (error: unknown): HeraldError =>
  error instanceof HeraldError ? error : new HeraldError("offline", `${error}`);
