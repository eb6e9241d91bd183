// What travels on a socket. The types are generated from the server's contract; rooms are not in it yet.
import type {
  Error as ErrorFrame,
  Event,
  Pong,
  Progress,
  Resumed,
  Snapshot,
  Unsubscribed,
} from "./generated/asyncapi.js";

export type { ErrorFrame, Event, Pong, Progress, Resumed, Snapshot, Unsubscribed };

/** The answer to a `publish`. */
export interface Published {
  type: "published";
  channel: string;
  /** That of the `publish`. */
  ref: string;
}

export type Frame = Snapshot | Resumed | Event | Progress | ErrorFrame | Unsubscribed | Published | Pong;

const KNOWN = /^(snapshot|resumed|event|progress|error|unsubscribed|published|pong)$/;

/** The frame in a text; undefined for what this client does not know, which is to be passed over. */
export function readFrame(text: unknown): Frame | undefined {
  try {
    const frame = JSON.parse(text as string);
    if (KNOWN.test(frame.type)) return frame;
  } catch {}
}

/** Whether it is a log of events, by offset. */
export const isEntity = (channel: string) => /^(submission|transfer):/.test(channel);
