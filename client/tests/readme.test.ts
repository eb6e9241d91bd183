// The README's examples are run as they stand, against a real server; only its address is another.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RealWorld, realWorld } from "./world/real-world.js";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const examples = (language: string) => {
  const blocks = readFileSync("README.md", "utf8").matchAll(/^```(\w+)\n(.*?)^```/gms);
  return [...blocks].flatMap(([, name, text]) => (name === language && text ? [text] : []));
};

let world: RealWorld;
let folder: string;
let pages: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "herald-readme-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(process.cwd(), join(folder, "node_modules/herald-client"));
  symlinkSync(join(process.cwd(), "dist"), join(folder, "dist"));
  writeFileSync(join(folder, "page.html"), examples("html")[0] ?? "");
  const types: Record<string, string> = { ".html": "text/html", ".js": "text/javascript" };
  pages = createServer(({ url = "/" }, answer) => {
    const path = join(folder, new URL(url, "http://page").pathname);
    if (!existsSync(path)) return answer.writeHead(404).end();
    answer.writeHead(200, { "Content-Type": types[extname(path)] ?? "text/plain" }).end(readFileSync(path));
  }).listen(0, "127.0.0.1");
  world = await realWorld();
  writeFileSync(join(folder, "worker.js"), WORKER.replace("HERALD", world.direct));
});
afterAll(async () => {
  await world.close();
  pages.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(name: string, text = ""): Promise<string> {
  const script = join(folder, `${name}.mjs`);
  writeFileSync(script, text.replace('url: "http://127.0.0.1:8080"', `url: "${world.url}", key: "${world.key}"`));
  return (await promisify(execFile)(process.execPath, [...process.execArgv, script], { timeout: 30_000 })).stdout;
}

test.concurrent("the first example prints the steps up to the verdict", async () => {
  const printed = await run("first", examples("js")[0]);
  expect(printed.trim().split("\n").at(-1)).toMatch(/^finished \d+ accepted$/);
});

test.concurrent("the second example sees the five services through", async () => {
  const printed = await run("second", examples("js")[1]);
  for (const service of ["notification", "fraud", "statement", "rewards", "webhook"])
    expect(printed).toContain(`${service}: {`);
  expect(printed).not.toContain("pending");
});

const WORKER = `
  import { createHerald } from "./dist/index.js";
  const herald = createHerald({ url: "HERALD" });
  const { id } = await herald.submit({ problem: "hello", language: "python", source: "print('Hello, World!')" });
  postMessage((await herald.finished(id)).verdict);`;
const verdictOfWorker = () =>
  new Promise((done) => {
    const worker = new Worker("/worker.js", { type: "module" });
    worker.onmessage = ({ data }) => done(data);
    worker.onerror = ({ message }) => done(message);
  });

test.concurrent("the page without a build step shows the verdict in a browser, and so does a worker", async () => {
  const { port } = pages.address() as AddressInfo;
  if (!CHROMIUM) throw new Error("Chromium is missing: apt-get install chromium");
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`http://127.0.0.1:${port}/page.html?herald=${encodeURIComponent(world.direct)}`);
    await page.locator("#verdict").getByText("accepted").waitFor({ timeout: 20_000 });
    expect(await page.evaluate(verdictOfWorker)).toBe("accepted");
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
