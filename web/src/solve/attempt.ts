// Sends a program and keeps what became of it: what is watched, how long the verdict took, or what was refused.
import { type api, newIdempotencyKey } from "herald-client";
import { useHerald } from "herald-client/react";
import { useCallback, useRef, useState } from "react";
import { refused } from "../api";
import { type Followed, useSubmission } from "../live/hooks";
import { isFinal } from "../live/submission";

export function useAttempt(onFinal?: () => void) {
  const herald = useHerald();
  const [followed, setFollowed] = useState<Followed | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [tookMs, setTook] = useState<number | null>(null);
  const last = useRef<{ program: api.SubmitRequest; key: string; sent: number } | null>(null);
  const state = useSubmission(followed);
  const settled = useRef<string | null>(null);

  const { watched, refused: unwatched } = state;
  if (watched && isFinal(watched.view) && settled.current !== watched.id) {
    settled.current = watched.id;
    if (followed?.accepted && last.current) setTook(performance.now() - last.current.sent);
    queueMicrotask(() => onFinal?.());
  }

  const send = useCallback(
    async (program: api.SubmitRequest, again = false) => {
      // The same key again: what did reach the server, though its answer did not reach us, is not judged twice.
      const key = again && last.current ? last.current.key : newIdempotencyKey();
      last.current = { program, key, sent: performance.now() };
      setBusy(true);
      setFollowed(null);
      setError(null);
      setTook(null);
      try {
        const accepted = await herald.submit(program, { idempotencyKey: key });
        setFollowed({ id: accepted.id, accepted, problem: program.problem ?? null, language: program.language });
      } catch (caught) {
        setError(refused(caught));
      } finally {
        setBusy(false);
      }
    },
    [herald],
  );
  const retry = useCallback(() => last.current && void send(last.current.program, true), [send]);
  const show = useCallback((other: string) => {
    setError(null);
    setTook(null);
    setFollowed({ id: other });
  }, []);
  const running = busy || (watched !== null && !isFinal(watched.view) && unwatched === null);
  return { state, error, busy, running, tookMs, send, retry, show, id: followed?.id ?? null };
}
