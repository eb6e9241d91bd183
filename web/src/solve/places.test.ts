import { expect, test } from "vitest";
import { outputLines, places } from "./places";

const of = (output: string) =>
  places(output).map(({ line, column, severity, message }) => [line, column, severity, message]);

test("gcc, go and tsc name line and column", () => {
  const gcc =
    "main.cpp: In function 'int main()':\nmain.cpp:5:22: error: 'c' was not declared\n    5 | cin >> c;\nmain.cpp:2:1: warning: unused\nmain.cpp:1:1: note: here\n";
  expect(of(gcc)).toEqual([
    [5, 22, "error", "'c' was not declared"],
    [2, 1, "warning", "unused"],
  ]);
  expect(of("./main.go:4:2: undefined: x\n")).toEqual([[4, 2, "error", "undefined: x"]]);
  expect(of("main.ts(3,5): error TS2304: Cannot find name 'a'.\n")).toEqual([[3, 5, "error", "Cannot find name 'a'."]]);
});

test("javac, rustc, Python and Node do it each in their way", () => {
  expect(of("Main.java:3: error: ';' expected\n")).toEqual([[3, null, "error", "';' expected"]]);
  expect(of("error[E0425]: cannot find value `x`\n --> main.rs:2:13\n")).toEqual([
    [2, 13, "error", "cannot find value `x`"],
  ]);
  expect(of('  File "main.py", line 3\n    def (:\n')).toEqual([[3, null, "error", "def (:"]]);
  expect(of("/box/main.js:2\nfunction (\n")).toEqual([[2, null, "error", ""]]);
});

test("a place is marked once, and other lines are left alone", () => {
  expect(of("a.c:1:1: error: x\na.c:1:1: error: y\n")).toHaveLength(1);
  expect(outputLines("In total: 3 errors\n")[0].place).toBeNull();
});
