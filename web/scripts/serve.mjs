// Serves dist/ as the binary is to serve it (policy, caching, fallback to index.html) in front of a running server, for tests and
// pictures until it is in the binary, and to try a build out: node scripts/serve.mjs SERVER_URL [PORT]
// Addresses of the server in its JSON are rewritten to this one's, so that the page is of one origin with its sockets.
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { dirname, extname, join, normalize, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const DIST = resolve(dirname(fileURLToPath(import.meta.url)), "../dist");
const PAGES = /^\/((solve|room)\/[\w.-]+|run|race|money|sign-in)?$/;
const KINDS = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function file(path, answer) {
  const immutable = path.startsWith(join(DIST, "assets"));
  answer.writeHead(200, {
    "content-type": KINDS[extname(path)] ?? "application/octet-stream",
    "content-length": statSync(path).size,
    "cache-control": immutable ? "public, max-age=31536000, immutable" : "no-cache",
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
  createReadStream(path).pipe(answer);
}

/** Resolves to `{ url, cut, close }`; `cut(true)` breaks every connection to the server and refuses new ones. */
export async function serve(target, port = 0) {
  const upstream = new URL(target);
  const sockets = new Set();
  let isCut = false;
  let own = "";
  const onward = (incoming) => {
    const { origin, ...headers } = incoming.headers;
    return {
      ...headers,
      host: upstream.host,
      ...(origin && { origin: upstream.origin }),
      "accept-encoding": "identity",
    };
  };
  const server = createServer((incoming, answer) => {
    const path = normalize(decodeURIComponent(incoming.url.split("?")[0]));
    const asset = join(DIST, path);
    if (path !== "/" && !path.includes("/.") && existsSync(asset) && statSync(asset).isFile())
      return file(asset, answer);
    if (incoming.method === "GET" && PAGES.test(path)) return file(join(DIST, "index.html"), answer);
    if (isCut) return incoming.socket.destroy();
    const { method, url } = incoming;
    const forward = request(
      { host: upstream.hostname, port: upstream.port, method, path: url, headers: onward(incoming) },
      (reply) => {
        if (!reply.headers["content-type"]?.includes("json")) {
          answer.writeHead(reply.statusCode, reply.headers);
          answer.flushHeaders();
          return reply.pipe(answer);
        }
        const parts = [];
        reply.on("data", (part) => parts.push(part));
        reply.on("end", () => {
          const body = Buffer.concat(parts).toString().replaceAll(`//${upstream.host}/`, `//${own}/`);
          const { "content-length": _, "transfer-encoding": __, ...headers } = reply.headers;
          answer.writeHead(reply.statusCode, headers).end(body);
        });
      },
    );
    forward.on("error", () => incoming.socket.destroy());
    answer.on("close", () => forward.destroy());
    incoming.pipe(forward);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.on("upgrade", (incoming, socket, head) => {
    if (isCut) return socket.destroy();
    const other = connect(Number(upstream.port), upstream.hostname, () => {
      const lines = Object.entries(onward(incoming)).map(([name, value]) => `${name}: ${value}`);
      other.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      other.write(head);
      socket.pipe(other).pipe(socket);
    });
    for (const [one, two] of [
      [socket, other],
      [other, socket],
    ]) {
      one.on("error", () => two.destroy());
      one.on("close", () => two.destroy());
    }
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  own = `127.0.0.1:${server.address().port}`;
  return {
    url: `http://${own}`,
    cut(on) {
      isCut = on;
      if (on) for (const socket of sockets) socket.destroy();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => server.close(done));
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  readFileSync(join(DIST, "index.html"));
  const { url } = await serve(process.argv[2] ?? "http://127.0.0.1:8080", Number(process.argv[3] ?? 0));
  console.log(url);
}
