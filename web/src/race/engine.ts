// Watches one submission in five ways at once. Each lane learns of the verdict by its own means alone.
import { type Accepted, api, raw, type StatusView } from "../api";
import { isFinal } from "../live/submission";
import { text } from "../text/all";
import { type Delays, instant, LANES, type LaneId, skew } from "./stats";

export type Mark = { at: number; kind: "ask" | "answer" };
export type Lane = {
  requests: number;
  bytes: number;
  marks: Mark[];
  openedAt: number | null;
  seenAt: number | null;
  failed: boolean;
};
export type Run = {
  lanes: Record<LaneId, Lane>;
  /** All in milliseconds since the request to submit was sent, by this page's clock. */
  now: number;
  acceptedAt: number | null;
  storedAt: number | null;
  skewed: boolean;
  delays: Delays;
};

/** What browsers count for the headers of an answer that they do not let a page see. */
const HEADERS = 300;
const FRAME = 4;
const LONG_POLL_S = 20;

const PROGRAMS: [language: string, program: (ms: number) => string][] = [
  ["python", (ms) => `import time\ntime.sleep(${ms / 1000})\nprint("done")\n`],
  ["javascript", (ms) => `setTimeout(() => console.log("done"), ${ms});\n`],
  ["c", (ms) => `#include <stdio.h>\n#include <unistd.h>\nint main(void) { usleep(${ms * 1000}); puts("done"); }\n`],
];
export const pickLanguage = (ids: string[]) => PROGRAMS.find(([id]) => ids.includes(id))?.[0] ?? null;

const lane = (): Lane => ({ requests: 0, bytes: 0, marks: [], openedAt: null, seenAt: null, failed: false });
const clock = () => performance.timeOrigin + performance.now();

export function emptyRun(): Run {
  const lanes = Object.fromEntries(LANES.map((id) => [id, lane()])) as Record<LaneId, Lane>;
  return { lanes, now: 0, acceptedAt: null, storedAt: null, skewed: false, delays: {} };
}

/** Submits a program that takes a random while, and resolves once every lane has seen its verdict, or has failed. */
export async function race(language: string, onChange: (run: Run) => void, signal: AbortSignal): Promise<Run> {
  const run = emptyRun();
  const source = PROGRAMS.find(([id]) => id === language)?.[1](Math.round(300 + Math.random() * 1000)) ?? "";
  const sent = clock();
  const now = () => clock() - sent;
  let correction = 0;
  const changed = () => onChange({ ...run, now: now(), lanes: { ...run.lanes } });

  const accepted = await api<Accepted>("/submit", { method: "POST", body: { language, source, stdin: "" }, signal });
  const received = clock();
  run.acceptedAt = now();
  const see = (id: LaneId, view: Pick<StatusView, "status" | "finished_at">) => {
    const own = run.lanes[id];
    if (!isFinal(view) || own.seenAt !== null) return false;
    own.seenAt = now();
    if (view.finished_at) run.storedAt = instant(view.finished_at) - correction - sent;
    if (run.storedAt !== null) run.delays = { ...run.delays, [id]: Math.max(0, own.seenAt - run.storedAt) };
    changed();
    return true;
  };
  const calibrate = (view: { created_at?: string }) => {
    if (!view.created_at || correction !== 0) return;
    correction = skew(instant(view.created_at), sent, received);
    run.skewed = Math.abs(correction) > 5;
  };
  const track = { run, now, see, calibrate, changed, signal, accepted };
  const ticker = setInterval(changed, 33);
  try {
    await Promise.all([
      polling(track, "poll1000", 1000),
      polling(track, "poll200", 200),
      longPolling(track),
      streaming(track),
      socket(track),
    ]);
  } finally {
    clearInterval(ticker);
  }
  signal.throwIfAborted();
  changed();
  return { ...run, now: now() };
}

type Track = {
  run: Run;
  now: () => number;
  see: (id: LaneId, view: Pick<StatusView, "status" | "finished_at">) => boolean;
  calibrate: (view: { created_at?: string }) => void;
  changed: () => void;
  signal: AbortSignal;
  accepted: Accepted;
};

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, ms);
    const stop = () => {
      clearTimeout(timer);
      done();
    };
    signal.addEventListener("abort", stop, { once: true });
  });

