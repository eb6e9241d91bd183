// Who one is: keys, and what they keep apart.
import assert from "node:assert/strict";

export async function keys({ check, url, server, newContext, keyOf, signIn }) {
  await check("another's submission is not to be seen, by the page or by its address", async () => {
    const own = await newContext();
    const tab = await own.newPage();
    await signIn(tab, await keyOf("carla"));
    await tab.getByRole("link", { name: "carla" }).waitFor();
    await tab.getByRole("link", { name: "A plus B" }).click();
    await tab.getByRole("tab", { name: "Submissions" }).click();
    await tab.getByText("Nothing submitted yet").waitFor();
    const { items } = await (await fetch(`${server.url}/submissions?problem=a-plus-b`)).json();
    assert.ok(items.length > 0, "the guest has submitted nothing");
    const seen = await tab.evaluate(async (id) => {
      const headers = { authorization: `Bearer ${sessionStorage.getItem("herald-key")}`, "content-type": "application/json" };
      const body = JSON.stringify({ channel: `submission:${id}` });
      const asked = [fetch(`/status/${id}`, { headers }), fetch("/tickets", { method: "POST", headers, body })];
      return (await Promise.all(asked)).map(({ status }) => status);
    }, items[0].id);
    assert.deepEqual(seen, [404, 404]);
    await tab.getByRole("link", { name: "carla" }).click();
    await tab.getByRole("button", { name: "Sign out" }).click();
    await tab.getByRole("link", { name: "guest" }).waitFor();
    await own.close();
  });

  await check("where a key is wanted every route asks for it; a wrong one is refused", async () => {
    // What comes through a proxy is nobody's without a key.
    const own = await newContext({ extraHTTPHeaders: { "x-forwarded-for": "203.0.113.9" } });
    const tab = await own.newPage();
    for (const route of ["/", "/solve/a-plus-b", "/run", "/race", "/sign-in", "/money"]) {
      await tab.goto(url + route);
      await tab.getByText("This server wants a key.").waitFor();
    }
    await tab.getByLabel("API key").fill("not-a-key");
    await tab.keyboard.press("Enter");
    await tab.getByText("This key is not known here.").waitFor();
    await tab.getByLabel("API key").fill(server.adminKey);
    await tab.keyboard.press("Enter");
    await tab.getByRole("heading", { level: 1, name: "Money" }).waitFor();
    await own.close();
  });

  await check("a key that is not known any more can be put down", async () => {
    const own = await newContext();
    const tab = await own.newPage();
    await tab.addInitScript(() => {
      if (!sessionStorage.getItem("began")) sessionStorage.setItem("herald-key", "herald_of_yesterday");
      sessionStorage.setItem("began", "yes");
    });
    await tab.goto(`${url}/money`);
    await tab.getByText("The key of this tab is not known here any more.").waitFor();
    await tab.getByRole("button", { name: "Sign out" }).click();
    await tab.getByRole("link", { name: "guest" }).waitFor();
    await tab.getByRole("heading", { level: 1, name: "Money" }).waitFor();
    await own.close();
  });
}
