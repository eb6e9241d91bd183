// The behaviour suite's world by a real server: HERALD_TEST_BIN `up`, behind a proxy that can cut every connection.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createHerald } from "../../src/index.js";
import type { World } from "./world.js";

const BIN = resolve(process.env["HERALD_TEST_BIN"] ?? "../target/debug/herald");
const START_MS = 30_000;
const UNTIL_MS = 40_000;

const soon = (ms: number) => new Promise((done) => setTimeout(done, ms));

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((done) => server.close(done));
  return port;
}

/** A TCP proxy whose connections can all be reset at once. */
async function proxyTo(target: number) {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = dial(target, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy()).on("close", () => open.delete(one) && other.destroy());
      one.pipe(other);
    }
  });
  const port = await listening(server);
  const cut = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return { port, cut, close: () => server.close() };
}

async function up(data: string, port: number, publicUrl: string): Promise<ChildProcess> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("HERALD_"));
  const settings = {
    HERALD_LISTEN: `127.0.0.1:${port}`,
    HERALD_DATA: data,
    HERALD_PUBLIC_URL: publicUrl,
    HERALD_GRACE: "1",
  };
  const server = spawn(BIN, ["up"], {
    cwd: "..",
    env: { ...Object.fromEntries(own), ...settings },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  server.stderr?.on("data", (chunk) => {
    log = (log + chunk).slice(-4_000);
  });
  const ready = () => fetch(`http://127.0.0.1:${port}/languages`).then((answer) => answer.json());
  for (const until = Date.now() + START_MS; ; await soon(50)) {
    const languages = await ready().catch(() => undefined);
    if (languages?.items?.some(({ id, available }: Record<string, unknown>) => id === "python" && available))
      return server;
    if (server.exitCode === null && Date.now() <= until) continue;
    server.kill("SIGKILL");
    throw new Error(`herald up did not come up:\n${log}`);
  }
}

export interface RealWorld extends World {
  /** By the proxy, and by the server's own address, where no key is wanted. */
  readonly url: string;
  readonly direct: string;
  readonly key: string;
}

export async function realWorld(): Promise<RealWorld> {
  const data = mkdtempSync(join(tmpdir(), "herald-client-"));
  const port = await freePort();
  const proxy = await proxyTo(port);
  const url = `http://127.0.0.1:${proxy.port}`;
  let server = await up(data, port, url);
  const key = readFileSync(join(data, "admin.key"), "utf8").trim();
  let opened = 0;
  class Counting extends WebSocket {
    constructor(at: string) {
      super(at);
      this.addEventListener("open", () => {
        opened += 1;
      });
    }
  }
  const clients = new Set<{ close(): void }>();
  const dead = () =>
    new Promise((done) => ((server.exitCode ?? server.signalCode) === null ? server.once("exit", done) : done(0)));
  const kill = async () => {
    server.kill("SIGKILL");
    await dead();
    proxy.cut();
  };
  return {
    url,
    direct: `http://127.0.0.1:${port}`,
    key,
    fetch,
    Socket: Counting,
    program: { language: "python", source: "import time\ntime.sleep(1)\nprint('hello')\n" },
    herald(options) {
      const herald = createHerald({ url, key, WebSocket: Counting, ...options });
      clients.add(herald);
      return herald;
    },
    async until(what, isSo) {
      for (const until = Date.now() + UNTIL_MS; !isSo(); await soon(5)) {
        if (Date.now() > until) throw new Error(`it never came to this: ${what}`);
      }
    },
    cut: proxy.cut,
    kill,
    async start() {
      server = await up(data, port, url);
    },
    sockets: () => opened,
    async close() {
      for (const client of clients) client.close();
      await kill();
      proxy.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
