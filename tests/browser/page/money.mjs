// Money: payments, holds and refunds as they happen, on both sides.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export async function money({ check, page, url, newContext, asAdmin, keyOf, signIn, VERDICT_MS }) {
  await check("a payment lights the services, and is refunded", async () => {
    await page.goto(`${url}/money`);
    await page.getByLabel("From").selectOption("alice");
    await page.getByLabel("To", { exact: true }).fill("shop");
    await page.getByLabel("Amount (INR)").fill("12.50");
    await page.getByRole("button", { name: "Pay", exact: true }).click();
    for (const service of ["notification", "fraud", "statement", "rewards", "webhook"]) {
      await page.locator(`[data-testid="service-${service}"]:is([data-effect="done"], [data-effect="skipped"])`).waitFor({ timeout: VERDICT_MS });
    }
    await page.getByTestId("balance-alice").getByText("9,987.62 INR").waitFor();
    await page.getByRole("button", { name: "Refund" }).click();
    await page.getByTestId("transfer-state").getByText("Refunded", { exact: true }).waitFor();
    await page.locator(".side").first().getByText("Refund from shop").waitFor();
  });

  await check("a hold is captured in part", async () => {
    await page.getByLabel("Amount (INR)").fill("10");
    await page.getByLabel("Hold it, and capture later").check();
    await page.getByRole("button", { name: "Pay", exact: true }).click();
    await page.getByTestId("transfer-state").getByText("Held", { exact: true }).waitFor();
    await page.getByLabel("Amount (all of it if empty)").fill("4");
    await page.getByRole("button", { name: "Capture" }).click();
    await page.getByTestId("transfer-state").getByText("Completed", { exact: true }).waitFor();
    await page.getByText("4.00 INR captured").waitFor();
  });

  await check("an impossible payment says why, and moves nothing", async () => {
    await page.getByLabel("Hold it, and capture later").uncheck();
    await page.getByLabel("Amount (INR)").fill("99999999");
    await page.getByRole("button", { name: "Pay", exact: true }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Amount (INR)").fill("12.505");
    await page.getByRole("button", { name: "Pay", exact: true }).click();
    await page.getByText("Not an amount of INR").waitFor();
  });

  await check("the statement comes as CSV", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download CSV" }).click()]);
    const lines = readFileSync(await download.path(), "utf8").trim().split("\n");
    assert.ok(lines.length >= 4, lines.join("\n"));
    assert.equal(await page.locator(".lists tbody tr").count(), lines.length - 1);
  });

  await check("a webhook endpoint is added, its secret shown once, pinged and removed", async () => {
    await page.getByRole("tab", { name: "Webhooks" }).click();
    await page.getByLabel("URL").fill("https://receiver.example/hook");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByText(/whsec_/).waitFor();
    await page.getByRole("button", { name: "Ping" }).click();
    await page.locator(".lists tbody tr").filter({ hasText: "not delivered" }).first().waitFor({ timeout: VERDICT_MS });
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("button", { name: "Remove this endpoint?" }).click();
    await page.getByText("No endpoint yet").waitFor();
  });

  await check("payer and payee, each signed in by a key, see the same payment; neither key is in a URL or in local storage", async () => {
    const [payer, payee] = await Promise.all(["ann", "ben"].map(async (user) => {
      const key = await keyOf(user);
      const { id } = await asAdmin("/accounts", { handle: `${user}.wallet`, currency: "INR" }, user);
      await asAdmin(`/accounts/${id}/fund`, { amount: 50_000 });
      const own = await newContext();
      const tab = await own.newPage();
      await signIn(tab, key);
      await tab.getByRole("link", { name: user }).waitFor();
      await tab.getByRole("link", { name: "Money" }).click();
      await tab.getByTestId(`balance-${user}.wallet`).getByText("500.00 INR").waitFor();
      await tab.locator('.lamp[data-state="open"]').waitFor();
      return { tab, own, key };
    }));
    await payer.tab.getByLabel("To", { exact: true }).fill("ben.wallet");
    await payer.tab.getByLabel("Amount (INR)").fill("20");
    await payer.tab.getByRole("button", { name: "Pay", exact: true }).click();
    await payer.tab.locator(".side").getByText("Payment to ben.wallet").waitFor();
    await payee.tab.locator(".side").getByText("Payment from ann.wallet").waitFor();
    await payee.tab.getByTestId("balance-ben.wallet").getByText("520.00 INR").waitFor();
    await payee.tab.locator('[data-testid="service-statement"][data-effect="done"]').waitFor({ timeout: VERDICT_MS });
    for (const { tab, own, key } of [payer, payee]) {
      const kept = await tab.evaluate(() => JSON.stringify(localStorage) + location.href + performance.getEntriesByType("resource").map(({ name }) => name).join());
      assert.ok(!kept.includes(key), "the key is where it must not be");
      const again = await own.newPage();
      await again.goto(url);
      await again.getByRole("link", { name: "guest" }).waitFor();
      await own.close();
    }
  });
}
