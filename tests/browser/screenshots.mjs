// Pictures of every page, wide and narrow, light and dark, into target/screenshots (or the folder given): node screenshots.mjs [DIR]
// Wants what page.mjs wants.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { breaker, ROOT, startAll, write } from "./setup.mjs";

const DIR = resolve(process.argv[2] ?? join(ROOT, "target/screenshots"));
const SIZES = { wide: [1440, 900], narrow: [360, 740] };
const LONG_MS = 60_000;
const RIGHT = "import sys\n\n\ndef main():\n    a, b = map(int, sys.stdin.readline().split())\n    print(a + b)\n\n\nmain()\n";
const WRONG = RIGHT.replace("print(a + b)", "# fails for large numbers\n    print(int(float(a) + float(b)))");
const BROKEN = '#include <iostream>\n\nint main() {\n    long long a, b;\n    std::cin >> a >> c;\n    std::cout << a + b << "\\n"\n}\n';

mkdirSync(DIR, { recursive: true });
const { server, browser, url, close } = await startAll();

async function pay(page, to, amount) {
  await page.getByLabel("To", { exact: true }).fill(to);
  await page.getByLabel("Amount (INR)").fill(amount);
  await page.getByRole("button", { name: "Pay", exact: true }).click();
  await page.locator('[data-testid="service-webhook"]:not([data-effect="pending"])').waitFor({ timeout: LONG_MS });
}

async function submit(page, language, source, verdict) {
  await page.locator(".cm-content").waitFor();
  await page.selectOption("select", language);
  await write(page, source);
  await page.keyboard.press("Control+Enter");
  await page.locator(`.verdict[data-verdict="${verdict}"]`).waitFor({ timeout: LONG_MS });
}

async function pictures(page, cut, shot, wide) {
  await page.goto(`${url}/solve/a-plus-b`);
  await submit(page, "python", RIGHT, "accepted");
  await shot("solve-accepted");
  await submit(page, "python", WRONG, "wrong_answer");
  await page.locator(".cases summary").click();
  await shot("solve-wrong");
  await submit(page, "cpp", BROKEN, "compile_error");
  await shot("solve-broken");
  await page.getByRole("tab", { name: "Submissions" }).click();
  await page.locator(".history tbody tr").first().waitFor();
  await shot("solve-history");
  await page.getByRole("tab", { name: "Run" }).click();
  await page.selectOption("select", "python");
  await write(page, RIGHT);
  await page.keyboard.press("Control+Shift+Enter");
  await page.locator('.run-verdict[data-verdict="accepted"]').waitFor({ timeout: LONG_MS });
  await shot("solve-run");
  await page.goto(url);
  await page.locator("tbody tr").first().waitFor();
  await shot("problems");
  await page.goto(`${url}/run`);
  await page.locator(".cm-content").waitFor();
  await shot("run");
  await page.goto(`${url}/race`);
  await page.locator("button.primary:enabled").waitFor();
  await shot("race-empty");
  for (let n = 0; n < (wide ? 6 : 2); n += 1) {
    await page.locator("button.primary:enabled").click();
    await page.locator("button.primary:disabled").waitFor();
    await page.locator("button.primary:enabled").waitFor({ timeout: LONG_MS });
  }
  await page.waitForTimeout(500);
  await shot("race");
  await page.goto(`${url}/money`);
  await page.locator('[data-testid="balance-alice"]').waitFor();
  await pay(page, "bob", "20");
  await pay(page, "shop", "12.50");
  await page.waitForTimeout(500);
  await shot("money");
  await page.getByRole("tab", { name: "Webhooks" }).click();
  await page.getByLabel("URL").fill("https://receiver.example/hook");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByText(/whsec_/).waitFor();
  await page.getByRole("button", { name: "Ping" }).first().click();
  await page.locator(".lists tbody tr").first().waitFor({ timeout: LONG_MS });
  await shot("money-webhooks");
  await page.getByRole("button", { name: "Remove" }).first().click();
  await page.getByRole("button", { name: "Remove this endpoint?" }).click();
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("API key").waitFor();
  await shot("sign-in");
  await page.goto(`${url}/solve/nothing`);
  await page.locator(".notice-title").waitFor();
  await shot("not-found");
  await page.goto(`${url}/money`);
  await page.locator('.lamp[data-state="open"]').waitFor();
  cut(true);
  await page.locator('.lamp[data-state="waiting"]').waitFor();
  await page.getByLabel("Amount (INR)").fill("5");
  await page.getByRole("button", { name: "Pay", exact: true }).click();
  await page.getByRole("alert").waitFor();
  await shot("money-away");
  cut(false);
}

try {
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error(String(error)));
      const shot = async (name) => {
        await page.evaluate(() => scrollTo(0, 0));
        await page.screenshot({ path: join(DIR, `${name}-${size}-${colorScheme}.png`), fullPage: true });
      };
      await pictures(page, await breaker(page), shot, size === "wide");
      await context.close();
      console.log(`${size}, ${colorScheme}: done`);
    }
  }
  const huge = await browser.newPage({ viewport: { width: 3840, height: 2160 } });
  await huge.goto(`${url}/money`);
  await huge.locator('[data-testid="transfer-state"]').waitFor();
  await huge.screenshot({ path: join(DIR, "money-4k.png") });
  await huge.goto(`${url}/solve/a-plus-b`);
  await huge.locator(".cm-content").waitFor();
  await huge.screenshot({ path: join(DIR, "solve-4k.png") });
  console.log(`pictures are in ${DIR}`);
} catch (error) {
  console.error(error, server.log().split("\n").slice(-5).join("\n"));
  process.exitCode = 1;
} finally {
  await close();
}
