// The second form: pays, and lights one lamp for each service as its event arrives on the transfer's WebSocket.
// Invariant: what is shown only grows; a repeated or late frame changes nothing.
import { $, api, now, milliseconds, show } from "/app.js";

const SERVICES = ["notification", "fraud", "statement", "rewards", "webhook"];
const FIELDS = ["from", "to", "amount"];
let accounts = new Map();
let current = null; // the transfer that the page shows
let key = null; // of the payment that was asked for and has had no answer: asking again must not pay again

/** How many digits stand after the point (ISO 4217), as the browser knows it. */
const digits = (currency) => new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
const money = (minor, currency) => `${(minor / 10 ** digits(currency)).toFixed(digits(currency))} ${currency}`;

/** What is typed, in minor units; what is no amount goes to the server as it is, which says what is wrong. */
function minorUnits(text, currency) {
  const [whole, rest = ""] = text.trim().split(".");
  const good = /^\d+$/.test(whole) && /^\d*$/.test(rest) && rest.length <= digits(currency);
  return good ? Number(whole + rest.padEnd(digits(currency), "0")) : text;
}

async function loadAccounts() {
  const { items } = await (await api("/accounts")).json();
  accounts = new Map(items.map((account) => [account.handle, account]));
  const chosen = $("from").value;
  const option = ({ handle, available, currency }) => new Option(`${handle}: ${money(available, currency)}`, handle);
  $("from").replaceChildren(...items.map(option));
  if (accounts.has(chosen)) $("from").value = chosen;
  $("handles").replaceChildren(...items.map(({ handle }) => new Option(handle)));
  $("money").hidden = items.length === 0;
}

function showProblem(problem) {
  if (problem && !problem.title) throw problem; // a bug of this page, not the server's answer
  const errors = problem?.errors ?? [];
  for (const field of FIELDS) {
    const text = errors.filter(({ pointer }) => pointer === `/${field}`).map(({ detail }) => detail).join("\n");
    show($(`${field}-error`), text);
    $(field).setAttribute("aria-invalid", Boolean(text));
  }
  show($("pay-error"), [problem?.title, problem?.detail].filter(Boolean).join(": "));
}

async function pay() {
  showProblem(null);
  $("pay").disabled = true;
  const { currency } = accounts.get($("from").value);
  const body = { from: $("from").value, to: $("to").value.trim(), amount: minorUnits($("amount").value, currency), currency };
  try {
    const sent = now();
    key ??= crypto.randomUUID();
    const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
    const transfer = await (await api("/transactions", { method: "POST", headers, body: JSON.stringify(body) })).json();
    key = null;
    start(transfer, sent);
  } catch (error) {
    if (error.status < 500) key = null;
    showProblem(error);
  } finally {
    $("pay").disabled = false;
  }
}

function start(transfer, sent) {
  current?.socket?.close();
  current = { ...transfer, sent, offset: 0, cursor: null, tries: 0, lit: new Set() };
  for (const service of SERVICES) light(service, "pending", "");
  $("transfer-state").textContent = transfer.state.replaceAll("_", " ");
  watch(current);
}

/** A stock WebSocket; after a cut it goes on from the last cursor. Closed once all five lamps are lit. */
function watch(run) {
  const socket = new WebSocket(run.ws_url + (run.cursor ? `&after=${encodeURIComponent(run.cursor)}` : ""));
  run.socket = socket;
  socket.onmessage = ({ data }) => {
    if (run !== current) return;
    run.tries = 0;
    take(run, JSON.parse(data));
    if (run.lit.size < SERVICES.length) return;
    socket.close();
    loadAccounts().catch(showProblem);
  };
  socket.onclose = () => {
    if (run !== current || run.lit.size === SERVICES.length) return;
    run.tries += 1;
    const most = Math.min(250 * 2 ** run.tries, 5000);
    setTimeout(() => run === current && watch(run), most * (0.5 + Math.random() / 2));
  };
}

function take(run, { type, data, offset, cursor }) {
  if (cursor) run.cursor = cursor;
  if ((type !== "snapshot" && type !== "event") || offset <= run.offset) return;
  run.offset = offset;
  $("transfer-state").textContent = data.status.replaceAll("_", " ");
  const told = data.services ?? (data.service ? { [data.service]: { ...data, status: data.effect } } : {});
  for (const [service, effect] of Object.entries(told)) {
    if (effect.status === "pending" || run.lit.has(service)) continue;
    run.lit.add(service);
    light(service, effect.status, `${effect.status} after ${milliseconds(now() - run.sent)}`);
  }
}

function light(service, status, text) {
  const lamp = $(`lamp-${service}`);
  lamp.dataset.status = status;
  lamp.querySelector("small").textContent = text || "waiting";
}

$("pay-form").addEventListener("input", () => (key = null));
$("pay-form").addEventListener("submit", (event) => (event.preventDefault(), pay()));
// Loaded again once this tab has a key.
$("key-form").addEventListener("submit", () => setTimeout(() => loadAccounts().catch(showProblem)));
loadAccounts().catch(() => {}); // the first form asks for the key, or says that the server is away
