import type { Case, Problem as ProblemBody } from "../api";
import { limit, memory, milliseconds } from "../format";
import type { SubmissionState } from "../live/hooks";
import { text } from "../text/all";
import { solveText } from "../text/solve";
import { Meter, Notice, Problem, Scroll, tone, VerdictIcon } from "../ui/parts";
import { Compiler } from "./Compiler";
import { Strip } from "./Strip";

type Props = {
  problem: ProblemBody;
  state: SubmissionState;
  tookMs: number | null;
  busy: boolean;
  error: unknown;
  retry: () => void;
  onGoTo: (line: number, column: number | null) => void;
};

export function Result({ problem, state, tookMs, busy, error, retry, onGoTo }: Props) {
  const view = state.watched?.view ?? null;
  const cases = state.watched?.cases ?? NONE;
  const total = view?.tests.total ?? problem.test_cases;
  return (
    <div className="result">
      <Head state={state} tookMs={tookMs} busy={busy} mostScore={problem.max_score} />
      <Strip total={total} cases={cases} status={view?.status ?? null} run={view?.tests.run ?? 0} />
      <div className="meters">
        <Meter
          label={solveText.tests}
          value={view ? solveText.passed(view.tests.passed, total) : "–"}
          share={view && total > 0 ? view.tests.passed / total : null}
          least
        />
        <Meter
          label={solveText.time}
          value={view?.time_ms != null ? milliseconds(view.time_ms) : "–"}
          bound={`/ ${limit(problem.time_limit_ms)}`}
          share={view?.time_ms != null ? view.time_ms / problem.time_limit_ms : null}
        />
        <Meter
          label={solveText.memory}
          value={view?.memory_kb != null ? memory(view.memory_kb) : "–"}
          bound={`/ ${memory(problem.memory_limit_kb)}`}
          share={view?.memory_kb != null ? view.memory_kb / problem.memory_limit_kb : null}
        />
      </div>
      {error ? <Problem error={error} retry={retry} /> : null}
      {state.refused ? <Notice title={solveText.refusedWatch} detail={state.refused.problem?.detail} /> : null}
      {view?.compile_output ? <Compiler output={view.compile_output} onGoTo={onGoTo} /> : null}
      <Cases cases={cases} />
    </div>
  );
}

const NONE: ReadonlyMap<number, Case> = new Map();

function Head({
  state,
  tookMs,
  busy,
  mostScore,
}: Pick<Props, "state" | "tookMs" | "busy"> & { mostScore: number | null }) {
  const view = state.watched?.view ?? null;
  const failing = [...(state.watched?.cases.values() ?? [])]
    .sort((a, b) => a.n - b.n)
    .find(({ verdict }) => verdict !== "accepted");
  if (!view)
    return (
      <p className="verdict" data-tone="busy">
        {busy ? solveText.submitting : solveText.resultEmpty}
      </p>
    );
  const away = state.connection === "waiting";
  const notes = [
    tookMs !== null && view.verdict ? solveText.after(milliseconds(tookMs)) : null,
    failing ? solveText.firstFailing(failing.n) : null,
    view.score != null ? solveText.score(view.score, mostScore) : null,
    away && !view.verdict ? solveText.reconnecting : null,
  ].filter(Boolean);
  return (
    <div className="verdict-line">
      <p className="verdict" role="status" data-tone={tone(view.verdict)} data-verdict={view.verdict ?? view.status}>
        <span className="verdict-icon">
          <VerdictIcon verdict={view.verdict} />
        </span>
        {view.verdict ? text.verdict[view.verdict] : text.status[view.status]}
      </p>
      <p className="quiet small" data-tone={away && !view.verdict ? "warn" : undefined}>
        {notes.join(" · ")}
      </p>
    </div>
  );
}

function Cases({ cases }: { cases: ReadonlyMap<number, Case> }) {
  if (cases.size === 0) return null;
  const rows = [...cases.values()].sort((a, b) => a.n - b.n);
  const said = rows.some(({ message }) => message);
  const grouped = new Set(rows.map(({ group }) => group)).size > 1;
  const columns = solveText.caseColumns;
  return (
    <details className="cases">
      <summary>{solveText.cases}</summary>
      <Scroll label={solveText.cases}>
        <table className="table compact">
          <thead>
            <tr>
              <th scope="col" className="number">
                {columns.n}
              </th>
              {grouped && <th scope="col">{columns.group}</th>}
              <th scope="col">{columns.verdict}</th>
              <th scope="col" className="number">
                {columns.time}
              </th>
              <th scope="col" className="number">
                {columns.memory}
              </th>
              {said && <th scope="col">{columns.message}</th>}
            </tr>
          </thead>
          <tbody>
            {rows.map((each) => (
              <tr key={each.n}>
                <td className="number">{each.n}</td>
                {grouped && <td>{each.group}</td>}
                <td data-tone={tone(each.verdict)}>{text.verdict[each.verdict]}</td>
                <td className="number">{milliseconds(each.time_ms)}</td>
                <td className="number">{memory(each.memory_kb)}</td>
                {said && <td className="wide mono">{each.message}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}
