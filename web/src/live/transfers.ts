// The transfers that concern whoever looks, newest first: the lists read by GET, and what is pushed on the user's own channel.
import type { Effect, Service, Transfer } from "../api";
import { SERVICES } from "../api";

export type Transfers = ReadonlyMap<string, Transfer>;
/** An item of `user:me`: whole from a snapshot; of what has come since, what its events say. */
export type Pushed = Partial<Transfer> & { id: string; channel: string };

const PENDING: Effect = { status: "pending", attempts: 0, at: null, detail: {} };
const EMPTY = {
  held_by: null,
  hold_until: null,
  reason: null,
  reference: null,
  note: null,
  parent: null,
  settled_at: null,
  services: Object.fromEntries(SERVICES.map((name) => [name, PENDING])) as Record<Service, Effect>,
};

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

/** What was pushed. `unknown` is called with the id of a transfer that has to be read as well. */
export function withPushed(
  old: Transfers,
  pushed: Pushed[],
  unknown: (id: string) => void,
  now = new Date(),
): Transfers {
  let next = old;
  for (const { channel, ...item } of pushed) {
    const known = old.get(item.id);
    if (!channel.startsWith("transfer:") || (known && (item.offset ?? 0) < known.offset)) continue;
    if (!known && !item.created_at) unknown(item.id);
    if (!known && item.from === undefined) continue;
    const base = known ?? { ...EMPTY, created_at: now.toISOString() };
    const whole = { ...base, ...item, services: { ...base.services, ...item.services } } as Transfer;
    next = new Map(next).set(item.id, known ? merge(known, whole) : whole);
  }
  return next;
}

/** Frames leave details out where they would not fit; what was known of them stays. */
function merge(known: Transfer, read: Transfer): Transfer {
  const services = { ...known.services };
  for (const name of SERVICES) {
    const effect = read.services[name];
    const isEmpty = Object.keys(effect.detail).length === 0;
    if (!isEmpty || services[name].status !== effect.status) services[name] = effect;
  }
  const held = read.state === "pending" ? {} : { held_by: null };
  return { ...known, ...read, ...held, services };
}

/** Newest first: ids are made in order of time. */
export const newest = (transfers: Transfers) => [...transfers.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
