// One draft per problem and language, kept in this browser. A draft that is the starter is not kept.
import { useCallback, useEffect, useState } from "react";
import { readStored, writeStored } from "../stored";

const name = (problem: string | null, language: string) => `draft:${problem ?? ""}:${language}`;

export function useDraft(problem: string | null, language: string, starter: string): [string, (value: string) => void] {
  const own = name(problem, language);
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
