// Reads places out of what compilers and interpreters say, so that a message can be followed into the editor.

export type Place = { line: number; column: number | null; severity: "error" | "warning" | "info"; message: string };
export type OutputLine = { text: string; place: Place | null };

const severity = (word: string | undefined): Place["severity"] =>
  word === undefined || /error/i.test(word) ? "error" : /warn/i.test(word) ? "warning" : "info";

/** One parsed line of output, or null where it names no place of the program. */
function parse(line: string, next: string | undefined, before: string | undefined): Place | null {
  // gcc, g++, go, javac, tsc: main.cpp:3:5: error: … | ./main.go:4:2: … | Main.java:3: error: … | main.ts(3,5): error TS1: …
  const gcc =
    /^(?:\.\/)?[\w./-]*?\w+\.\w+[:(](\d+)(?:[:,](\d+))?\)?:\s*(?:(fatal error|error|warning|note)\b[^:]*:\s*)?(.*)$/.exec(
      line,
    );
  if (gcc) return { line: +gcc[1], column: gcc[2] ? +gcc[2] : null, severity: severity(gcc[3]), message: gcc[4] };
  // rustc:  --> src/main.rs:2:13, below the line that says what
  const rust = /^\s*-->\s*\S+?:(\d+):(\d+)$/.exec(line);
  if (rust) {
    const said = /^(error|warning|note)(?:\[\w+\])?:\s*(.*)$/.exec(before ?? "");
    return { line: +rust[1], column: +rust[2], severity: severity(said?.[1]), message: said?.[2] ?? "" };
  }
  // Python:   File "main.py", line 3
  const python = /^\s*File "[^"]*?(\w+\.py)", line (\d+)/.exec(line);
  if (python) return { line: +python[2], column: null, severity: "error", message: next?.trim() ?? "" };
  // Node: /box/main.js:3
  const node = /^(?:file:\/\/)?[\w./-]*\/?\w+\.[cm]?[jt]s:(\d+)$/.exec(line);
  if (node) return { line: +node[1], column: null, severity: "error", message: "" };
  return null;
}

export function outputLines(output: string): OutputLine[] {
  const lines = output.replace(/\n$/, "").split("\n");
  return lines.map((text, index) => ({ text, place: parse(text, lines[index + 1], lines[index - 1]) }));
}

/** What the editor marks: errors and warnings, each place once. */
export function places(output: string): Place[] {
  const seen = new Set<string>();
  return outputLines(output).flatMap(({ place }) => {
    if (!place || place.severity === "info") return [];
    const name = `${place.line}:${place.column}`;
    if (seen.has(name)) return [];
    seen.add(name);
    return [place];
  });
}
