import { expect, test } from "vitest";
import { starter } from "./starters";

test("a problem's own starter comes first, by the language's very id", () => {
  const own = [{ language: "python", content: "def two_sum():" }];
  expect(starter("python", own)).toBe("def two_sum():");
  expect(starter("rust", own)).toContain("fn main()");
});

test("dialects share a starter; a language without one begins with nothing", () => {
  expect(starter("cpp23")).toBe(starter("cpp"));
  expect(starter("pypy")).toBe(starter("python"));
  expect(starter("lua")).toBe("");
});
