// Builds dist/: the entries as minified ES modules (React's hooks are the core's neighbour, not its copy), what is loaded late in
// files of its own, and the declarations. `node scripts/build.mjs`, and once before the tests.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const CLIENT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(CLIENT, "dist");
/** React's rendering on servers wants to know that these run in the browser, too. */
const BANNER = '"use client";';

async function bundle(name, external, banner = "") {
  const input = join(CLIENT, `src/${name}.ts`);
  const build = await rolldown({ input, external, platform: "browser", preserveEntrySignatures: "allow-extension" });
  const names = { entryFileNames: `${name}.js`, chunkFileNames: "[name].js" };
  await build.write({ dir: dist, ...names, format: "esm", minify: true, comments: { annotation: false }, banner });
  await build.close();
}

export async function setup() {
  rmSync(dist, { recursive: true, force: true });
  await bundle("index", []);
  await bundle("socket", ["./index.js"]);
  await bundle("react", ["react", "./index.js", "./socket.js"], BANNER);
  const tsc = join(CLIENT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", join(CLIENT, "tsconfig.build.json")], { stdio: "inherit" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup();
