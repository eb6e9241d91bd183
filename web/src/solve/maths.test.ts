// That formulas are drawn is seen in tests/browser: jsdom knows no MathML.
import { expect, test } from "vitest";
import { pieces } from "./maths";

test("formulas are told from dollars", () => {
  expect(pieces("if $a < b$ then")).toEqual([{ text: "if " }, { tex: "a < b", display: false }, { text: " then" }]);
  expect(pieces("$$x^2$$")).toEqual([{ tex: "x^2", display: true }]);
  for (const plain of ["it costs $5 or $6", "one $ only", "\\$a\\$"]) expect(pieces(plain)).toEqual([{ text: plain }]);
});
