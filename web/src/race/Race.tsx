import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { refused } from "../api";
import { milliseconds } from "../format";
import { useLanguages } from "../solve/queries";
import { raceText } from "../text/race";
import { Bolt } from "../ui/icons";
import { Notice, Problem } from "../ui/parts";
import { Boxes } from "./Boxes";
import { emptyRun, pickLanguage, type Run, race } from "./engine";
import { Lanes } from "./Lanes";
import { type Delays, first, medians } from "./stats";
import "./race.css";

const Chart = lazy(() => import("./Chart"));
const MANY = 20;

export default function Race() {
  const languages = useLanguages();
  const [run, setRun] = useState<Run>(emptyRun);
  const [runs, setRuns] = useState<Delays[]>([]);
  const [going, setGoing] = useState<{ n: number; of: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [hidden, setHidden] = useState(false);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const language = pickLanguage((languages.data ?? []).map(({ id }) => id));
  const named = languages.data?.find(({ id }) => id === language)?.name;

  const start = async (of: number) => {
    if (language === null || going) return;
    const own = new AbortController();
    abort.current = own;
    setError(null);
    setHidden(false);
    if (of > 1) setRuns([]);
    try {
      for (let n = 1; n <= of && !own.signal.aborted; n += 1) {
        setGoing({ n, of });
        let away = document.hidden;
        const note = () => (away ||= document.hidden);
        document.addEventListener("visibilitychange", note);
        const done = await race(language, setRun, own.signal).finally(() =>
          document.removeEventListener("visibilitychange", note),
        );
        setRun(done);
        if (away) setHidden(true);
        else setRuns((all) => [...all, done.delays]);
      }
    } catch (caught) {
      if (!own.signal.aborted) {
        setError(refused(caught));
      }
    } finally {
      if (abort.current === own) abort.current = null;
      setGoing(null);
    }
  };

  return (
    <div className="page race">
      <div className="page-head">
        <h1>{raceText.title}</h1>
        <p className="lead">{raceText.lead}</p>
      </div>
      {languages.error ? <Problem error={languages.error} retry={() => void languages.again()} /> : null}
      {error ? <Problem error={error} retry={() => void start(1)} /> : null}
      <section className="card" aria-label={raceText.title}>
        <div className="card-head">
          <div className="row">
            <button
              type="button"
              className="primary"
              disabled={going !== null || !language}
              onClick={() => void start(1)}
            >
              <Bolt />
              {raceText.start}
            </button>
            <button type="button" disabled={going !== null || !language} onClick={() => void start(MANY)}>
              {raceText.startMany}
            </button>
            <button type="button" className="plain" disabled={going === null} onClick={() => abort.current?.abort()}>
              {raceText.stop}
            </button>
          </div>
          <p className="quiet small" role="status">
            {going && going.of > 1
              ? raceText.progress(going.n, going.of)
              : language
                ? raceText.program(named ?? language)
                : languages.data
                  ? raceText.noLanguage
                  : ""}
          </p>
        </div>
        <Lanes run={run} running={going !== null} />
        <p className="summary" aria-live="polite">
          {going === null ? summary(runs.length > 0 ? medians(runs) : {}) : " "}
        </p>
      </section>
      {hidden && <p className="problem">{raceText.hidden}</p>}
      {run.skewed && <p className="quiet small">{raceText.clockNote}</p>}
      <div className="pair">
        <section className="card" aria-labelledby="boxes-title">
          <div className="card-head">
            <h2 id="boxes-title">{raceText.boxes}</h2>
            <span className="quiet small">{raceText.runs(runs.length)}</span>
          </div>
          <div className="card-body stack">
            <Boxes runs={runs} />
            <p className="quiet small">{raceText.boxesNote}</p>
          </div>
        </section>
        <section className="card" aria-labelledby="chart-title">
          <div className="card-head">
            <h2 id="chart-title">{raceText.chart}</h2>
          </div>
          <div className="card-body chart-place">
            {runs.length < 2 ? (
              <Notice title={raceText.boxesEmpty} />
            ) : (
              <Suspense>
                <Chart runs={runs} many={Math.max(MANY, runs.length)} />
              </Suspense>
            )}
          </div>
        </section>
      </div>
      <p className="quiet small">{raceText.bytesNote}</p>
    </div>
  );
}

function summary(delays: Delays): string {
  const poll = delays.poll1000;
  if (poll === undefined) return raceText.summaryNone;
  const winners = first(delays);
  const best = Math.min(...winners.map((lane) => delays[lane] as number));
  const names = new Intl.ListFormat("en").format(winners.map((lane) => raceText.lanes[lane]));
  const say = winners.length > 1 ? raceText.summaryTie : raceText.summaryWin;
  return say(names, milliseconds(best), milliseconds(poll));
}
