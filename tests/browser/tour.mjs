// The pictures of the README, made from the real page: node tour.mjs [FOLDER] (default: docs/pictures). Wants what page.mjs wants.
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { animate } from "./apng.mjs";
import { ROOT, startAll, write } from "./setup.mjs";

const DIR = resolve(process.argv[2] ?? join(ROOT, "docs/pictures"));
const SIZE = { width: 1280, height: 800 };
const STEP_MS = 120;
const LONG_MS = 60_000;
/** Slow enough that a person sees the cases tick by. */
const PROGRAM = "import time\n\na, b = map(int, input().split())\ntime.sleep(0.1)\nprint(a + b)\n";
const NO_CARET = "* { caret-color: transparent !important }";

const { browser, url, close } = await startAll();
const frames = [];
const context = await browser.newContext({ viewport: SIZE, colorScheme: "light", reducedMotion: "reduce" });
const page = await context.newPage();

async function look(ms) {
  frames.push({ png: await page.screenshot({ style: NO_CARET }), ms });
}

/** Looks again and again until the promise has come true. */
async function lookUntil(promise) {
  let isDone = false;
  promise.then(() => (isDone = true), () => (isDone = true));
  while (!isDone) await look(STEP_MS);
  await promise;
}

const keep = async (name) => writeFileSync(join(DIR, `${name}.png`), await page.screenshot({ style: NO_CARET }));
const pause = (ms) => page.waitForTimeout(ms);

async function solve() {
  await page.goto(`${url}/solve/a-plus-b`);
  await page.locator(".cm-content").waitFor();
  await page.selectOption("select", "python");
  await look(800);
  await write(page, PROGRAM);
  await look(800);
  await page.keyboard.press("Control+Enter");
  await lookUntil(page.locator('.verdict[data-verdict="accepted"]').waitFor({ timeout: LONG_MS }));
  await look(1800);
  await keep("solve");
}

async function race() {
  await page.goto(`${url}/race`);
  const start = page.locator("button.primary:enabled");
  await start.waitFor();
  await look(600);
  for (let n = 0; n < 5; n += 1) {
    await start.click();
    await page.locator("button.primary:disabled").waitFor();
    const ended = start.waitFor({ timeout: LONG_MS });
    await (n === 0 ? lookUntil(ended) : ended);
    if (n === 0) await look(2000);
  }
  await pause(300);
  await keep("race");
}

async function money() {
  await page.goto(`${url}/money`);
  await page.getByTestId("balance-alice").waitFor();
  await page.getByLabel("To", { exact: true }).fill("shop");
  await page.getByLabel("Amount (INR)").fill("12.50");
  await page.getByRole("button", { name: "Pay", exact: true }).scrollIntoViewIfNeeded();
  await look(800);
  await page.getByRole("button", { name: "Pay", exact: true }).click();
  await lookUntil(page.locator('[data-testid="service-webhook"]:not([data-effect="pending"])').waitFor({ timeout: LONG_MS }));
  await pause(300);
  await look(2200);
  await keep("money");
}

mkdirSync(DIR, { recursive: true });
try {
  for (const part of [solve, race, money]) await part();
  const picture = animate(frames);
  writeFileSync(join(DIR, "tour.png"), picture);
  console.log(`${frames.length} looks, ${(picture.length / 1000).toFixed(0)} kB: ${DIR}`);
} finally {
  await close();
}
