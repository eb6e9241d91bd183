// Room: a line that one window sends is seen by the other.
import assert from "node:assert/strict";

export async function room({ check, page, url, newContext, keyOf, signIn }) {
  await check("a line is seen by both windows, and by another browser that signed in as somebody else", async () => {
    const own = await newContext();
    const other = await own.newPage();
    await signIn(other, await keyOf("dora"));
    await other.getByRole("link", { name: "dora" }).waitFor();
    await other.goto(`${url}/room/lobby`);
    await page.goto(`${url}/room/lobby`);
    const panes = page.locator(".pane-room");
    for (const pane of [panes.nth(0), panes.nth(1), other.locator(".pane-room").first()])
      await pane.getByText("Live").waitFor();
    await panes.nth(0).getByText("dora").waitFor();
    await panes.nth(0).getByLabel("Your line").fill("Good morning");
    await panes.nth(0).getByRole("button", { name: "Send" }).click();
    for (const pane of [panes.nth(0), panes.nth(1), other.locator(".pane-room").first()])
      await pane.locator("li").filter({ hasText: "Good morning" }).filter({ hasText: "guest" }).waitFor();
    await other.getByLabel("Your line").first().fill("<b>And to you</b>");
    await other.keyboard.press("Enter");
    for (const n of [0, 1]) await panes.nth(n).getByText("<b>And to you</b>").waitFor();
    await own.close();
  });

  await check("what was said is there for who comes later, and each line once", async () => {
    await page.reload();
    const lines = page.locator(".pane-room").first().locator(".lines-said li");
    await lines.filter({ hasText: "And to you" }).waitFor();
    assert.equal(await lines.filter({ hasText: "Good morning" }).count(), 1);
  });
}
