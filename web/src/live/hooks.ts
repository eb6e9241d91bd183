// What the page watches, over the hooks of `herald-client`.
import type { ChannelState, Frame, HeraldError } from "herald-client";
import { useHerald } from "herald-client/react";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Accepted, StatusView } from "../api";
import { accepted as acceptedView, begin, follow, type Watched } from "./submission";

export type Connection = "connecting" | "open" | "waiting" | "offline" | "closed";

/** For the page's one lamp. */
export function useConnection(): Connection {
  const { connection } = useHerald();
  const state = useSyncExternalStore(
    (listener) => connection.subscribe(listener),
    () => connection.state.state,
  );
  const online = useOnline();
  if (state === "idle") return "closed";
  return state === "waiting" && !online ? "offline" : state;
}

const NETWORK = ["online", "offline"] as const;

function useOnline(): boolean {
  return useSyncExternalStore(
    (listener) => {
      for (const name of NETWORK) addEventListener(name, listener);
      return () => {
        for (const name of NETWORK) removeEventListener(name, listener);
      };
    },
    () => navigator.onLine !== false,
  );
}

/** Calls `onFrame` with each frame of the channel: a render may fold several into one. */
export function useFrames(name: string, onFrame: (frame: Frame) => void) {
  const herald = useHerald();
  const latest = useRef(onFrame);
  latest.current = onFrame;
  useEffect(() => {
    const channel = herald.channel(name);
    let { frame } = channel.state;
    return channel.subscribe(() => {
      if (channel.state.frame === frame) return;
      frame = channel.state.frame;
      if (frame) latest.current(frame);
    });
  }, [herald, name]);
}

export type Followed = { id: string; accepted?: Accepted; problem?: string | null; language?: string };
export type SubmissionState = {
  watched: Watched | null;
  connection: ChannelState["state"];
  refused: HeraldError | null;
};
const NOTHING: SubmissionState = { watched: null, connection: "idle", refused: null };

/** The submission as it stands, live until it is final. */
export function useSubmission(followed: Followed | null): SubmissionState {
  const herald = useHerald();
  const [state, setState] = useState(NOTHING);
  const id = followed?.id ?? null;
  const start = useRef(followed);
  start.current = followed;
  useEffect(() => {
    if (id === null) return setState(NOTHING);
    const { accepted, problem = null, language = "" } = start.current ?? {};
    const channel = herald.channel<StatusView>(`submission:${id}`);
    let watched = accepted ? acceptedView(accepted, problem, language) : begin(id);
    const look = () => {
      const { state: connection, error: refused } = channel.state;
      watched = follow(watched, channel.state);
      setState({ watched, connection, refused });
    };
    look();
    return channel.subscribe(look);
  }, [herald, id]);
  return state;
}
