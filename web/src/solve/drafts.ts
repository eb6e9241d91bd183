// One draft per user, problem and language, kept in this browser. A draft that is the starter is not kept.
import { useCallback, useEffect, useState } from "react";
import { readStored, writeStored } from "../stored";

/** `problem` is "" for a program of one's own. */
export function useDraft(
  user: string,
  problem: string,
  language: string,
  starter: string,
): [string, (value: string) => void] {
  const own = `draft:${user}:${problem}:${language}`;
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const value = drafts[own] ?? readStored(own) ?? starter;
  const set = useCallback(
    (next: string) => {
      setDrafts((all) => (all[own] === next ? all : { ...all, [own]: next }));
      writeStored(own, next === starter ? null : next);
    },
    [own, starter],
  );
  // Another tab of this browser may write the same draft: what is here wins until it is left.
  useEffect(() => () => setDrafts({}), []);
  return [value, set];
}
