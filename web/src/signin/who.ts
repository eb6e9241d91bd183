// Who one is. There is no route that says it; the name of the channel that a ticket for `user:me` opens does.
import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, Refusal, session, type Ticket } from "../api";

export type Who = { user: string | null; refused: boolean; guest: boolean };

const AGAIN_MS = 5000;
const isRefused = (error: unknown) => error instanceof Refusal && error.status === 401;

export async function whoIs(key?: string): Promise<string> {
  const { channel } = await api<Ticket>("/tickets", { method: "POST", body: { channel: "user:me" }, key });
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
