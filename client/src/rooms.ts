// Lines on their way into rooms: a bounded queue, and an answer for each.
// Invariant: each `publish` ends, by the server's answer or by an error that says whether the line may have arrived.
import type { Channel } from "./channel.js";
import { HeraldError } from "./error.js";
import type { ErrorFrame, Published } from "./frame.js";

/** Lines that may wait, for the connection or for their answer. */
export const MAX_LINES = 64;
/** How long a line waits for its answer. */
const ANSWER_MS = 10_000;

interface Line {
  channel: string;
  data: unknown;
  ref: string;
  sent: boolean;
  end(error?: unknown): void;
}

export class Rooms {
  readonly #lines = new Set<Line>();
  readonly #say: (frame: object) => void;
  readonly #isOpen: (channel: string) => boolean;
  #last = 0;

  /** `say` sends a frame; `isOpen` tells whether a channel is subscribed on the connection that there is. */
  constructor(say: (frame: object) => void, isOpen: (channel: string) => boolean) {
    this.#say = say;
    this.#isOpen = isOpen;
  }

  /** Whether a line has been sent and not been answered. */
  get waits(): boolean {
    return [...this.#lines].some(({ sent }) => sent);
  }

  /** Keeps the room open meanwhile; one that has failed would never answer. */
  publish(room: Channel, data: unknown, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((done, fail) => {
      if (signal?.aborted) return fail(signal.reason);
      if (this.#lines.size >= MAX_LINES) return fail(new HeraldError("queue_full", `${MAX_LINES} lines wait already`));
      let leave = () => {};
      const end = (error?: unknown) => {
        clearTimeout(timer);
        leave();
        signal?.removeEventListener("abort", abort);
        this.#lines.delete(line);
        if (error) fail(error);
        else done();
      };
      const abort = () => end(signal?.reason);
      this.#last += 1;
      const line: Line = { channel: room.name, data, ref: String(this.#last), sent: false, end };
      const late = () =>
        end(new HeraldError("timeout", line.sent ? "no answer; the line may have arrived" : "not connected"));
      const timer = setTimeout(late, ANSWER_MS);
      signal?.addEventListener("abort", abort);
      this.#lines.add(line);
      const look = () => {
        if (room.state.state === "failed") end(room.state.error);
      };
      leave = room.subscribe(look);
      look();
      this.flush();
    });
  }

  /** Sends what can go out now. */
  flush(): void {
    for (const line of this.#lines) {
      if (line.sent || !this.#isOpen(line.channel)) continue;
      line.sent = true;
      this.#say({ type: "publish", channel: line.channel, data: line.data, ref: line.ref });
    }
  }

  /** The server's answer; whether it was one to a line. An older server answers `unknown_type`, without a `ref`. */
  answered(frame: Published | (ErrorFrame & { ref?: string })): boolean {
    const { ref, channel } = frame;
    const sent = [...this.#lines].filter((line) => line.sent && (ref === undefined || line.ref === ref));
    const line = sent.find((each) => channel === undefined || each.channel === channel);
    line?.end(frame.type === "error" ? new HeraldError(frame.code, frame.message) : undefined);
    return line !== undefined;
  }

  /** The connection is gone: what was sent and not answered is in doubt. */
  broken(): void {
    for (const line of [...this.#lines]) {
      if (line.sent) line.end(new HeraldError("lost", "the connection broke; the line may have arrived"));
    }
  }
}
