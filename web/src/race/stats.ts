// What is said about delays. Pure.

export const LANES = ["poll1000", "poll200", "longpoll", "sse", "ws"] as const;
export type LaneId = (typeof LANES)[number];
export const PUSH: readonly LaneId[] = ["longpoll", "sse", "ws"];
/** Lanes that are nearer to each other than this are called a tie: below it, what differs is this browser's doing. */
export const TIE_MS = 3;

export type Delays = Partial<Record<LaneId, number>>;
export type Box = { low: number; q1: number; median: number; q3: number; high: number; n: number };

/** Linear interpolation between the two nearest, as R's type 7 and most spreadsheets have it. */
export function quantile(sorted: number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

export function box(values: number[]): Box | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const [low, q1, median, q3, high] = [0, 0.25, 0.5, 0.75, 1].map((share) => quantile(sorted, share));
  return { low, q1, median, q3, high, n: values.length };
}

export function boxes(runs: Delays[]): Record<LaneId, Box | null> {
  const of = (lane: LaneId) => box(runs.flatMap((run) => run[lane] ?? []));
  return Object.fromEntries(LANES.map((lane) => [lane, of(lane)])) as Record<LaneId, Box | null>;
}

/** The lanes that were first: one, or all that tie with it. */
export function first(delays: Delays): LaneId[] {
  const known = LANES.filter((lane) => delays[lane] !== undefined);
  const best = Math.min(...known.map((lane) => delays[lane] as number));
  return known.filter((lane) => (delays[lane] as number) - best <= TIE_MS);
}

export const medians = (runs: Delays[]): Delays =>
  Object.fromEntries(Object.entries(boxes(runs)).flatMap(([lane, each]) => (each ? [[lane, each.median]] : [])));

/** The least correction that puts the server's `created` between sending the request and having its answer. */
export function skew(created: number, sent: number, received: number): number {
  const least = created - received;
  const most = created - sent;
  return Math.max(least, Math.min(0, most));
}

/** RFC 3339 with microseconds, in milliseconds: Date.parse would drop what stands behind the third digit. */
export function instant(iso: string): number {
  const fraction = /\.(\d+)/.exec(iso)?.[1] ?? "";
  return Date.parse(iso.replace(/\.\d+/, "")) + (fraction ? Number(`0.${fraction}`) * 1000 : 0);
}
