// @vitest-environment jsdom
// The hooks in a page, under StrictMode, over a false server and a true clock.
import { act, type ReactNode, StrictMode } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createHerald, type Herald, type push, type WebSocketClass } from "../src/index.js";
import { HeraldProvider, useChannel, useRoom, useSocket, useSubmission, useTransfer } from "../src/react.js";
import { FalseServer, FalseSocket } from "./world/false-server.js";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

let server: FalseServer;
let herald: Herald;
let root: Root;
let page: HTMLElement;

class Wire extends FalseSocket {
  constructor(url: string) {
    super(url, server);
  }
}

beforeEach(() => {
  server = new FalseServer();
  herald = createHerald({
    url: "http://false.test",
    key: "key-of-one",
    fetch: server.fetch,
    WebSocket: Wire as unknown as WebSocketClass,
  });
  page = document.createElement("div");
  document.body.replaceChildren(page);
  root = createRoot(page);
});
afterEach(async () => {
  await act(async () => root.unmount());
  herald.close();
  vi.unstubAllGlobals();
});

const show = (children: ReactNode) =>
  act(async () =>
    root.render(
      <StrictMode>
        <HeraldProvider herald={herald}>{children}</HeraldProvider>
      </StrictMode>,
    ),
  );
const shows = (text: string) =>
  vi.waitFor(() => act(async () => expect(page.textContent).toContain(text)), { timeout: 5_000, interval: 10 });

function Verdict({ id }: { id: string | null }) {
  const { data, state, transport } = useSubmission(id);
  return <p>{`${state} ${data?.status} ${data?.tests.run} ${data?.verdict} ${transport}`}</p>;
}

test("useSubmission shows each step up to the verdict; two of them share one socket", async () => {
  const { id } = await herald.submit({ language: "python", source: "print(1)" });
  await show([<Verdict key="one" id={id} />, <Verdict key="two" id={id} />, <Verdict key="none" id={null} />]);
  await shows("live running 2 null ws");
  await shows("final finished 4 accepted ws");
  expect(page.textContent?.match(/accepted/g)).toHaveLength(2);
  expect(page.textContent).toContain("idle undefined");
  expect(server.opened).toBe(1);
});

function Lamps({ id }: { id: string }) {
  const services = useTransfer(id).data?.services ?? {};
  return <p>{Object.entries(services).map(([name, { status }]) => `${name}=${status} `)}</p>;
}

const Mine = () => <p>{`mine: ${useChannel<push.UserSnapshot>("user:me").data?.items.length}`}</p>;

test("useTransfer lights the services as they come, and useChannel follows all that is the user's", async () => {
  const { id } = await herald.pay({ from: "alice", to: "shop", amount: 1, currency: "INR" });
  await show([<Lamps key="lamps" id={id} />, <Mine key="mine" />]);
  await shows("webhook=done");
  await shows("mine: 1");
  expect(page.textContent).toContain("notification=done fraud=done");
  expect(server.opened).toBe(1);
});

function Lobby() {
  const { lines, state, publish } = useRoom("lobby");
  return (
    <button type="button" onClick={() => publish({ text: "hello" })}>
      {`${state}: ${lines.map(({ text }) => text)}`}
    </button>
  );
}

const click = () => act(async () => page.querySelector("button")?.click());

test("useRoom says and hears", async () => {
  await show(<Lobby />);
  await shows("live: ");
  await click();
  await shows("live: hello");
});

const ECHO = `ws://false.test/?ticket=${encodeURIComponent("room:echo!0")}`;

function Echo() {
  const { state, last, send } = useSocket(ECHO);
  return <button type="button" onClick={() => send('{"type":"ping"}')}>{`${state} ${last}`}</button>;
}

test("useSocket is one socket for all hooks of a URL, whatever the server speaks", async () => {
  vi.stubGlobal("WebSocket", Wire);
  await show([<Echo key="one" />, <Echo key="two" />]);
  await shows('open {"v":1,"type":"snapshot"');
  await click();
  await shows('open {"v":1,"type":"pong"}');
  expect(server.opened).toBe(1);
});

test("on a server the hooks render what is known there: nothing yet, and no socket", () => {
  const html = renderToString(
    <HeraldProvider herald={herald}>
      <Verdict id="00000000-0000-7000-8000-000000000001" />
    </HeraldProvider>,
  );
  expect(html).toContain("idle undefined");
  expect(server.opened).toBe(0);
});

test("a page from a server comes alive as it was rendered, though its channel is open already", async () => {
  const { id } = await herald.pay({ from: "alice", to: "shop", amount: 1, currency: "INR" });
  const tree = (client: Herald) => (
    <HeraldProvider herald={client}>
      <Lamps id={id} />
    </HeraldProvider>
  );
  const leave = herald.channel(`transfer:${id}`).subscribe(() => {});
  await vi.waitFor(() => expect(herald.channel(`transfer:${id}`).state.state).toBe("live"));
  root.unmount();
  page.innerHTML = renderToString(tree(createHerald()));
  const complaints: unknown[] = [];
  await act(async () => {
    root = hydrateRoot(page, tree(herald), { onRecoverableError: (error) => complaints.push(error) });
  });
  await shows("webhook=done");
  expect(complaints).toEqual([]);
  leave();
});
