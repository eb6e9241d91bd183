// The live module as React hooks, named as those of `herald-client`.
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { type Accepted, api, type Refusal, type StatusView } from "../api";
import { accepted as acceptedView, begin, isFinal, reducer, type Watched, whole } from "./submission";
import { type Connection, connection, type Frame, watch } from "./watch";

export const useConnection = () => useSyncExternalStore(connection.subscribe, connection.get, connection.get);

/** Calls `onFrame` with what comes on the channel; null watches nothing. */
export function useChannel(channel: string | null, onFrame: (frame: Frame) => void): Connection {
  const [state, setState] = useState<Connection>("closed");
  const latest = useRef(onFrame);
  latest.current = onFrame;
  useEffect(() => {
    if (channel === null) return;
    setState("connecting");
    return watch({ channel, onConnection: setState, onFrame: (frame) => latest.current(frame) });
  }, [channel]);
  return state;
}

export type Followed = { id: string; accepted?: Accepted; problem?: string | null; language?: string };
export type SubmissionState = { watched: Watched | null; connection: Connection; refused: Refusal | null };

/** The submission as it stands, live until it is final; then read once more by GET for messages and whole outputs. */
export function useSubmission(followed: Followed | null): SubmissionState {
  const [watched, setWatched] = useState<Watched | null>(null);
  const [state, setState] = useState<Connection>("closed");
  const [refused, setRefused] = useState<Refusal | null>(null);
  const id = followed?.id ?? null;
  const start = useRef(followed);
  start.current = followed;
  useEffect(() => {
    setRefused(null);
    if (id === null) return setWatched(null);
    const { accepted, problem = null, language = "" } = start.current ?? {};
    setWatched(accepted ? acceptedView(accepted, problem, language) : begin(id));
    const fold = reducer();
    const abort = new AbortController();
    let current = accepted ? acceptedView(accepted, problem, language) : begin(id);
    const show = (next: Watched) => {
      current = next;
      setWatched(next);
    };
    const read = () =>
      api<StatusView>(`/status/${id}`, { signal: abort.signal }).then(
        (view) => {
          if (view.tests.run >= (current.view?.tests.run ?? 0)) show(whole(current, view));
        },
        () => {},
      );
    const stop = watch({
      channel: `submission:${id}`,
      wsUrl: accepted?.ws_url,
      onConnection: setState,
      onRefused: setRefused,
      onFrame: (frame) => {
        const was = current.final;
        show(fold(current, frame));
        // Progress is not kept: what went by while the line was down stands in the row.
        if (frame.type === "resumed" && !was) void read();
        if (!was && isFinal(current.view?.status)) {
          stop();
          setState("closed");
          void read();
        }
      },
    });
    return () => {
      stop();
      abort.abort();
    };
  }, [id]);
  return { watched, connection: state, refused };
}

/** A value that survives a reload of this browser, for drafts and choices; never for keys. */
export function useStored(name: string, fallback: string): [string, (value: string) => void] {
  const [value, setValue] = useState(() => readStored(name) ?? fallback);
  const set = useCallback(
    (next: string) => {
      setValue(next);
      writeStored(name, next);
    },
    [name],
  );
  return [value, set];
}

export function readStored(name: string): string | null {
  try {
    return localStorage.getItem(`herald:${name}`);
  } catch {
    return null;
  }
}

export function writeStored(name: string, value: string | null) {
  try {
    if (value === null) localStorage.removeItem(`herald:${name}`);
    else localStorage.setItem(`herald:${name}`, value);
  } catch {
    // no storage here: the draft lives as long as the page
  }
}
