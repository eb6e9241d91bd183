import { useId } from "react";
import type { Problem as ProblemBody } from "../api";
import { memory, milliseconds } from "../format";
import type { SubmissionState } from "../live/hooks";
import { text } from "../text/all";
import { solveText } from "../text/solve";
import { Problem, tone, VerdictIcon } from "../ui/parts";
import { Compiler } from "./Compiler";

type Props = {
  problem: ProblemBody | null;
  stdin: string;
  onStdin: (value: string) => void;
  state: SubmissionState;
  error: unknown;
  retry: () => void;
  onGoTo: (line: number, column: number | null) => void;
};

export function RunPanel({ problem, stdin, onStdin, state, error, retry, onGoTo }: Props) {
  const id = useId();
  const samples = problem?.samples ?? [];
  const expected = samples.find(({ input }) => input.trimEnd() === stdin.trimEnd())?.answer;
  return (
    <div className="run">
      <div className="run-input">
        <div className="row spread">
          <label htmlFor={id}>{solveText.customInput}</label>
          <span className="row">
            {samples.map(({ input }, index) => (
              <button
                type="button"
                className="plain tiny"
                // biome-ignore lint/suspicious/noArrayIndexKey: samples have no other name, and never change places
                key={index}
                aria-label={solveText.sampleAsInput(index + 1)}
                onClick={() => onStdin(input)}
              >
                {solveText.sample(index + 1)}
              </button>
            ))}
          </span>
        </div>
        <textarea id={id} value={stdin} spellCheck={false} onChange={({ target }) => onStdin(target.value)} />
        {expected !== undefined && (
          <div className="expected">
            <h2 className="part">{solveText.expected}</h2>
            <pre className="block">{expected}</pre>
          </div>
        )}
      </div>
      <Output state={state} error={error} retry={retry} onGoTo={onGoTo} />
    </div>
  );
}

function Output({ state, error, retry, onGoTo }: Pick<Props, "state" | "error" | "retry" | "onGoTo">) {
  const view = state.watched?.view ?? null;
  const live = state.watched?.live;
  const stdout = view?.stdout ?? live?.stdout ?? "";
  const stderr = view?.stderr ?? live?.stderr ?? "";
  const figures = view && [
    view.exit_code != null && view.exit_code !== 0 ? solveText.exit(view.exit_code) : null,
    view.signal != null ? solveText.signal(view.signal) : null,
    view.time_ms != null ? milliseconds(view.time_ms) : null,
    view.memory_kb != null ? memory(view.memory_kb) : null,
  ];
  return (
    <div className="run-output">
      <div className="row spread">
        <h2 className="part">{solveText.output}</h2>
        {view && (
          <p className="row small">
            <span
              role="status"
              className="row run-verdict"
              data-tone={tone(view.verdict)}
              data-verdict={view.verdict ?? view.status}
            >
              <VerdictIcon verdict={view.verdict} />
              {view.verdict === "accepted"
                ? solveText.ran
                : view.verdict
                  ? text.verdict[view.verdict]
                  : text.status[view.status]}
            </span>
            <span className="quiet">{figures?.filter(Boolean).join(" · ")}</span>
          </p>
        )}
      </div>
      {error ? <Problem error={error} retry={retry} /> : null}
      <pre className="block output" data-empty={stdout === "" || undefined} aria-live="off">
        {stdout || (view === null ? solveText.outputEmpty : view.status === "finished" ? solveText.outputNone : "")}
        {view?.truncated?.includes("stdout") && <em className="quiet"> … {solveText.truncated}</em>}
      </pre>
      {stderr && (
        <div className="stderr">
          <h2 className="part">{solveText.errors}</h2>
          <pre className="block">{stderr}</pre>
        </div>
      )}
      {view?.compile_output ? <Compiler output={view.compile_output} onGoTo={onGoTo} /> : null}
    </div>
  );
}