/** One request for the status; counts what it costs. A 304 costs its headers. */
async function ask({ run, now, signal, accepted }: Track, id: LaneId, headers: Record<string, string>) {
  const own = run.lanes[id];
  own.requests += 1;
  own.openedAt ??= now();
  own.marks.push({ at: now(), kind: "ask" });
  const answer = await raw(`/status/${accepted.id}`, { headers, signal });
  if (answer.status !== 304 && !answer.ok) throw new Error(text.refused(answer.status));
  const body = await answer.text();
  own.marks.push({ at: now(), kind: "answer" });
  own.bytes += body.length + HEADERS;
  return { view: answer.status === 304 ? null : (JSON.parse(body) as StatusView), tag: answer.headers.get("ETag") };
}

const whether = async (track: Track, id: LaneId, watch: () => Promise<void>) => {
  try {
    await watch();
  } catch {
    if (!track.signal.aborted) track.run.lanes[id].failed = true;
  }
};

const polling = (track: Track, id: LaneId, everyMs: number) =>
  whether(track, id, async () => {
    let tag: string | null = null;
    while (!track.signal.aborted) {
      const due = track.now() + everyMs;
      const headers: Record<string, string> = tag === null ? {} : { "If-None-Match": tag };
      const answer = await ask(track, id, headers);
      tag = answer.tag ?? tag;
      if (answer.view) {
        track.calibrate(answer.view);
        if (track.see(id, answer.view)) return;
      }
      await pause(due - track.now(), track.signal);
    }
  });

const longPolling = (track: Track) =>
  whether(track, "longpoll", async () => {
    while (!track.signal.aborted) {
      const { view } = await ask(track, "longpoll", { Prefer: `wait=${LONG_POLL_S}` });
      if (view) {
        track.calibrate(view);
        if (track.see("longpoll", view)) return;
      }
    }
  });

function frames(track: Track, id: LaneId, data: string, extra: number) {
  const own = track.run.lanes[id];
  own.bytes += data.length + extra;
  own.marks.push({ at: track.now(), kind: "answer" });
  const frame = JSON.parse(data) as { data?: StatusView };
  if (!frame.data) return false;
  track.calibrate(frame.data);
  return track.see(id, frame.data);
}

const opened = (track: Track, id: LaneId) => {
  const own = track.run.lanes[id];
  own.requests += 1;
  own.bytes += HEADERS;
  own.openedAt = track.now();
  own.marks.push({ at: track.now(), kind: "ask" });
};

const NAMES = ["queued", "compiling", "running", "finished", "cancelled"].map((name) => `submission.${name}`);

const streaming = (track: Track) =>
  whether(track, "sse", () =>
    settle(track, (done, fail) => {
      opened(track, "sse");
      const source = new EventSource(track.accepted.events_url);
      const take = ({ data, lastEventId, type }: MessageEvent<string>) =>
        // `id:`, `event:` and `data:` with their line ends
        frames(track, "sse", data, lastEventId.length + type.length + 22) && done();
      for (const name of ["snapshot", "progress", "resumed", ...NAMES]) source.addEventListener(name, take);
      source.onerror = () => source.readyState === EventSource.CLOSED && fail();
      return () => source.close();
    }),
  );

const socket = (track: Track) =>
  whether(track, "ws", () =>
    settle(track, (done, fail) => {
      opened(track, "ws");
      const own = new WebSocket(track.accepted.ws_url);
      own.onmessage = ({ data }) => frames(track, "ws", data, FRAME) && done();
      own.onclose = fail;
      return () => own.close();
    }),
  );

/** Waits until `start` calls one of its two, then stops what it began. */
async function settle({ signal }: Track, start: (done: () => void, fail: () => void) => () => void): Promise<void> {
  let stop = () => {};
  try {
    await new Promise<void>((done, fail) => {
      signal.addEventListener("abort", () => fail(signal.reason), { once: true });
      stop = start(done, fail);
    });
  } finally {
    stop();
  }
}
