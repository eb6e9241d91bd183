// What this site asks of Herald, each time for one of its users: a key of scope admin may, by the header Herald-User.
const { HERALD_URL = "http://127.0.0.1:8080", HERALD_TOKEN } = process.env;

async function ask(user, method, path, body) {
  const headers = {
    "Content-Type": "application/json",
    "Herald-User": user,
    ...(HERALD_TOKEN && { Authorization: `Bearer ${HERALD_TOKEN}` }),
  };
  const answer = await fetch(`${HERALD_URL}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const json = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(json.detail), { status: answer.status, problem: json });
  return json;
}

export const submit = (user, solution) => ask(user, "POST", "/submit", solution);

/** The secret that signs what Herald tells `url` about this user's submissions. Shown only when made, hence a new one each time. */
export async function webhookSecret(user, url) {
  const { items } = await ask(user, "GET", "/webhooks?limit=200");
  const known = items.find((endpoint) => endpoint.url === url);
  const made = known
    ? await ask(user, "POST", `/webhooks/${known.id}/rotate`)
    : await ask(user, "POST", "/webhooks", { url, events: ["submission.finished"] });
  return made.secret;
}
