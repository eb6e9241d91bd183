// An answer that is none of 2xx, as an error: its problem details, and when to come back.
import { HeraldError } from "./error.js";
import type { ProblemDetails } from "./generated/openapi.js";

/** The error that an answer stands for. */
export async function refusal(answer: Response): Promise<HeraldError> {
  const { status } = answer;
  const problem: ProblemDetails | undefined = await answer.json().catch(() => undefined);
  const seconds = answer.headers.get("retry-after");
  const words = problem ? `${problem.title}: ${problem.detail}` : `the server answered ${status}`;
  const retryAfterMs = seconds ? Number(seconds) * 1000 || undefined : undefined;
  return new HeraldError(problem?.code ?? `http_${status}`, words, { status, problem, retryAfterMs });
}
