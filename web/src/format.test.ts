import { expect, test } from "vitest";
import { limit, memory, milliseconds, minorUnits, money } from "./format";

test("money goes by the digits of its currency", () => {
  expect(money(1234567, "INR")).toBe("12,345.67 INR");
  expect(money(-500, "JPY")).toBe("−500 JPY");
});

test("an amount is exact or none", () => {
  expect(minorUnits("12.5", "INR")).toBe(1250);
  expect(minorUnits(" 0.07 ", "INR")).toBe(7);
  expect(minorUnits("12", "JPY")).toBe(12);
  for (const bad of ["", "0", "-1", "1.234", "1e3", "1,5", "99999999999999"])
    expect(minorUnits(bad, "INR"), bad).toBeNull();
  expect(minorUnits("1.5", "JPY")).toBeNull();
});

test("figures are as exact as they are of use", () => {
  expect([0.42, 12.4, 999, 1234, 61_000].map(milliseconds)).toEqual(["0.4 ms", "12 ms", "999 ms", "1.23 s", "61.0 s"]);
  expect([500, 1000, 1500].map(limit)).toEqual(["500 ms", "1 s", "1.5 s"]);
  expect([800, 8395, 262_144].map(memory)).toEqual(["800 KiB", "8.2 MiB", "256 MiB"]);
});
