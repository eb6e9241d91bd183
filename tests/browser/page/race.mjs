// Race: the same submission watched in five ways.
import assert from "node:assert/strict";

export async function race({ check, page, url, VERDICT_MS }) {
  await check("the race is run, and polling each second is not what wins", async () => {
    await page.goto(`${url}/race`);
    await page.getByRole("button", { name: "Start" }).click();
    for (const lane of ["poll1000", "poll200", "longpoll", "sse", "ws"]) {
      await page.locator(`[data-testid="delay-${lane}"] b`).waitFor({ timeout: VERDICT_MS });
    }
    const summary = page.locator(".summary").filter({ hasText: "polling each second took" });
    await summary.waitFor();
    // The winner stands first, alone or among those that tie with it.
    const [winners] = (await summary.innerText()).split(/ was first|: a tie/);
    assert.doesNotMatch(winners, /Poll, 1 s/);
  });
}
