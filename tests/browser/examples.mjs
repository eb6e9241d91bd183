// The examples as their readers run them, against a real server: each is built, started, used, and shows a verdict.
// Wants what scripts/examples-test.sh installs before it calls this. Prints "ok - …" for each check and exits 1 if one fails.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { extname, join } from "node:path";
import { isSigned } from "../../examples/node/signature.mjs";
import { freePort, ROOT, startAll, until } from "./setup.mjs";

const VERDICT_MS = 60_000;
const RIGHT = "a, b = map(int, input().split())\nprint(a + b)\n";
const WRONG = "a, b = map(int, input().split())\nprint(a - b)\n";
const KINDS = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const folder = (name) => join(ROOT, "examples", name);

const { server, browser, close } = await startAll({ HERALD_WEBHOOK_ALLOW_PRIVATE: "1" });

/** Starts an example that serves HTTP, and resolves once it answers. `args` may hold `PORT`. */
async function start(name, args, env, port) {
  port ??= await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = { ...process.env, PORT: port, ...env };
  const site = spawn(process.execPath, args.map((arg) => arg.replace("PORT", port)), { cwd: folder(name), env: settings });
  let log = "";
  for (const stream of [site.stdout, site.stderr]) stream.on("data", (chunk) => (log += chunk));
  const exit = new Promise((done) => site.once("exit", done));
  const stop = async () => {
    site.kill("SIGTERM");
    await exit;
  };
  const answers = until(`examples/${name} answers`, async () => {
    assert.equal(site.exitCode, null, log);
    return fetch(url).then(() => true, () => false);
  });
  await answers.catch(async (error) => {
    await stop();
    throw error;
  });
  return { url, stop, log: () => log };
}

function build(name, env) {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: folder(name), env: { ...process.env, ...env }, stdio: "pipe" });
}

/** The folder as it stands, whatever the server itself has at `/`; all else goes to the server, from the same origin. */
async function servePlain() {
  const port = await freePort();
  const front = createServer((asked, answer) => {
    const file = join(folder("plain"), asked.url === "/" ? "index.html" : asked.url);
    if (existsSync(file)) return answer.setHeader("Content-Type", KINDS[extname(file)]).end(readFileSync(file));
    const headers = { ...asked.headers, host: new URL(server.url).host };
    const onward = request(server.url + asked.url, { method: asked.method, headers }, (come) => {
      come.pipe(answer.writeHead(come.statusCode, come.headers));
    });
    return asked.pipe(onward);
  }).listen(port, "127.0.0.1");
  return { url: `http://127.0.0.1:${port}`, stop: () => front.close() };
}

/** Hands a program in at the site of examples/node, and resolves to what the site was told of it in the end. */
async function solve(site, user, source) {
  const headers = { User: user };
  const body = JSON.stringify({ problem: "a-plus-b", language: "python", source });
  const { id } = await (await fetch(`${site.url}/solutions`, { method: "POST", headers, body })).json();
  assert.ok(id, site.log());
  let own;
  await until(`the site is told of ${id}\n${site.log()}`, async () => {
    const { items } = await (await fetch(`${site.url}/solutions`, { headers })).json();
    assert.ok(items.every((each) => each.user === user));
    own = items.find((each) => each.id === id);
    return own?.status === "finished";
  });
  return own.verdict;
}

/** Runs examples/python on a program; `onStep` hears what it has printed so far. */
async function judge(source, onStep = () => {}) {
  const program = join(server.data, "program.py");
  writeFileSync(program, source);
  const env = { ...process.env, HERALD_URL: server.url, HERALD_TOKEN: server.adminKey };
  const interpreter = join(ROOT, "target/tools/example-python/bin/python");
  const python = spawn(interpreter, ["judge.py", program], { cwd: folder("python"), env });
  const printed = { steps: "", errors: "" };
  python.stdout.on("data", (chunk) => onStep((printed.steps += chunk)));
  python.stderr.on("data", (chunk) => (printed.errors += chunk));
  const code = await new Promise((done) => python.once("close", done));
  return { ...printed, code };
}

/** What a browser sees of a submission that runs no script: the hooks on the server, where nothing is known yet. */
async function rendersWithoutScript(url) {
  const page = await browser.newPage({ javaScriptEnabled: false });
  await page.goto(url);
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("status").filter({ hasText: /^idle$/ }).waitFor({ timeout: VERDICT_MS });
}

/** Opens a page that has a program in a textarea and a button to submit it: a right and a wrong one get their verdicts. */
async function judges(url) {
  const page = await browser.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(url);
  const submit = page.getByRole("button", { name: "Submit" });
  const shows = (text) => page.getByRole("status").filter({ hasText: text }).waitFor({ timeout: VERDICT_MS });
  await submit.click();
  await shows(/^accepted, (\d+) of \1 tests passed$/);
  await page.getByRole("textbox", { name: "Program" }).fill(WRONG);
  await submit.click();
  await shows(/^wrong_answer, \d+ of \d+ tests passed$/);
  assert.deepEqual(complaints, []);
  await page.close();
}

