// The transfers that concern whoever looks, newest first: a fold over the frames of `user:me` and the lists read by GET.
import type { Effect, Service, Transfer } from "../api";
import { SERVICES } from "../api";
import type { Frame } from "./watch";

export type Transfers = ReadonlyMap<string, Transfer>;

const PENDING: Effect = { status: "pending", attempts: 0, at: null, detail: {} };
const nothing = () => Object.fromEntries(SERVICES.map((name) => [name, PENDING])) as Record<Service, Effect>;

/** What was read is taken unless something newer is known already. */
export function withRead(old: Transfers, read: Transfer[]): Transfers {
  const next = new Map(old);
  for (const transfer of read) {
    const known = next.get(transfer.id);
    if (!known || transfer.offset > known.offset) next.set(transfer.id, transfer);
    else if (transfer.offset === known.offset) next.set(transfer.id, merge(known, transfer));
  }
  return next;
}

/** Frames leave details out where they would not fit; what was known of them stays. */
function merge(known: Transfer, read: Transfer): Transfer {
  const services = { ...known.services };
  for (const name of SERVICES) {
    const effect = read.services?.[name];
    if (!effect) continue;
    const empty = Object.keys(effect.detail ?? {}).length === 0;
    services[name] = empty && services[name]?.status === effect.status ? services[name] : effect;
  }
  return { ...known, ...read, services };
}

/** Folds a frame in. `unknown` is called with the id of a transfer that has to be read first. */
export function withFrame(old: Transfers, frame: Frame, unknown: (id: string) => void): Transfers {
  const { type, channel, data, offset, at } = frame;
  if (type === "snapshot") {
    const items = (data.items ?? [data]).filter((each: { channel?: string; from?: string }) => each.from !== undefined);
    return withRead(old, items);
  }
  if (type !== "event" || !channel.startsWith("transfer:")) return old;
  const known = old.get(data.id);
  if (known && offset <= known.offset) return old;
  if (!known) {
    unknown(data.id);
    if (data.from === undefined) return old;
  }
  const base = known ?? { ...EMPTY, services: nothing(), created_at: at ?? new Date().toISOString() };
  const next = { ...base, id: data.id, offset, state: data.status };
  if (data.service) {
    const effect: Effect = { status: data.effect, attempts: data.attempts, at: at ?? null, detail: data.detail ?? {} };
    next.services = { ...base.services, [data.service as Service]: effect };
  } else {
    const { kind, from, to, amount, currency, posted, refunded, parent, reason, reference } = data;
    Object.assign(next, { kind, from, to, amount, currency, posted, refunded });
    Object.assign(next, {
      parent: parent ?? base.parent,
      reason: reason ?? null,
      reference: reference ?? base.reference,
    });
    if (data.settled_at) next.settled_at = data.settled_at;
    if (next.state !== "pending") Object.assign(next, { held_by: null });
  }
  return new Map(old).set(data.id, next as Transfer);
}

const EMPTY = {
  held_by: null,
  hold_until: null,
  reason: null,
  reference: null,
  note: null,
  parent: null,
  settled_at: null,
};

/** Newest first: ids are made in order of time. */
export const newest = (transfers: Transfers) => [...transfers.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
