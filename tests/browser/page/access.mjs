// What axe finds on every route and in what happens there: nothing. And that nothing is wider than the window.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { PROGRAMS } from "./programs.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ROUTES = ["/", "/solve/a-plus-b", "/solve/nothing", "/run", "/race", "/money", "/sign-in"];

async function axe(page, what) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(" | ")}`);
  assert.deepEqual(said, [], what);
}

async function fits(page, width, what) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `${what} is ${wide} px wide`);
}

export async function access({ check, page, url, submit, verdict, VERDICT_MS }) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height] of [[1280, 860], [360, 740]]) {
      await check(`axe finds nothing on any route, and none is wider than ${width} px (${colorScheme})`, async () => {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        for (const route of ROUTES) {
          await page.goto(url + route);
          await page.locator("h1, .notice-title").first().waitFor();
          if (/solve\/a|run/.test(route)) await page.locator(".cm-content").waitFor();
          if (route === "/money") await page.locator('[data-testid="transfer-state"]').waitFor();
          await axe(page, route);
          await fits(page, width, route);
        }
      });
    }
  }

  await check("axe finds nothing in what has happened either: results, compiler, output, history, lanes, endpoints, dialog", async () => {
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.goto(`${url}/solve/a-plus-b`);
    await page.selectOption("select", "cpp");
    await submit(page, PROGRAMS.cpp.compile_error);
    await verdict(page, "compile_error");
    await axe(page, "compile error");
    await page.selectOption("select", "python");
    await submit(page, PROGRAMS.python.wrong_answer);
    await verdict(page, "wrong_answer");
    await page.locator(".cases summary").click();
    await page.getByRole("tab", { name: "Submissions" }).click();
    await page.locator(".history tbody tr").first().waitFor();
    await axe(page, "wrong answer and history");
    await page.getByTestId("run").click();
    await page.locator('.run-verdict:is([data-verdict="accepted"], [data-verdict="run_time_error"])').waitFor({ timeout: VERDICT_MS });
    await axe(page, "output");
    await page.goto(`${url}/race`);
    for (let n = 0; n < 2; n += 1) {
      await page.locator("button.primary:enabled").click();
      await page.locator("button.primary:disabled").waitFor();
      await page.locator("button.primary:enabled").waitFor({ timeout: VERDICT_MS });
    }
    await page.locator(".chart canvas").waitFor();
    await axe(page, "race");
    await page.goto(`${url}/money`);
    await page.getByRole("tab", { name: "Webhooks" }).click();
    await page.getByLabel("URL").fill("https://receiver.example/hook");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByText(/whsec_/).waitFor();
    await page.getByRole("button", { name: "Ping" }).first().click();
    await page.locator(".lists tbody tr").first().waitFor({ timeout: VERDICT_MS });
    await axe(page, "webhooks");
    await page.setViewportSize({ width: 360, height: 740 });
    await fits(page, 360, "webhooks");
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.getByRole("button", { name: "Open an account" }).click();
    await axe(page, "dialog");
    await page.getByLabel("Name of the account").fill("Not A Handle");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await page.locator('dialog [aria-invalid="true"]').waitFor();
    await axe(page, "dialog with an error");
  });
}
