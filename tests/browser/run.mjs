// The first page in a real browser against a real server: submits a right and a wrong program for a-plus-b and reads both
// verdicts and both lanes off the page. Wants HERALD_TEST_BIN (default: the workspace's debug build of herald) and Chromium.
// Leaves pictures in target/browser/. Prints "ok - …" for each check and exits 1 at the first that fails.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const BIN = process.env.HERALD_TEST_BIN ?? join(ROOT, "target/debug/herald");
const PICTURES = join(ROOT, "target/browser");
const RIGHT = "a, b = map(int, input().split())\nprint(a + b)\n";
const WRONG = "a, b = map(int, input().split())\nprint(a - b)\n";
const START_MS = 60_000;
const VERDICT_MS = 60_000;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** `herald up` in a folder of its own; resolves once it says that it is ready. */
async function startServer(data) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HERALD_")));
  const settings = { HERALD_LISTEN: url.slice("http://".length), HERALD_DATA: data };
  const server = spawn(BIN, ["up"], { cwd: ROOT, env: { ...environment, ...settings }, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (chunk) => (log += chunk));
  const exit = new Promise((done) => server.once("exit", done));
  const deadline = Date.now() + START_MS;
  while (!(await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false))) {
    if (server.exitCode !== null) throw new Error(`herald up exited with ${server.exitCode}:\n${log}`);
    if (Date.now() > deadline) {
      server.kill("SIGKILL");
      throw new Error(`herald up was not ready within ${START_MS / 1000} s:\n${log}`);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  const stop = async () => {
    server.kill("SIGTERM");
    await exit;
  };
  return { url, stop, log: () => log };
}

async function waitForLanguage(page, url) {
  const deadline = Date.now() + START_MS;
  const has = async () => (await (await fetch(`${url}/languages`)).json()).items.some((l) => l.id === "python" && l.available);
  while (!(await has())) {
    if (Date.now() > deadline) throw new Error("no worker said within a minute that it has python");
    await new Promise((done) => setTimeout(done, 100));
  }
  await page.goto(`${url}/plain`);
}

/** Submits and waits until both lanes show the verdict; returns what the page says. */
async function judge(page, source, verdict) {
  await page.selectOption("#problem", "a-plus-b");
  await page.selectOption("#language", "python");
  await page.fill("#source", source);
  await page.click("#submit");
  for (const lane of ["push", "poll"]) {
    const shown = page.locator(`#${lane}-verdict`).getByText(verdict, { exact: true });
    await shown.waitFor({ timeout: VERDICT_MS });
  }
  const text = (id) => page.locator(id).innerText();
  return {
    pushDelay: await text("#push-delay"), pollDelay: await text("#poll-delay"),
    pushRequests: await text("#push-requests"), pollRequests: await text("#poll-requests"),
    steps: await page.locator("#steps li span").allInnerTexts(),
  };
}

function checkLanes(seen) {
  assert.match(seen.pushDelay, /^[\d.]+ ms$/);
  assert.match(seen.pollDelay, /^[\d.]+ ms/);
  assert.match(seen.pushRequests, /^1 \+ [2-9]\d* frames$|^1 \+ 1\d+ frames$/, "one request, and frames for the steps");
  assert.ok(Number(seen.pollRequests) >= 1, `requests of the poll lane: ${seen.pollRequests}`);
  assert.equal(seen.steps.at(-1), "finished");
}

const data = mkdtempSync(join(tmpdir(), "herald-browser-"));
mkdirSync(PICTURES, { recursive: true });
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
assert.ok(executablePath, "Chromium is missing: apt-get install chromium");
// The browser first: it ends with this process, the server would not.
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
const server = await startServer(data);
let passed = 0;
const check = async (name, body) => {
  await body();
  passed += 1;
  console.log(`ok - ${name}`);
};
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  const foreign = [];
  page.on("request", (request) => request.url().startsWith(server.url) || foreign.push(request.url()));
  await waitForLanguage(page, server.url);
  await check("a right program is accepted, in both lanes", async () => {
    checkLanes(await judge(page, RIGHT, "accepted"));
    await page.screenshot({ path: join(PICTURES, "accepted.png"), fullPage: true });
  });
  await check("a wrong program gets its verdict, in both lanes", async () => {
    checkLanes(await judge(page, WRONG, "wrong answer"));
    assert.match(await page.locator("#figures").innerText(), /first failing: case \d+/);
    await page.screenshot({ path: join(PICTURES, "wrong.png"), fullPage: true });
  });
  await check("without a problem the output comes back", async () => {
    await page.selectOption("#problem", "");
    await page.fill("#source", "print(input()[::-1])\n");
    await page.fill("#stdin", "olleh\n");
    await page.locator("#source").press("Control+Enter");
    await page.locator("#output").getByText("hello").waitFor({ timeout: VERDICT_MS });
  });
  await check("a refusal stands beside its field", async () => {
    await page.fill("#source", "");
    await page.click("#submit");
    await page.locator("#source-error").filter({ hasText: /\w/ }).waitFor({ timeout: VERDICT_MS });
    assert.equal(await page.locator("#source").getAttribute("aria-invalid"), "true");
  });
  await check("a payment lights the five lamps", async () => {
    await page.selectOption("#from", "alice");
    await page.fill("#to", "shop");
    await page.fill("#amount", "12.50");
    await page.click("#pay");
    for (const service of ["notification", "fraud", "statement", "rewards", "webhook"]) {
      await page.locator(`#lamp-${service}:is([data-status="done"], [data-status="skipped"])`).waitFor({ timeout: VERDICT_MS });
    }
    assert.equal(await page.locator("#transfer-state").innerText(), "completed");
    const left = page.locator("#from option").filter({ hasText: "alice: 9987.62 INR" });
    await left.waitFor({ state: "attached", timeout: VERDICT_MS });
    await page.screenshot({ path: join(PICTURES, "paid.png"), fullPage: true });
  });
  await check("a payment that is not possible says why beside its field, and moves nothing", async () => {
    await page.fill("#to", "nobody-here");
    await page.click("#pay");
    await page.locator("#to-error").filter({ hasText: /\w/ }).waitFor({ timeout: VERDICT_MS });
    await page.fill("#to", "shop");
    await page.fill("#amount", "99999999");
    await page.click("#pay");
    await page.locator("#pay-error").filter({ hasText: /\w/ }).waitFor({ timeout: VERDICT_MS });
    await page.locator("#from option").filter({ hasText: "alice: 9987.62 INR" }).waitFor({ state: "attached" });
  });
  await check("the page fits a telephone, in the dark", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: join(PICTURES, "narrow-dark.png"), fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `the page is ${wide} px wide`);
  });
  await check("a socket that is cut is opened again and goes on where it was", async () => {
    const tab = await browser.newPage();
    const opened = [];
    await tab.routeWebSocket(/\/ws\//, (socket) => {
      opened.push(socket.url());
      const upstream = socket.connectToServer();
      if (opened.length > 1) return;
      upstream.onMessage((frame) => {
        socket.send(frame);
        upstream.close();
        socket.close({ code: 1012, reason: "cut by the test" });
      });
    });
    await tab.goto(`${server.url}/plain`);
    await tab.locator('#language option[value="python"]').waitFor({ state: "attached", timeout: VERDICT_MS });
    const seen = await judge(tab, RIGHT, "accepted");
    assert.equal(opened.length, 2);
    assert.match(opened[1], /&after=[\w-]+$/);
    assert.match(seen.pushRequests, /^2 \+ \d+ frames$/);
    assert.deepEqual(new Set(seen.steps).size, seen.steps.length, `a step was shown twice: ${seen.steps}`);
    await tab.close();
  });
  await check("where a key is wanted, it is asked for and kept for this tab only", async () => {
    const context = await browser.newContext();
    const keyless = JSON.stringify({ title: "A key is required", detail: "", status: 401, code: "key_required" });
    const refuse = { status: 401, contentType: "application/problem+json", body: keyless };
    await context.route(/\/(problems|languages|submit|status)/, (route) =>
      route.request().headers().authorization ? route.continue() : route.fulfill(refuse));
    const tab = await context.newPage();
    await tab.goto(`${server.url}/plain`);
    await tab.fill("#key", readFileSync(join(data, "admin.key"), "utf8"));
    await tab.press("#key", "Enter");
    await tab.locator("#key-form").waitFor({ state: "hidden" });
    await tab.locator('#language option[value="python"]').waitFor({ state: "attached", timeout: VERDICT_MS });
    checkLanes(await judge(tab, RIGHT, "accepted"));
    const other = await context.newPage();
    await other.goto(`${server.url}/plain`);
    await other.locator("#key-form").waitFor({ state: "visible" });
    await context.close();
  });
  await check("nothing came from elsewhere and nothing failed", async () => {
    assert.deepEqual(foreign, []);
    const expected = /status of 422/; // the refusal above, which the browser reports too
    assert.deepEqual(complaints.filter((text) => !expected.test(text)), []);
  });
} catch (error) {
  console.error(error, `\nthe server's last words:\n${server.log().split("\n").slice(-20).join("\n")}`);
  process.exitCode = 1;
} finally {
  await browser.close();
  await server.stop();
  rmSync(data, { recursive: true, force: true });
  console.log(`browser: ${passed} passed, ${process.exitCode ? 1 : 0} failed`);
}
