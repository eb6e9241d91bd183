// Who one is. There is no route that says it; the name of the channel that a ticket for `user:me` opens does.
import { useQuery } from "@tanstack/react-query";
import type { Ticket } from "herald-client";
import { useSyncExternalStore } from "react";
import { api, apiAs, isStatus, session } from "../api";

export type Who = { user: string | null; refused: boolean; guest: boolean };

const AGAIN_MS = 5000;
const isRefused = (error: unknown) => isStatus(error, 401);

export async function whoIs(key?: string): Promise<string> {
  const question = { method: "POST", body: { channel: "user:me" } };
  const { channel } = await (key ? apiAs<Ticket>(key, "/tickets", question) : api<Ticket>("/tickets", question));
  return channel.slice("user:".length);
}

export function useWho(): Who {
  const key = useSyncExternalStore(session.subscribe, session.key, () => null);
  const { data, error } = useQuery({
    queryKey: ["who", key],
    queryFn: () => whoIs(),
    staleTime: Number.POSITIVE_INFINITY,
    // Each who asks mounts and unmounts by the answer: asked anew on mount, a refusal would go round for ever.
    retryOnMount: false,
    refetchInterval: ({ state }) => (state.error && !isRefused(state.error) ? AGAIN_MS : false),
  });
  const refused = isRefused(error);
  return { user: data ?? null, refused, guest: data !== undefined && key === null };
}
