// Solve: from the list of problems to the verdict, and what a person finds on the way.
import assert from "node:assert/strict";
import { write } from "../setup.mjs";
import { PROGRAMS } from "./programs.mjs";

export async function solve({ check, page, context, url, submit, verdict, VERDICT_MS }) {
  await check("a problem is found in the list and opened by keyboard", async () => {
    await page.goto(url);
    const link = page.getByRole("link", { name: "A plus B" });
    await link.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "A plus B" }).waitFor();
    await page.locator(".cm-content").waitFor();
  });

  for (const [language, programs] of Object.entries(PROGRAMS)) {
    await check(`${language}: right, wrong, slow, crashing and broken programs are seen on strip and verdict`, async () => {
      await page.selectOption("select", language);
      for (const [name, source] of Object.entries(programs)) {
        const before = await page.locator(".strip").boundingBox();
        await submit(page, source);
        await verdict(page, name);
        assert.deepEqual(await page.locator(".strip").boundingBox(), before, "the strip has moved");
        const cells = await page.locator(".strip i").evaluateAll((all) => all.map((each) => each.dataset.verdict ?? ""));
        assert.equal(cells.length, 19);
        if (name === "accepted") assert.ok(cells.every((each) => each === "accepted"), cells.join());
        else if (name !== "compile_error") assert.ok(cells.includes(name), cells.join());
        else assert.ok(cells.every((each) => each === ""), cells.join());
      }
    });
  }

  await check("a compiler's line leads into the editor", async () => {
    await page.selectOption("select", "cpp");
    await submit(page, PROGRAMS.cpp.compile_error);
    await verdict(page, "compile_error");
    await page.locator(".said button").filter({ hasText: "error" }).first().click();
    const line = await page.locator(".cm-activeLine").innerText();
    assert.match(line, /return nothing/);
    assert.ok(await page.locator(".cm-lint-marker-error").count(), "no mark in the gutter");
  });

  await check("each language keeps its own draft, over a reload too", async () => {
    await page.selectOption("select", "python");
    await write(page, "# of python\n");
    await page.selectOption("select", "javascript");
    await write(page, "// of javascript\n");
    await page.reload();
    await page.locator(".cm-content").filter({ hasText: "of javascript" }).waitFor();
    await page.selectOption("select", "python");
    await page.locator(".cm-content").filter({ hasText: "# of python" }).waitFor();
    await page.getByRole("button", { name: "Reset" }).click();
    await page.locator(".cm-content").filter({ hasText: "sys.stdin" }).waitFor();
  });

  await check("a program runs on input of one's own", async () => {
    await page.getByRole("tab", { name: "Run" }).click();
    await page.getByLabel("Input for your program").fill("olleh\n");
    await write(page, "print(input()[::-1])\n");
    await page.keyboard.press("Control+Shift+Enter");
    await page.locator(".output").getByText("hello").waitFor({ timeout: VERDICT_MS });
  });

  await check("output is shown as it is written, before the program has ended", async () => {
    const tab = await context.newPage();
    await tab.goto(`${url}/run`);
    await tab.selectOption("select", "python");
    await write(tab, 'import time\nprint("first", flush=True)\ntime.sleep(1.5)\nprint("second")\n');
    await tab.keyboard.press("Control+Enter");
    await tab.locator(".output").getByText("first", { exact: true }).waitFor({ timeout: VERDICT_MS });
    assert.equal(await tab.locator(".run-verdict").getAttribute("data-verdict"), "running");
    await tab.locator(".output").getByText("first second", { exact: true }).waitFor({ timeout: VERDICT_MS });
    await tab.close();
  });

  await check("what runs is cancelled by a button", async () => {
    const tab = await context.newPage();
    await tab.goto(`${url}/run`);
    await tab.selectOption("select", "python");
    await write(tab, 'import time\nprint("begun", flush=True)\ntime.sleep(8)\n');
    await tab.keyboard.press("Control+Enter");
    await tab.locator(".output").getByText("begun").waitFor({ timeout: VERDICT_MS });
    await tab.getByRole("button", { name: "Cancel" }).click();
    await tab.locator('.run-verdict[data-verdict="cancelled"]').waitFor();
    await tab.getByRole("button", { name: "Cancel" }).waitFor({ state: "detached" });
    await tab.close();
  });

  await check("maths in a statement is drawn, but not in code", async () => {
    const tab = await context.newPage();
    await tab.route("**/problems/hello", async (route) => {
      const answer = await route.fetch();
      const problem = await answer.json();
      problem.statement_html = '<p>Let $1 \\le n \\le 10^5$, at $5 or less: <code>$x$</code></p><p><span class="math math-display">\\sum_{i=1}^n a_i</span></p>';
      await route.fulfill({ response: answer, json: problem });
    });
    await tab.goto(`${url}/solve/hello`);
    await tab.locator(".prose math").nth(1).waitFor();
    assert.equal(await tab.locator(".prose math").count(), 2);
    assert.equal(await tab.locator(".prose code").innerText(), "$x$");
    await tab.close();
  });

  await check("a function begins with the problem's starter, in its languages only, and is judged", async () => {
    const tab = await context.newPage();
    await tab.goto(`${url}/solve/two-sum-function`);
    await tab.selectOption("select", "python");
    await tab.locator(".cm-content").filter({ hasText: "two_sum" }).waitFor();
    assert.deepEqual(await tab.getByTestId("run").count(), 0);
    const languages = await tab.locator("select option").evaluateAll((all) => all.map(({ value }) => value));
    assert.ok(languages.includes("rust") && !languages.includes("c"), languages.join());
    await submit(tab, "def two_sum(numbers, target):\n    return [0, 0]\n");
    await verdict(tab, "wrong_answer");
    await tab.close();
  });

  await check("what was submitted is listed, and shown again", async () => {
    await page.getByRole("tab", { name: "Submissions" }).click();
    await page.locator(".history tbody tr").filter({ hasText: "Accepted" }).first().getByRole("button").click();
    await verdict(page, "accepted");
    await page.goto(url);
    await page.locator("tr").filter({ hasText: "A plus B" }).getByText("Solved").waitFor({ state: "attached" });
  });

  await check("a refusal is shown, and what was typed is kept", async () => {
    await page.goto(`${url}/solve/a-plus-b`);
    await page.locator(".cm-content").waitFor();
    await submit(page, "");
    await page.getByRole("alert").waitFor();
  });

  await check("two tabs watch two submissions, each its own", async () => {
    const other = await context.newPage();
    await other.goto(`${url}/solve/hello`);
    await other.selectOption("select", "python");
    await page.goto(`${url}/solve/a-plus-b`);
    await page.selectOption("select", "python");
    await submit(page, PROGRAMS.python.wrong_answer);
    await submit(other, 'print("Hello, World!")\n');
    await Promise.all([verdict(page, "wrong_answer"), verdict(other, "accepted")]);
    assert.equal(await other.locator(".strip i").count(), 2);
    await other.close();
  });

  await check("nothing is moved by events: no layout shift from Submit to the verdict", async () => {
    await page.goto(`${url}/solve/a-plus-b`);
    await page.locator(".cm-content").waitFor();
    await page.evaluate(() => {
      window.shifts = 0;
      new PerformanceObserver((list) => {
        for (const each of list.getEntries()) window.shifts += each.value;
      }).observe({ type: "layout-shift", buffered: false });
    });
    await submit(page, PROGRAMS.python.accepted);
    await verdict(page, "accepted");
    assert.ok((await page.evaluate(() => window.shifts)) < 0.01);
  });
}
