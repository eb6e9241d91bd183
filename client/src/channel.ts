// One channel as its watchers see it: counted, and open on the client's link while there are any.
import type { HeraldError } from "./error.js";
import { type FoldData, fold, foldEntity, isFinal, type Seen } from "./fold.js";
import type { Frame } from "./frame.js";
import type { Transport } from "./ladder.js";
import type { Link } from "./link.js";
import { Counted } from "./store.js";

export interface ChannelState<T = unknown> extends Seen {
  /** `final`: it has ended, nothing more will come. `failed`: it cannot be watched, see `error`. */
  readonly state: "idle" | "connecting" | "live" | "waiting" | "final" | "failed";
  readonly data: T | null;
  readonly transport: Transport | null;
  /** Milliseconds from the last event's commit until it was here. */
  readonly delayMs: number | null;
  /** The last frame. */
  readonly frame: Frame | null;
  readonly error: HeraldError | null;
}

export const IDLE: ChannelState<never> = {
  state: "idle",
  data: null,
  offset: 0,
  cursor: null,
  recovered: null,
  reason: null,
  transport: null,
  delayMs: null,
  frame: null,
  error: null,
};

export class Channel extends Counted<ChannelState> {
  readonly name: string;
  /** Its full name, once a ticket has told it: `user:me` is some `user:<name>`. */
  actual: string;
  /** ETag of the last answer to a poll. */
  etag: string | null = null;
  /** How often in a row the server has refused to open it. */
  refusals = 0;
  /** How its data changes. */
  fold: FoldData = foldEntity;
  readonly #link: Link;

  constructor(name: string, link: Link) {
    super(IDLE);
    this.name = this.actual = name;
    this.#link = link;
  }

  protected override wanted(): void {
    if (this.state.state === "final") return;
    this.change({ state: "connecting", error: null });
    this.#link.add(this);
  }

  protected override unwanted(): void {
    if (this.#link.remove(this)) this.change({ state: "idle" });
  }

  /** A frame that concerns it. */
  take(frame: Frame, transport: Transport): void {
    const before = this.state;
    const after = fold(before, frame, this.actual, this.fold);
    if (after === before && before.state === "live") return;
    this.change({ ...after, state: "live", transport, frame, delayMs: this.#delay(frame) });
    if (isFinal(after.data)) this.end("final");
  }

  /** Nothing more will come. */
  end(state: "final" | "failed", error: HeraldError | null = null): void {
    this.#link.remove(this);
    this.change({ state, error });
  }

  #delay(frame: Frame): number | null {
    const { clock, tickets } = this.#link;
    const data = ("data" in frame ? frame.data : {}) as { created_at?: string; finished_at?: string | null };
    const asked = tickets.asked(this.name);
    if (data.created_at && asked) clock.between(data.created_at, ...asked);
    const at = frame.type === "event" ? frame.at : data.finished_at;
    return at ? clock.since(at) : this.state.delayMs;
  }
}
