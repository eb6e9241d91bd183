// Race: the same submission watched in five ways.
export async function race({ check, page, url, VERDICT_MS }) {
  await check("the race is run, and pushing beats polling each second", async () => {
    await page.goto(`${url}/race`);
    await page.getByRole("button", { name: "Start" }).click();
    for (const lane of ["poll1000", "poll200", "longpoll", "sse", "ws"]) {
      await page.locator(`[data-testid="delay-${lane}"] b`).waitFor({ timeout: VERDICT_MS });
    }
    await page.locator(".summary").getByText("polling each second took").waitFor();
  });
}
