// The Race page, run 20 times in a real browser: what each way of waiting costs. Prints a table, and exits 1 where a way that pushes is
// later than a fifth of polling every 200 ms, or than a twentieth of polling every second. Wants what page.mjs wants.
import assert from "node:assert/strict";
import { startAll } from "./setup.mjs";

const PUSH = ["ws", "sse", "longpoll"];
const BOUNDS = { poll200: 5, poll1000: 20 };
const RUNS_MS = 240_000;

const { browser, url, close } = await startAll();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${url}/race`);
  await page.getByRole("button", { name: "Run 20 times" }).click();
  await page.locator(".summary").getByText("after the verdict was stored").waitFor({ timeout: RUNS_MS });
  await page.getByText("20 runs", { exact: true }).waitFor();
  assert.deepEqual(await page.locator(".problem").allInnerTexts(), []);
  const rows = await page.locator(".boxes [data-median]").evaluateAll((all) =>
    all.map(({ dataset, children }) => ({ id: dataset.lane, name: children[0].innerText.trim(), median: Number(dataset.median) })));
  const costs = await page.locator("li.lane").evaluateAll((all) =>
    Object.fromEntries(all.map((each) => [each.dataset.lane, [...each.querySelectorAll("dd")].slice(1).map(({ innerText }) => innerText)])));
  const medians = Object.fromEntries(rows.map(({ id, median }) => [id, median]));
  console.log("| watched by | median delay | ÷ polling at 200 ms | ÷ polling at 1 s | requests in the last run | bytes in the last run |");
  console.log("|---|---|---|---|---|---|");
  for (const { id, name, median } of rows) {
    const shares = ["poll200", "poll1000"].map((poll) => (median / medians[poll]).toFixed(3));
    console.log(`| ${[name, `${median.toFixed(1)} ms`, ...shares, ...costs[id]].join(" | ")} |`);
  }
  for (const id of PUSH) {
    for (const [poll, times] of Object.entries(BOUNDS)) {
      if (medians[id] * times <= medians[poll]) continue;
      console.error(`${id}: ${medians[id]} ms is more than 1/${times} of ${poll}, ${medians[poll]} ms`);
      process.exitCode = 1;
    }
  }
} finally {
  await close();
}
