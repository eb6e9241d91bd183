// The package as it is published: what is in it, how large it is, and that it loads where there is no page.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";

/** What a page loads that watches by WebSocket. */
const CORE_BYTES = 5_000;
const OTHERS: Record<string, number> = { "trouble.js": 2_000, "lists.js": 1_000, "socket.js": 1_000, "react.js": 700 };

let folder: string;
const dist = (name: string) => join(folder, "node_modules/herald-client/dist", name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "herald-package-"));
  execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], { stdio: "pipe" });
  const [archive = ""] = readdirSync(folder);
  const unpacked = join(folder, "node_modules/herald-client");
  mkdirSync(unpacked, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, archive), "-C", unpacked, "--strip-components=1"]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const size = (name: string) => gzipSync(readFileSync(dist(name)), { level: 9 }).length;

test("the core is smaller than 5 kB, gzipped", () => {
  expect(size("index.js")).toBeLessThan(CORE_BYTES);
});

test.each(Object.entries(OTHERS))("%s is smaller than %d bytes, gzipped", (name, most) => {
  expect(size(name)).toBeLessThan(most);
});

test("there is nothing in it but scripts, their types, and what every package has", () => {
  const all = readdirSync(join(folder, "node_modules/herald-client"), { recursive: true, withFileTypes: true });
  const files = all.filter((entry) => entry.isFile()).map(({ name }) => name);
  expect(files.filter((name) => !/\.(js|d\.ts)$/.test(name)).sort()).toEqual([
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "package.json",
  ]);
  const { dependencies } = JSON.parse(readFileSync(join(folder, "node_modules/herald-client/package.json"), "utf8"));
  expect(dependencies).toBeUndefined();
  expect(files.filter((name) => name.endsWith(".js")).sort()).toEqual([
    "index.js",
    "lists.js",
    "react.js",
    "socket.js",
    "trouble.js",
  ]);
});

test("it loads where there is neither window nor WebSocket, and does nothing by that", () => {
  const script = `
    delete globalThis.WebSocket; delete globalThis.fetch;
    const { createHerald } = await import("herald-client");
    await import("herald-client/socket");
    console.log(createHerald().connection.state.state);`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(printed.trim()).toBe("idle");
});

test("its declarations stand by themselves", () => {
  writeFileSync(
    join(folder, "use.ts"),
    `import { createHerald, type api, type push } from "herald-client";
     const herald = createHerald({ url: "http://127.0.0.1:9", key: "k" });
     export const verdict: Promise<api.Verdict | null | undefined> = herald.status("id").then((status) => status.verdict);
     export const name: push.EventName = "submission.finished";
     // @ts-expect-error: no such verdict
     export const wrong: api.Verdict = "brilliant";`,
  );
  const tsc = join(process.cwd(), "node_modules/typescript/bin/tsc");
  const options = [
    "--noEmit",
    "--strict",
    "--module",
    "esnext",
    "--moduleResolution",
    "bundler",
    "--lib",
    "es2022,dom",
    "--types",
    "",
  ];
  execFileSync(process.execPath, [tsc, ...options, "use.ts"], { cwd: folder, stdio: "pipe" });
});
