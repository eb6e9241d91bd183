// Channels that are not one entity: `user:` and `room:`. A file of its own, loaded with the first of them.
// Invariant: an item changes by each event once, by the offset of its own channel.
import { type Entity, foldEntity } from "./fold.js";
import type { Event, Progress } from "./frame.js";

export { Rooms } from "./rooms.js";

/** As many as the server keeps. */
const MOST_LINES = 1_000;
const MOST_ITEMS = 50;

interface List {
  items?: Entity[];
}

export function foldList(data: unknown, frame: Event | Progress, channel: string): unknown {
  const list = data as List | null;
  if (channel !== frame.channel) return onItem(list, frame);
  return frame.type === "event" ? onLine(list, frame) : { ...list, ...frame.data };
}

/** News of one of the user's entities: its item is the newest now. */
function onItem(old: List | null, frame: Event | Progress): List | null {
  const { channel } = frame;
  const items = old?.items ?? [];
  const item = items.find((each) => each.channel === channel);
  const isNews = frame.type === "event" ? frame.offset > (item?.offset ?? 0) : item;
  const changed = isNews && foldEntity(item, frame);
  if (!changed || changed === item) return old;
  return { ...old, items: [{ ...changed, channel }, ...items.filter((each) => each !== item)].slice(0, MOST_ITEMS) };
}

/** A line in a room, and news of who is there. */
function onLine(old: List | null, { offset, at, event, data }: Event): List {
  const { present, ...line } = data as unknown as { present?: unknown };
  const items = [...(old?.items ?? []), { ...line, offset, at, event } as Entity].slice(-MOST_LINES);
  return { ...old, ...(present !== undefined && { present }), items };
}