const checks = {
  "examples/plain shows a verdict, pushed and polled": async () => {
    const site = await servePlain();
    const page = await browser.newPage();
    try {
      await page.goto(site.url);
      await page.locator('#language option[value="python"]').waitFor({ state: "attached" });
      await page.fill("#source", RIGHT);
      await page.click("#submit");
      for (const lane of ["push", "poll"]) {
        await page.locator(`#${lane}-verdict`).getByText("accepted", { exact: true }).waitFor({ timeout: VERDICT_MS });
      }
    } finally {
      await page.close();
      site.stop();
    }
  },
  "examples/react is built, and its page shows verdicts": async () => {
    build("react", { VITE_HERALD_URL: server.url });
    const preview = ["node_modules/vite/bin/vite.js", "preview", "--host", "127.0.0.1", "--port", "PORT", "--strictPort"];
    const site = await start("react", preview, {});
    await judges(site.url).finally(site.stop);
  },
  "examples/next is built, its page is rendered on the server, and shows verdicts": async () => {
    const env = { NEXT_PUBLIC_HERALD_URL: server.url, NEXT_TELEMETRY_DISABLED: "1" };
    build("next", env);
    const site = await start("next", ["node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1", "-p", "PORT"], env);
    try {
      await rendersWithoutScript(site.url);
      await judges(site.url);
      assert.doesNotMatch(site.log(), /error/i);
    } finally {
      await site.stop();
    }
  },
  "examples/node takes only what is signed: the standard's own vector fits, and nothing beside it": () => {
    const [secret, id, at] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330];
    const signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const signed = (changed = {}, body = '{"test": 2432232314}', now = at) => {
      const headers = { "webhook-id": id, "webhook-timestamp": `${at}`, "webhook-signature": signature, ...changed };
      return isSigned(headers, Buffer.from(body), secret, now);
    };
    assert.ok(signed());
    assert.ok(signed({ "webhook-signature": `v1,AAAA v1a,AAAA ${signature}` }));
    assert.ok(!signed({ "webhook-signature": signature.replace("v1", "v2") }));
    assert.ok(!signed({ "webhook-signature": undefined }));
    assert.ok(!signed({ "webhook-id": "msg_another" }));
    assert.ok(!signed({}, '{"test": 2432232315}'));
    assert.ok(!signed({}, undefined, at + 301) && !signed({}, undefined, at - 301));
    assert.ok(!signed({ "webhook-timestamp": "NaN" }));
  },
  "examples/node hands in for its users and is told of their verdicts, before and after it is started again": async () => {
    const env = { HERALD_URL: server.url, HERALD_TOKEN: server.adminKey };
    const port = await freePort();
    for (const _ of ["at first", "again, when Herald knows the site already"]) {
      const site = await start("node", ["backend.mjs"], env, port);
      try {
        assert.equal(await solve(site, "ada", RIGHT), "accepted");
        assert.equal(await solve(site, "grace", WRONG), "wrong_answer");
        const headers = { "webhook-id": "msg_1", "webhook-timestamp": `${Math.floor(Date.now() / 1_000)}` };
        assert.equal((await fetch(`${site.url}/hooks/ada`, { method: "POST", headers, body: "{}" })).status, 401);
      } finally {
        await site.stop();
      }
    }
    const headers = { Authorization: `Bearer ${server.adminKey}`, "Herald-User": "ada" };
    assert.equal((await (await fetch(`${server.url}/webhooks`, { headers })).json()).items.length, 1);
  },
  "examples/python prints each step, and exits by the verdict": async () => {
    const right = await judge(RIGHT);
    const steps = /^(queued|compiling|running): .*\n(.*\n)*finished: (\d+) of \3 tests run, accepted\n$/;
    assert.match(right.steps, steps, right.errors);
    assert.equal(right.code, 0);
    const wrong = await judge(WRONG);
    assert.match(wrong.steps, /finished: .*, wrong_answer\n$/, wrong.errors);
    assert.equal(wrong.code, 1);
    const none = await judge("");
    assert.match(none.errors, /^refused: .*\/source/);
    assert.equal(none.code, 2);
  },
  "examples/python goes on where it was, though the server dies and comes back": async () => {
    let restarted;
    const { steps, errors, code } = await judge(`import time\ntime.sleep(0.3)\n${RIGHT}`, (printed) => {
      if (/running/.test(printed)) restarted ??= server.stop("SIGKILL").then(server.start);
    });
    await restarted;
    assert.ok(restarted, steps);
    assert.match(steps, /accepted\n$/, errors);
    assert.equal(code, 0);
  },
};

let passed = 0;
try {
  for (const [name, body] of Object.entries(checks)) {
    await body();
    passed += 1;
    console.log(`ok - ${name}`);
  }
} catch (error) {
  console.error(error, `\nthe server's last words:\n${server.log().split("\n").slice(-20).join("\n")}`);
  process.exitCode = 1;
} finally {
  await close();
  console.log(`examples: ${passed} passed, ${process.exitCode ? 1 : 0} failed`);
}
