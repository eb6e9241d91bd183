// A box plot, drawn as SVG in shares of the width.
import { milliseconds } from "../format";
import { raceText } from "../text/race";
import { boxes, type Delays, LANES } from "./stats";

const LEAST = 0.3;
const MOST = 3000;
const TICKS = [1, 10, 100, 1000];
const at = (ms: number) =>
  (Math.log10(Math.min(Math.max(ms, LEAST), MOST)) - Math.log10(LEAST)) / (Math.log10(MOST) - Math.log10(LEAST));
const x = (ms: number) => `${at(ms) * 100}%`;
const width = (from: number, to: number) => `${Math.max(0.4, (at(to) - at(from)) * 100)}%`;

export function Boxes({ runs }: { runs: Delays[] }) {
  const all = boxes(runs);
  return (
    <div className="boxes">
      {LANES.map((id) => {
        const each = all[id];
        return (
          <div className="box-row" key={id} data-lane={id} data-median={each?.median.toFixed(2)}>
            <span className="box-name">
              <i className="swatch" aria-hidden="true" />
              {raceText.lanes[id]}
            </span>
            <svg className="box-plot" aria-hidden="true">
              {TICKS.map((ms) => (
                <line key={ms} className="tick" x1={x(ms)} x2={x(ms)} y1="0" y2="100%" />
              ))}
              {each && (
                <>
                  <line className="whisker" x1={x(each.low)} x2={x(each.high)} y1="50%" y2="50%" />
                  <line className="whisker" x1={x(each.low)} x2={x(each.low)} y1="35%" y2="65%" />
                  <line className="whisker" x1={x(each.high)} x2={x(each.high)} y1="35%" y2="65%" />
                  <rect className="box" x={x(each.q1)} width={width(each.q1, each.q3)} y="22%" height="56%" rx="2" />
                  <line className="median" x1={x(each.median)} x2={x(each.median)} y1="16%" y2="84%" />
                </>
              )}
            </svg>
            <span className="number">
              {each ? <b>{milliseconds(each.median)}</b> : "–"}
              <span className="visually-hidden"> {raceText.median}</span>
            </span>
          </div>
        );
      })}
      <div className="box-row box-axis" aria-hidden="true">
        <span />
        <svg className="box-plot" aria-hidden="true">
          {TICKS.map((ms) => (
            <text key={ms} x={x(ms)} y="70%" textAnchor="middle">
              {ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}
            </text>
          ))}
        </svg>
        <span className="number">{raceText.median}</span>
      </div>
    </div>
  );
}
