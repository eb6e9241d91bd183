// What a person sees when the server or the network goes away, and comes back, under an open page.
import assert from "node:assert/strict";
import { breaker } from "../setup.mjs";

const SLOW = (seconds) => `import time\nx = input()\ntime.sleep(${seconds})\na, b = map(int, x.split())\nprint(a + b)\n`;

export async function outages({ check, page, newContext, server, url, submit, verdict, VERDICT_MS }) {
  const begin = async (tab, seconds) => {
    await tab.goto(`${url}/solve/a-plus-b`);
    await tab.selectOption("select", "python");
    await submit(tab, SLOW(seconds));
    await tab.locator(".strip i[data-verdict]").nth(1).waitFor({ timeout: VERDICT_MS });
    assert.equal(await tab.locator(".verdict").getAttribute("data-verdict"), "running");
  };

  await check("the server dies under an open page and comes back: it says so, resumes, and shows the verdict", async () => {
    await page.goto(url);
    const loads = [];
    page.on("load", () => loads.push("again"));
    await begin(page, 0.4);
    await server.stop("SIGKILL");
    await page.locator('.lamp:is([data-state="waiting"], [data-state="offline"])').waitFor();
    await page.locator(".verdict-line").getByText("The connection broke").waitFor();
    await server.start();
    await verdict(page, "accepted");
    assert.equal(loads.length, 1, "the page was loaded again");
  });

  await check("the network is cut in the middle: the page says so, and goes on where it was", async () => {
    const own = await newContext();
    const tab = await own.newPage();
    const cut = await breaker(tab);
    await begin(tab, 0.3);
    cut(true);
    await tab.locator('.lamp[data-state="waiting"]').waitFor();
    await tab.locator(".verdict-line").getByText("The connection broke").waitFor();
    cut(false);
    await verdict(tab, "accepted");
    await tab.locator('.strip i[data-verdict="accepted"]').nth(18).waitFor();
    await own.close();
  });
}
