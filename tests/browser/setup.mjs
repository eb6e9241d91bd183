// A server of its own, with the page in it, and Chromium: what the browser scripts have in common.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const BIN = process.env.HERALD_TEST_BIN ?? join(ROOT, "target/debug/herald");
const START_MS = 60_000;

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

export async function until(what, holds) {
  const deadline = Date.now() + START_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${START_MS / 1000} s: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** `herald up` on a port and data folder that stay the same over `stop` and `start`. */
export async function startServer(settings = {}) {
  const data = mkdtempSync(join(tmpdir(), "herald-page-"));
  const listen = `127.0.0.1:${await freePort()}`;
  const url = `http://${listen}`;
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HERALD_")));
  let log = "";
  let server;
  let exit;
  const start = async () => {
    const env = { ...inherited, HERALD_LISTEN: listen, HERALD_DATA: data, ...settings };
    server = spawn(BIN, ["up"], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [server.stdout, server.stderr]) stream.on("data", (chunk) => (log += chunk));
    exit = new Promise((done) => server.once("exit", done));
    await until(`ready\n${log}`, async () => {
      assert.equal(server.exitCode, null, log);
      return fetch(`${url}/readyz`).then((answer) => answer.ok, () => false);
    });
    await until("a worker with languages", async () =>
      (await (await fetch(`${url}/languages`)).json()).items.some(({ available }) => available));
  };
  const stop = async (signal = "SIGTERM") => {
    server.kill(signal);
    await exit;
  };
  const close = async (signal) => {
    await stop(signal);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await start();
    const adminKey = readFileSync(join(data, "admin.key"), "utf8").trim();
    return { url, data, adminKey, start, stop, close, log: () => log };
  } catch (error) {
    await close("SIGKILL");
    throw error;
  }
}

export function startBrowser() {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  assert.ok(executablePath, "Chromium is missing: apt-get install chromium");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
}

/** The browser first: it ends with this process, the server would not. */
export async function startAll(settings) {
  const browser = await startBrowser();
  const server = await startServer(settings);
  const close = () => browser.close().finally(() => server.close());
  return { server, browser, url: server.url, close };
}

/** Puts a program into the editor, as a person would who pastes it. */
export async function write(page, source) {
  const content = page.locator(".cm-content");
  await content.waitFor();
  await content.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.evaluate((text) => {
    const root = document.querySelector("[data-testid=editor]").shadowRoot;
    const paste = new ClipboardEvent("paste", { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
    paste.clipboardData.setData("text/plain", text);
    root.querySelector(".cm-content").dispatchEvent(paste);
  }, source);
}

/** A switch for the network of a tab: while it is off, every socket breaks and no request gets through. */
export async function breaker(tab) {
  const sockets = new Set();
  let off = false;
  await tab.route("**/*", (route) => (off ? route.abort("internetdisconnected") : route.continue()));
  await tab.routeWebSocket(/./, (socket) => {
    if (off) return void socket.close({ code: 1011 });
    socket.connectToServer();
    sockets.add(socket);
  });
  return (isOff) => {
    off = isOff;
    if (off) for (const socket of sockets) void socket.close({ code: 1011 });
    if (off) sockets.clear();
  };
}
