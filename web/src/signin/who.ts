// Who one is. There is no route that says it; the name of the channel that a ticket for `user:me` opens does.
import type { Ticket } from "herald-client";
import { useSyncExternalStore } from "react";
import { api, apiAs, isStatus, session } from "../api";
import { type ReadOptions, useRead } from "../reads";

export type Who = { user: string | null; refused: boolean; guest: boolean };

const AGAIN_MS = 5000;
const isRefused = (error: unknown) => isStatus(error, 401);

export async function whoIs(key?: string): Promise<string> {
  const question = { method: "POST", body: { channel: "user:me" } };
  const { channel } = await (key ? apiAs<Ticket>(key, "/tickets", question) : api<Ticket>("/tickets", question));
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
  return { user: data ?? null, refused, guest: data !== undefined && key === null };
}
