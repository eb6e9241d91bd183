// A site's backend: hands in what its users write, and is told when each has been judged. Nothing waits and nothing polls.
//   POST /solutions {problem, language, source} → 202 {id}   GET /solutions → the user's own, with verdicts
//   POST /hooks/{user}: Herald only
// The header `User` stands for the site's own sessions, and the maps for its database.
import { createServer } from "node:http";
import { submit, webhookSecret } from "./herald.mjs";
import { isSigned } from "./signature.mjs";

const PORT = Number(process.env.PORT ?? 3000);
/** Where Herald reaches this site. */
const { PUBLIC_URL = `http://127.0.0.1:${PORT}` } = process.env;
const MAX_BODY_BYTES = 1 << 19;

/** Users, each with the promise of the secret that signs what is told of them. */
const secrets = new Map();
/** Submissions by id. */
const solutions = new Map();

function secretOf(user) {
  if (!secrets.has(user)) {
    const secret = webhookSecret(user, `${PUBLIC_URL}/hooks/${encodeURIComponent(user)}`);
    secret.catch(() => secrets.delete(user));
    secrets.set(user, secret);
  }
  return secrets.get(user);
}

async function create(user, body) {
  await secretOf(user);
  const { id, status } = await submit(user, JSON.parse(body));
  // Unless the verdict was here before the answer.
  if (!solutions.has(id)) solutions.set(id, { id, user, status, verdict: null });
  return [202, { id }];
}

const list = (user) => [200, { items: [...solutions.values()].filter((solution) => solution.user === user) }];

async function hear(user, headers, body) {
  // After a restart the secret is known again once the user hands in something: until then Herald is to try again.
  if (!secrets.has(user)) return [503, { detail: "come back later" }];
  if (!isSigned(headers, body, await secrets.get(user))) return [401, { detail: "the signature does not fit" }];
  const { type, data } = JSON.parse(body);
  // The same message may come twice, with the same `webhook-id`: to write the same again does no harm.
  if (type === "submission.finished") {
    solutions.set(data.id, { id: data.id, user, status: data.status, verdict: data.verdict });
  }
  return [200, {}];
}

async function bodyOf(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw Object.assign(new Error("too large"), { status: 413 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function route(request) {
  const { method, headers } = request;
  const [, place, name = ""] = new URL(request.url, PUBLIC_URL).pathname.split("/");
  const { user } = headers;
  if (method === "POST" && place === "hooks") return hear(decodeURIComponent(name), headers, await bodyOf(request));
  if (place !== "solutions") return [404, { detail: "there are /solutions" }];
  if (!user) return [401, { detail: "say who you are by the header User" }];
  return method === "POST" ? create(user, await bodyOf(request)) : list(user);
}

/** What Herald refuses is passed on in its own words. */
function refusal(error) {
  const isMalformed = error instanceof SyntaxError || error instanceof URIError;
  return [error.status ?? (isMalformed ? 400 : 500), error.problem ?? { detail: error.message }];
}

const server = createServer(async (request, answer) => {
  const [status, body] = await route(request).catch(refusal);
  answer.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
});
server.listen(PORT, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${PORT}`));
