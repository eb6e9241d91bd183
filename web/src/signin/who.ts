// Who one is. There is no route that says it; the name of the channel that a ticket for `user:me` opens does.
import type { Ticket } from "herald-client";
import { useSyncExternalStore } from "react";
import { apiAs, isStatus, session } from "../api";
import { type ReadOptions, useRead } from "../reads";

export type Who = { user: string | null; refused: boolean; guest: boolean };

const AGAIN_MS = 5000;
const isRefused = (error: unknown) => isStatus(error, 401);

export async function whoIs(key?: string): Promise<string> {
  const { channel } = await apiAs<Ticket>(key, "/tickets", { method: "POST", body: { channel: "user:me" } });
  return channel.slice("user:".length);
}

const WHO: ReadOptions<string> = {
  staleMs: Number.POSITIVE_INFINITY,
  againMs: ({ error }) => (error && !isRefused(error) ? AGAIN_MS : null),
};

export function useWho(): Who {
  const key = useSyncExternalStore(session.subscribe, session.key, () => null);
  const { data, error } = useRead(`who:${key ?? ""}`, () => whoIs(), WHO);
  const refused = isRefused(error);
  const user = refused ? null : (data ?? null);
  return { user, refused, guest: user !== null && key === null };
}
