// React hooks over the client. On a server they render what is known there: nothing yet.
// Invariant: hooks of the same name share one channel, and all channels of a client one socket.
import {
  createContext,
  createElement,
  type ReactNode,
  useCallback,
  useContext,
  useMemo,
  useRef,
  useSyncExternalStore,
} from "react";
import { type api, type ChannelState, Counted, type Herald, IDLE, type Watched } from "./index.js";
import { type SocketOptions, type SocketState, sharedSocket } from "./socket.js";

const Context = createContext<Herald | undefined>(undefined);

/** Gives a client to all hooks below it. */
export function HeraldProvider({ herald, children }: { herald: Herald; children?: ReactNode }): ReactNode {
  return createElement(Context.Provider, { value: herald }, children);
}

/** The client of the nearest `HeraldProvider`. */
export function useHerald(): Herald {
  const herald = useContext(Context);
  if (!herald) throw new Error("wrap the page in <HeraldProvider herald={createHerald({ url })}>");
  return herald;
}

/** As it stands, again after each change. */
function useWatched<S>(watched: Watched<S>): S {
  const subscribe = useCallback((listener: () => void) => watched.subscribe(listener), [watched]);
  return useSyncExternalStore(
    subscribe,
    () => watched.state,
    () => watched.initial,
  );
}

const NOTHING = new Counted(IDLE);

/** Any channel, such as `user:me`; nothing while the name is null. */
export function useChannel<T = unknown>(name: string | null | undefined): ChannelState<T> {
  const herald = useHerald();
  const channel = useMemo(() => (name ? herald.channel<T>(name) : NOTHING), [herald, name]);
  return useWatched<ChannelState<T>>(channel);
}

const channelOf = (kind: string, name: string | null | undefined) =>
  name && (name.startsWith(`${kind}:`) ? name : `${kind}:${name}`);

/** A submission from `queued` to its verdict. */
export const useSubmission = (id: string | null | undefined) => useChannel<api.StatusView>(channelOf("submission", id));

/** A transfer, and what its five services make of it. */
export const useTransfer = (id: string | null | undefined) => useChannel<api.TransferView>(channelOf("transfer", id));

/** What was said in a room: the data of each `publish`, with its offset and time. */
export interface RoomLine {
  readonly offset: number;
  readonly at: string;
  readonly [field: string]: unknown;
}

export interface Room extends ChannelState<{ items?: readonly RoomLine[]; present?: readonly string[] }> {
  readonly lines: readonly RoomLine[];
  readonly present: readonly string[];
  /** Resolves when the server has the line. */
  publish(data: unknown): Promise<void>;
}

const NONE: readonly never[] = [];

/** A room: its lines, who is there, and a way to say something. */
export function useRoom(name: string): Room {
  const herald = useHerald();
  const state = useChannel<{ items?: readonly RoomLine[]; present?: readonly string[] }>(channelOf("room", name));
  const publish = useCallback((data: unknown) => herald.publish(name, data), [herald, name]);
  return { ...state, lines: state.data?.items ?? NONE, present: state.data?.present ?? NONE, publish };
}

/**
 * A plain WebSocket of any server, which comes back by itself; one for all hooks of the same URL. The options are those of
 * whoever is the first.
 */
export function useSocket(url: string, options?: SocketOptions): SocketState & { send(text: string): void } {
  const first = useRef(options);
  const socket = useMemo(() => sharedSocket(url, first.current), [url]);
  const send = useCallback((text: string) => socket.send(text), [socket]);
  return { ...useWatched(socket), send };
}
