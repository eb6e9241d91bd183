// What survives a reload of this browser: drafts and choices; never keys. What somebody typed has its user in its name.
import { useCallback, useState } from "react";

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
