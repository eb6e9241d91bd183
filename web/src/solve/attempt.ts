// Sends a program and keeps what became of it: what is watched, how long the verdict took, or what was refused.
import { useCallback, useRef, useState } from "react";
import { type Accepted, api, Refusal } from "../api";
import { type Followed, useSubmission } from "../live/hooks";

export type Program = { problem?: string; language: string; source: string; stdin?: string };

export function useAttempt(onFinal?: () => void) {
  const [followed, setFollowed] = useState<Followed | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [tookMs, setTook] = useState<number | null>(null);
  const last = useRef<{ program: Program; key: string; sent: number } | null>(null);
  const state = useSubmission(followed);
  const settled = useRef<string | null>(null);

  const id = state.watched?.final ? state.watched.id : null;
  if (id !== null && settled.current !== id) {
    settled.current = id;
    if (followed?.accepted && last.current) setTook(performance.now() - last.current.sent);
    queueMicrotask(() => onFinal?.());
  }

  const send = useCallback(async (program: Program, again = false) => {
    // The same key again: what did reach the server, though its answer did not reach us, is not judged twice.
    const key = again && last.current ? last.current.key : crypto.randomUUID();
    last.current = { program, key, sent: performance.now() };
    setBusy(true);
    setFollowed(null);
    setError(null);
    setTook(null);
    try {
      const headers = { "Idempotency-Key": key };
      const accepted = await api<Accepted>("/submit", { method: "POST", headers, body: program });
      setFollowed({ id: accepted.id, accepted, problem: program.problem ?? null, language: program.language });
    } catch (caught) {
      if (!(caught instanceof Refusal)) throw caught;
      setFollowed(null);
      setError(caught);
    } finally {
      setBusy(false);
    }
  }, []);
  const retry = useCallback(() => last.current && void send(last.current.program, true), [send]);
  const show = useCallback((other: string) => {
    setError(null);
    setTook(null);
    setFollowed({ id: other });
  }, []);
  const running = busy || (state.watched !== null && !state.watched.final && state.refused === null);
  return { state, error, busy, running, tookMs, send, retry, show, id: followed?.id ?? null };
}
