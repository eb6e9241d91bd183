// The committed types against the server's contracts.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
// @ts-expect-error: plain JavaScript, without types of its own
import { contracts } from "../scripts/generate.mjs";

test.each(Object.entries(contracts() as Record<string, string>))(
  "%s is what the contract says; else: npm run generate",
  (path, text) => {
    expect(readFileSync(path, "utf8")).toBe(text);
  },
);
