// The delay of each run, by uPlot on a canvas; a chunk of its own, loaded with the second run.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { raceText } from "../text/race";
import { type Delays, LANES } from "./stats";

const HEIGHT_REM = 15;

export default function Chart({ runs, many }: { runs: Delays[]; many: number }) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(runs);
  latest.current = runs;

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const make = () => {
      chart.current?.destroy();
      chart.current = new uPlot(options(element, many), data(latest.current), element);
    };
    make();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const sized = new ResizeObserver(() =>
      chart.current?.setSize({ width: element.clientWidth, height: rem(HEIGHT_REM) }),
    );
    sized.observe(element);
    dark.addEventListener("change", make);
    return () => {
      sized.disconnect();
      dark.removeEventListener("change", make);
      chart.current?.destroy();
      chart.current = null;
    };
  }, [many]);

  useEffect(() => chart.current?.setData(data(runs)), [runs]);
  return <div className="chart" ref={host} role="img" aria-label={raceText.chart} />;
}

const rem = (n: number) => n * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

function data(runs: Delays[]): uPlot.AlignedData {
  const series = LANES.map((id) => runs.map((run) => (run[id] === undefined ? null : Math.max(0.1, run[id]))));
  return [runs.map((_, index) => index + 1), ...series];
}

function options(element: HTMLElement, many: number): uPlot.Options {
  // A canvas takes colours, not properties: each is computed from an element that wears it.
  const probe = document.createElement("i");
  element.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const [ink, line] = [colour("--quiet"), colour("--line")];
  const colours = LANES.map((id) => colour(`--lane-${id}`));
  probe.remove();
  const font = `${rem(0.75)}px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: rem(HEIGHT_REM),
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [0.5, many + 0.5] }, y: { distr: 3, range: [0.3, 3000] } },
    axes: [
      { ...axis, grid: { show: false }, incrs: [1, 2, 5, 10] },
      {
        ...axis,
        size: rem(3.75),
        splits: () => [1, 10, 100, 1000],
        filter: (_, splits) => splits,
        values: (_, splits) => splits.map((ms) => (ms < 1000 ? `${ms} ms` : `${ms / 1000} s`)),
      },
    ],
    series: [
      {},
      ...LANES.map((id, index) => ({
        label: raceText.lanes[id],
        stroke: colours[index],
        fill: undefined,
        width: 1.5,
        points: { show: true, size: 6, fill: colours[index], stroke: colours[index] },
      })),
    ],
  };
}
