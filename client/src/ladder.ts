// The ways to hear of things, from the best down.

import { isEntity } from "./frame.js";

export type Transport = "ws" | "sse" | "long-poll" | "poll";

export const LADDER: readonly Transport[] = ["ws", "sse", "long-poll", "poll"];

/** Tries without a first frame, while the server answers otherwise, before the next way is taken. */
export const BLOCKED = 3;

/** The last of these rungs that can serve a channel: what is not an entity cannot be polled, and stays with what pushes. */
export const way = (rungs: readonly Transport[], channel: string): Transport | undefined =>
  rungs.filter((transport) => isEntity(channel) || !/poll/.test(transport)).pop();
