// The five lanes, drawn as they run. Positions are shares of the width, so a drawing fits every width.
import { bytes, count, milliseconds } from "../format";
import { raceText } from "../text/race";
import type { Lane, Run } from "./engine";
import { first, LANES, type LaneId, PUSH } from "./stats";

const SHORTEST_MS = 2500;
const STEP_MS = 500;

const span = (run: Run) => {
  const last = Math.max(...LANES.map((id) => run.lanes[id].seenAt ?? 0), run.now && run.now < 60_000 ? run.now : 0);
  return Math.max(SHORTEST_MS, Math.ceil((last + 100) / STEP_MS) * STEP_MS);
};

export function Lanes({ run, running }: { run: Run; running: boolean }) {
  const long = span(run);
  const done = !running && LANES.every((id) => run.lanes[id].seenAt !== null || run.lanes[id].failed);
  const winners = done && run.storedAt !== null ? first(run.delays) : [];
  const ticks = Array.from({ length: Math.floor(long / STEP_MS) + 1 }, (_, n) => n * STEP_MS).filter(
    (ms) => long <= SHORTEST_MS || ms % 1000 === 0,
  );
  const columns = raceText.columns;
  return (
    <div className="lanes">
      <div className="lane lane-head" aria-hidden="true">
        <span>{columns.lane}</span>
        <span className="axis">
          {ticks.map((ms) => (
            <Place key={ms} share={ms / long}>
              {ms === 0 ? "0" : `${ms / 1000} s`}
            </Place>
          ))}
        </span>
        <span className="number">{columns.delay}</span>
        <span className="number">{columns.requests}</span>
        <span className="number">{columns.bytes}</span>
      </div>
      <ol>
        {LANES.map((id) => (
          <li className="lane" key={id} data-lane={id}>
            <h2>
              <i className="swatch" aria-hidden="true" />
              <span>
                {raceText.lanes[id]}
                <small>{raceText.notes[id]}</small>
              </span>
            </h2>
            <Timeline id={id} run={run} long={long} ticks={ticks} running={running} />
            <dl>
              <div>
                <dt>{columns.delay}</dt>
                <dd data-testid={`delay-${id}`}>
                  <Delay id={id} run={run} running={running} winners={winners} />
                </dd>
              </div>
              <div>
                <dt>{columns.requests}</dt>
                <dd>{run.lanes[id].requests ? count(run.lanes[id].requests) : "–"}</dd>
              </div>
              <div>
                <dt>{columns.bytes}</dt>
                <dd>{run.lanes[id].bytes ? bytes(run.lanes[id].bytes) : "–"}</dd>
              </div>
            </dl>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Place({ share, children }: { share: number; children: string }) {
  const put = (element: HTMLElement | null) => element?.style.setProperty("inset-inline-start", `${share * 100}%`);
  return <i ref={put}>{children}</i>;
}

function Delay({ id, run, running, winners }: { id: LaneId; run: Run; running: boolean; winners: LaneId[] }) {
  const delay = run.delays[id];
  if (run.lanes[id].failed) return <span data-tone="bad">{raceText.failed}</span>;
  if (delay === undefined) return <span className="quiet">{running ? raceText.waiting : "–"}</span>;
  const best = Math.min(...Object.values(run.delays));
  const times = delay / Math.max(best, 1);
  return (
    <>
      <b>{milliseconds(delay)}</b>
      <small>
        {winners.includes(id)
          ? winners.length > 1 && winners.some((other) => PUSH.includes(other))
            ? raceText.tie
            : raceText.winner
          : winners.length > 0
            ? raceText.behind(times >= 10 ? `${Math.round(times)}` : times.toFixed(1))
            : " "}
      </small>
    </>
  );
}

type TimelineProps = { id: LaneId; run: Run; long: number; ticks: number[]; running: boolean };

function Timeline({ id, run, long, ticks, running }: TimelineProps) {
  const own = run.lanes[id];
  const x = (ms: number) => `${(Math.min(ms, long) / long) * 100}%`;
  const end = own.seenAt ?? (running && own.openedAt !== null ? run.now : null);
  return (
    <svg className="timeline" role="img" aria-label={label(own, run, id)} preserveAspectRatio="none">
      {ticks.map((ms) => (
        <line key={ms} className="tick" x1={x(ms)} x2={x(ms)} y1="0" y2="100%" />
      ))}
      {PUSH.includes(id) && own.openedAt !== null && end !== null && (
        <line className="held" x1={x(own.openedAt)} x2={x(end)} y1="50%" y2="50%" />
      )}
      {run.storedAt !== null && own.seenAt !== null && (
        <rect
          className="late"
          x={x(run.storedAt)}
          width={x(Math.max(0, own.seenAt - run.storedAt))}
          y="32%"
          height="36%"
        />
      )}
      {own.marks.map(({ at, kind }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: marks are only added
        <circle key={index} className={kind} cx={x(at)} cy="50%" r={kind === "ask" ? 3.5 : 2.5} />
      ))}
      {run.storedAt !== null && <line className="stored" x1={x(run.storedAt)} x2={x(run.storedAt)} y1="0" y2="100%" />}
      {own.seenAt !== null && <circle className="seen" cx={x(own.seenAt)} cy="50%" r="6" />}
    </svg>
  );
}

const label = (own: Lane, run: Run, id: LaneId) =>
  own.seenAt === null
    ? `${raceText.lanes[id]}: ${raceText.waiting}`
    : `${raceText.lanes[id]}: ${milliseconds(run.delays[id] ?? 0)}`;
