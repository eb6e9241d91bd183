// A server in memory that keeps the push contract: logs with offsets, cursors, tickets, one frame first. Its clock is the test's.
import type { Event } from "../../src/frame.js";

interface Log {
  channel: string;
  entity: Record<string, unknown> & { id: string };
  events: Event[];
}

type Push = (frame: object) => void;

const SERVICES = ["notification", "fraud", "statement", "rewards", "webhook"];
const PAST: Record<string, string> = {
  notification: "sent",
  fraud: "scored",
  statement: "issued",
  rewards: "granted",
  webhook: "delivered",
};

export class FalseServer {
  readonly logs = new Map<string, Log>();
  readonly sockets = new Set<FalseSocket>();
  /** Streams of SSE: what to do with a frame, and how to break. */
  readonly streams = new Set<{ channels: Set<string>; push: Push; cut(): void }>();
  readonly keys = new Map<string, { fingerprint: string; answer: object }>();
  opened = 0;
  /** Requests for event streams. */
  readonly asked: { url: string; at: number }[] = [];
  /** Refuses event streams for so long. */
  busyS = 0;
  up = true;
  /** Tickets that open nothing any more. */
  readonly spent = new Set<string>();
  #ids = 0;
  #tickets = 0;

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    await Promise.resolve();
    if (!this.up) throw new TypeError("connection refused");
    init?.signal?.throwIfAborted();
    const headers = new Headers(init?.headers);
    const path = url.pathname.slice(1);
    if (path === "livez") return Response.json({ status: "ok" });
    if (path.startsWith("events")) return this.#stream(url, init?.signal);
    if (headers.get("authorization") !== "Bearer key-of-one") return problem(401, "key_required");
    const body = init?.body ? JSON.parse(String(init.body)) : undefined;
    if (path === "tickets") return this.#ticketFor(body.channel);
    if (path === "submit") return this.#post(headers, body, "submission", 202);
    if (path === "transactions") return this.#post(headers, body, "transfer", 201);
    const [kind, id] = path.split("/");
    const log = this.logs.get(`${kind === "status" ? "submission" : "transfer"}:${id}`);
    return log ? this.#read(log, headers, init?.signal) : problem(404, "not_found");
  };

  /** A step of an entity, stored and pushed. */
  append(log: Log, event: string, data: Record<string, unknown>): void {
    const { id } = log.entity;
    const offset = log.events.length + 1;
    const at = new Date().toISOString();
    const frame = {
      v: 1,
      type: "event",
      channel: log.channel,
      offset,
      cursor: cursor(log.channel, offset),
      event,
      at,
      data: { id, ...data },
    };
    log.events.push(frame as never);
    if (data["service"])
      (log.entity["services"] as Record<string, object>)[String(data["service"])] = { status: data["effect"] };
    else Object.assign(log.entity, data);
    log.entity["offset"] = offset;
    this.push(log.channel, frame);
  }

  push(channel: string, frame: object): void {
    for (const { channels, push } of [...this.sockets, ...this.streams]) {
      if (channels.has(channel) || channels.has("user:one")) push(frame);
    }
  }

  cut(): void {
    for (const each of [...this.sockets, ...this.streams]) each.cut();
  }

  /** The first frames of a subscription. */
  first(channel: string, after: string | null): object[] {
    const items = () => [...this.logs.values()].map((log) => ({ ...log.entity, channel: log.channel }));
    const log = this.logs.get(channel);
    const offset = log?.events.length ?? 0;
    const data = log ? { ...log.entity, stdout: null } : { items: items().reverse(), truncated: false };
    const snapshot = {
      v: 1,
      type: "snapshot",
      channel,
      offset,
      cursor: cursor(channel, offset),
      recovered: true,
      data,
    };
    if (!after) return [snapshot];
    const seen = Number(after.split("|").at(-1));
    if (!log || seen > offset) return [{ ...snapshot, recovered: false, reason: log ? "ahead" : "snapshot_only" }];
    const resumed = { v: 1, type: "resumed", channel, offset: seen, cursor: after, recovered: true };
    return [resumed, ...log.events.slice(seen)];
  }

  ticket(channel: string) {
    this.#tickets += 1;
    const ticket = `${channel}!${this.#tickets}`;
    const query = `?ticket=${encodeURIComponent(ticket)}`;
    return { ticket, channel, ws_url: `ws://false.test/ws${query}`, events_url: `http://false.test/events${query}` };
  }

  /** The channel that a ticket opens. */
  opens(ticket: string | null): string | undefined {
    return ticket?.includes("!") && !this.spent.has(ticket) ? ticket.split("!")[0] : undefined;
  }

  #ticketFor(asked: string): Response {
    const channel = asked === "user:me" ? "user:one" : asked;
    if (/^(submission|transfer):/.test(channel) && !this.logs.has(channel)) return problem(404, "not_found");
    return Response.json(this.ticket(channel));
  }

  #post(headers: Headers, body: Record<string, unknown>, kind: string, status: number): Response {
    const name = headers.get("idempotency-key") ?? "";
    const known = this.keys.get(name);
    if (known) return Response.json(known.answer, { status, headers: { "Idempotency-Replayed": "true" } });
    if (body["source"] === "") return problem(422, "invalid", [{ pointer: "/source", detail: "must not be empty" }]);
    this.#ids += 1;
    const id = `00000000-0000-7000-8000-${String(this.#ids).padStart(12, "0")}`;
    const log: Log = { channel: `${kind}:${id}`, entity: { id }, events: [] };
    this.logs.set(log.channel, log);
    const created = { created_at: new Date().toISOString() };
    if (kind === "submission") this.#judge(log, created);
    else this.#serve(log, { ...created, ...body });
    const answer = { id, status: "queued", ...this.ticket(log.channel) };
    this.keys.set(name, { fingerprint: JSON.stringify(body), answer });
    return Response.json(answer, { status });
  }

  #judge(log: Log, created: object): void {
    const tests = (run: number) => ({ passed: run, run, total: 4 });
    const state = (status: string, run: number) => ({
      status,
      attempt: status === "queued" ? 0 : 1,
      tests: tests(run),
      problem: null,
      language: "python",
    });
    Object.assign(log.entity, created, { cases: [], verdict: null, stdout: null });
    this.append(log, "submission.queued", state("queued", 0));
    setTimeout(() => this.append(log, "submission.compiling", state("compiling", 0)), 100);
    setTimeout(() => this.append(log, "submission.running", state("running", 0)), 200);
    for (const n of [1, 2, 3]) {
      const data = { id: log.entity.id, status: "running", tests: tests(n), case: { n, verdict: "accepted" } };
      setTimeout(
        () => this.push(log.channel, { v: 1, type: "progress", channel: log.channel, attempt: 1, seq: n, data }),
        200 + 200 * n,
      );
    }
    const verdict = () => {
      log.entity["stdout"] = "hello\n";
      this.append(log, "submission.finished", {
        ...state("finished", 4),
        verdict: "accepted",
        finished_at: new Date().toISOString(),
      });
    };
    setTimeout(verdict, 1_200);
  }

  #serve(log: Log, entity: object): void {
    Object.assign(log.entity, entity, {
      state: "completed",
      services: Object.fromEntries(SERVICES.map((name) => [name, { status: "pending" }])),
    });
    this.append(log, "transfer.completed", { status: "completed", kind: "payment" });
    for (const [n, service] of SERVICES.entries()) {
      const data = { status: "completed", service, effect: "done", attempts: 1, detail: {} };
      setTimeout(() => this.append(log, `${service}.${PAST[service]}`, data), 50 * (n + 1));
    }
  }

  #read(log: Log, headers: Headers, signal: AbortSignal | null | undefined): Promise<Response> | Response {
    const etag = () => `W/"${log.events.length}"`;
    const asked = headers.get("if-none-match");
    const answer = () =>
      asked === etag() ? new Response(null, { status: 304 }) : Response.json(log.entity, { headers: { ETag: etag() } });
    const seconds = Number(/wait=(\d+)/.exec(headers.get("prefer") ?? "")?.[1] ?? 0);
    if (!seconds || asked !== etag()) return answer();
    return new Promise((done, fail) => {
      const until = Date.now() + seconds * 1_000;
      const look = setInterval(() => {
        if (!this.up || signal?.aborted) fail(new TypeError("connection reset"));
        else if (asked !== etag() || Date.now() >= until) done(answer());
        else return;
        clearInterval(look);
      }, 10);
    });
  }

  #stream(url: URL, signal: AbortSignal | null | undefined): Response {
    const channel = this.opens(url.searchParams.get("ticket"));
    const after = url.searchParams.get("after");
    this.asked.push({ url: url.href, at: Date.now() });
    if (this.busyS) return Response.json({}, { status: 503, headers: { "Retry-After": String(this.busyS) } });
    if (!channel) return problem(401, "bad_ticket");
    const log = this.logs.get(channel);
    if (log?.entity["status"] === "finished" && after === cursor(channel, log.events.length))
      return new Response(null, { status: 204 });
    const encoder = new TextEncoder();
    const body = new ReadableStream({
      start: (controller) => {
        const stream = {
          channels: new Set([channel]),
          push: (frame: object) => controller.enqueue(encoder.encode(`data: ${JSON.stringify(frame)}\n\n`)),
          cut: () => {
            this.streams.delete(stream);
            controller.error(new TypeError("connection reset"));
          },
        };
        this.streams.add(stream);
        signal?.addEventListener("abort", () => this.streams.has(stream) && stream.cut());
        for (const frame of this.first(channel, after)) stream.push(frame);
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }
}

const cursor = (channel: string, offset: number) => `epoch|${channel}|${offset}`;

function problem(status: number, code: string, errors?: object[]): Response {
  const body = { type: "about:blank", title: code, detail: "by the test", status, code, ...(errors && { errors }) };
  return Response.json(body, { status });
}

/** The client's end of a WebSocket to it. */
export class FalseSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readyState = 0;
  bufferedAmount = 0;
  readonly channels = new Set<string>();
  /** What the client said. */
  readonly said: Record<string, string>[] = [];
  /** A server that knows it answers a ping. */
  static pongs = true;
  /** Answers nothing any more, as where the network has gone silently. */
  silent = false;
  readonly server: FalseServer;
  readonly url: string;

  constructor(url: string, server: FalseServer) {
    this.url = url;
    this.server = server;
    const { searchParams } = new URL(url);
    setTimeout(() => {
      const channel = server.opens(searchParams.get("ticket"));
      if (!server.up || !channel) return this.close(1006);
      if (this.readyState) return;
      this.readyState = 1;
      server.opened += 1;
      server.sockets.add(this);
      this.onopen?.();
      this.#subscribe(channel, searchParams.get("after"));
    }, 1);
  }

  readonly push = (frame: object) => {
    if (!this.silent) this.onmessage?.({ data: JSON.stringify(frame) });
  };

  /** By whichever side, with the server's code. */
  close(code = 1000, reason = ""): void {
    if (this.readyState > 1) return;
    this.readyState = 3;
    this.server.sockets.delete(this);
    this.onclose?.({ code, reason });
  }

  cut(): void {
    this.close(1006);
  }

  send(text: string): void {
    const frame = JSON.parse(text);
    this.said.push(frame);
    const { type, channel } = frame;
    if (type === "subscribe") {
      const opened = this.server.opens(frame.ticket);
      if (opened) this.#subscribe(opened, frame.after ?? null);
      else this.push({ v: 1, type: "error", code: "bad_ticket", message: "ask for a new ticket" });
    } else if (type === "unsubscribe") {
      this.channels.delete(channel);
      this.push({ v: 1, type: "unsubscribed", channel });
    } else if (type === "ping" && FalseSocket.pongs) this.push({ v: 1, type: "pong" });
    else if (type === "publish" && this.channels.has(channel)) {
      this.push({ v: 1, type: "published", channel, ref: frame.ref });
      const at = new Date().toISOString();
      this.push({ v: 1, type: "event", channel, offset: 1, cursor: "c", event: "room.said", at, data: frame.data });
    } else this.push({ v: 1, type: "error", code: "unknown_type", message: "not known" });
  }

  #subscribe(channel: string, after: string | null) {
    this.channels.add(channel);
    setTimeout(() => this.server.first(channel, after).forEach(this.push), 1);
  }
}
