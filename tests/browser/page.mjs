// The page in a real browser against a real server. Wants HERALD_TEST_BIN (default: the workspace's debug build of herald), built after
// scripts/build-page.sh, and Chromium. ONLY=word runs the checks with that in their name. Prints "ok - …" for each check
// and exits 1 at the first that fails.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { access } from "./page/access.mjs";
import { keys } from "./page/keys.mjs";
import { money } from "./page/money.mjs";
import { outages } from "./page/outages.mjs";
import { race } from "./page/race.mjs";
import { solve } from "./page/solve.mjs";
import { ROOT, startAll, write } from "./setup.mjs";

const VERDICT_MS = 30_000;
const FAILED = join(ROOT, "target/browser");

const { server, browser, url, close } = await startAll();
const only = new RegExp(process.env.ONLY ?? "");
let passed = 0;
async function check(name, body) {
  if (!only.test(name)) return;
  const began = Date.now();
  await body();
  passed += 1;
  console.log(`ok - ${name} (${Date.now() - began} ms)`);
}

const foreign = [];
const complaints = [];
async function newContext(options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  context.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).host !== new URL(url).host) foreign.push(request.url());
  });
  context.on("page", (page) => page.on("websocket", (socket) => {
    if (new URL(socket.url()).host !== new URL(url).host) foreign.push(socket.url());
  }));
  context.on("weberror", ({ error }) => complaints.push(String(error())));
  context.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  return context;
}

async function submit(tab, source) {
  await write(tab, source);
  await tab.keyboard.press("Control+Enter");
}
const verdict = (tab, name) => tab.locator(`.verdict[data-verdict="${name}"]`).waitFor({ timeout: VERDICT_MS });

async function signIn(tab, key) {
  await tab.goto(`${url}/sign-in`);
  await tab.getByLabel("API key").fill(key);
  await tab.keyboard.press("Enter");
}

/** A POST with the admin's key, for a user where one is named. */
async function asAdmin(path, body, user) {
  const authorization = `Bearer ${server.adminKey}`;
  const headers = { authorization, "content-type": "application/json", "idempotency-key": crypto.randomUUID(), ...(user && { "herald-user": user }) };
  const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}
const keyOf = async (user) => (await asAdmin("/admin/keys", { user })).key;

const context = await newContext();
const page = await context.newPage();
const tools = { check, server, browser, url, context, page, newContext, submit, verdict, signIn, asAdmin, keyOf, VERDICT_MS };
try {
  for (const part of [solve, race, money, keys, outages, access]) await part(tools);
  await check("nothing came from elsewhere and nothing failed", async () => {
    assert.deepEqual(foreign, []);
    // What a browser says of refusals, and of the server that was killed and the network that was cut.
    const expected = /status of (401|404|409|422)|ERR_|WebSocket connection to/;
    assert.deepEqual(complaints.filter((said) => !expected.test(said)), []);
  });
} catch (error) {
  console.error(error, `\nthe server's last words:\n${server.log().split("\n").slice(-15).join("\n")}`);
  mkdirSync(FAILED, { recursive: true });
  await page.screenshot({ path: join(FAILED, "failed.png") }).catch(() => {});
  process.exitCode = 1;
} finally {
  await close();
  console.log(`page: ${passed} passed, ${process.exitCode ? 1 : 0} failed`);
}
