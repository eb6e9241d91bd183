import type { Case, Status, Verdict } from "../api";
import { text } from "../text/all";
import { solveText } from "../text/solve";
import { tone } from "../ui/parts";

const MANY = 60;

/** A cell per test case. All stand there from the start, so nothing moves as they fill. */
export function Strip({
  total,
  cases,
  status,
  run,
}: {
  total: number;
  cases: ReadonlyMap<number, Case>;
  status: Status | null;
  run: number;
}) {
  const passed = [...cases.values()].filter(({ verdict }) => verdict === "accepted").length;
  const next = status === "running" ? run + 1 : 0;
  return (
    <div
      className="strip"
      role="img"
      aria-label={solveText.strip(passed, Math.max(run, cases.size), total)}
      data-many={total > MANY || undefined}
    >
      {Array.from({ length: total }, (_, index) => {
        const n = index + 1;
        const each = cases.get(n);
        return (
          <i
            key={n}
            data-tone={each ? tone(each.verdict) : undefined}
            data-verdict={each?.verdict}
            data-next={!each && n === next ? true : undefined}
            title={each ? `${n}: ${text.verdict[each.verdict]}` : `${n}`}
          >
            {each && total <= MANY ? MARK[each.verdict] : null}
          </i>
        );
      })}
    </div>
  );
}

/** Not by colour alone. */
const MARK: Record<Verdict, string> = {
  accepted: "✓",
  wrong_answer: "×",
  time_limit_exceeded: "T",
  memory_limit_exceeded: "M",
  output_limit_exceeded: "O",
  run_time_error: "!",
  compile_error: "C",
  internal_error: "?",
};
