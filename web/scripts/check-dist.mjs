// What a build must keep to: at most 100 kB (gzip) of script until a route has been painted, and nothing from elsewhere.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = resolve(dirname(fileURLToPath(import.meta.url)), "../dist");
const MOST = 100_000;
const ROUTES = [
  "src/solve/ProblemList.tsx",
  "src/solve/Workspace.tsx",
  "src/race/Race.tsx",
  "src/money/Money.tsx",
  "src/signin/SignIn.tsx",
];
// Names of XML namespaces, and where React's, uPlot's and Temml's error texts point; none is ever fetched.
const NAMED = /^(www\.w3\.org|react\.dev|fb\.me|temml\.org|github\.com|developer\.mozilla\.org)$/;

const manifest = JSON.parse(readFileSync(join(DIST, ".vite/manifest.json"), "utf8"));
const gzip = (file) => gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length;

function reach(name, found = new Set()) {
  const chunk = manifest[name];
  if (!chunk || found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const other of chunk.imports ?? []) reach(other, found);
  return found;
}

let failed = false;
for (const route of ROUTES) {
  const files = reach(route, reach("index.html"));
  const size = [...files].reduce((sum, file) => sum + gzip(file), 0);
  console.log(`${route}: ${(size / 1000).toFixed(1)} kB of script (gzip) until it is painted`);
  if (!manifest[route] || size > MOST) failed = true;
}
for (const name of readdirSync(join(DIST, "assets"))) {
  if (!/\.(js|css)$/.test(name)) continue;
  const content = readFileSync(join(DIST, "assets", name), "utf8");
  for (const [, host] of content.matchAll(/(?:https?|wss?):\/\/([\w.-]+\.[a-z]{2,})/g)) {
    if (NAMED.test(host)) continue;
    console.error(`${name} names ${host}`);
    failed = true;
  }
}
const html = readFileSync(join(DIST, "index.html"), "utf8");
if (/<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=/.test(html)) {
  console.error("index.html has inline script or style, which the policy forbids");
  failed = true;
}
process.exitCode = failed ? 1 : 0;
