// The first page: submits, and follows the same submission by push and by polling. No library, no build step.
// Invariant: each lane learns of the verdict by its own means alone; nothing is shown twice or goes backwards.

const $ = (id) => document.getElementById(id);
const FIELDS = ["problem", "language", "source", "stdin"];
const KEY = "herald-key"; // this tab's API key, in sessionStorage
const POLL_MS = 1000;
let current = null; // the run that the page shows

/** fetch with this tab's key; anything but a success is thrown as the problem+json that it is. */
async function api(path, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = { ...options.headers, ...(key && { Authorization: `Bearer ${key}` }) };
  const response = await fetch(path, { ...options, headers }).catch(() => {
    throw { title: "The server does not answer", detail: "check that herald is running, then try again" };
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({ title: `The server answered ${response.status}`, detail: "" }));
  throw { ...problem, status: response.status };
}

function show(element, text) {
  element.hidden = !text;
  element.textContent = text ?? "";
}

function fieldError(field, text) {
  show($(`${field}-error`), text);
  $(field).setAttribute("aria-invalid", Boolean(text));
}

/** Each error beside its field; what belongs to no field below the button; a missing key is asked for. `null` clears. */
function showProblem(problem) {
  if (problem && !problem.title) throw problem; // a bug of this page, not the server's answer
  const errors = problem?.errors ?? [];
  const of = (field) => errors.filter(({ pointer }) => pointer.split("/")[1] === field).map(({ detail }) => detail);
  for (const field of FIELDS) fieldError(field, of(field).join("\n"));
  const rest = errors.filter(({ pointer }) => !FIELDS.includes(pointer.split("/")[1]));
  const head = [problem?.title, problem?.detail].filter(Boolean).join(": ");
  show($("error"), [head, ...rest.map(({ pointer, detail }) => `${pointer}: ${detail}`)].join("\n"));
  $("key-form").hidden = problem?.status !== 401;
  if (problem?.status === 401) $("key").focus();
}

async function load() {
  const list = async (path) => (await (await api(path)).json()).items;
  const [problems, all] = await Promise.all([list("/problems"), list("/languages")]);
  const languages = all.filter(({ available }) => available);
  const option = (value, text, preferred) => new Option(text, value, value === preferred, value === preferred);
  const none = $("problem").options[0];
  $("problem").replaceChildren(none, ...problems.map(({ slug, title }) => option(slug, title, "a-plus-b")));
  $("language").replaceChildren(...languages.map(({ id, name }) => option(id, name, "python")));
  if (!languages.length) showProblem({ title: "No worker is running", detail: "start one, then load this page again" });
  chooseLanguage();
  await chooseProblem();
}

async function chooseProblem() {
  const slug = $("problem").value;
  $("stdin-field").hidden = slug !== "";
  $("statement").hidden = true;
  if (slug === "") return;
  const problem = await (await api(`/problems/${slug}`)).json();
  if ($("problem").value !== slug) return;
  $("statement").hidden = false;
  $("statement-text").innerHTML = problem.statement_html; // raw HTML in a statement comes as text
}

/** Puts in the language's starter, unless something of the user's own would be lost. */
function chooseLanguage() {
  const starters = [...document.querySelectorAll("template.starter")].map(({ content }) => content.textContent);
  const starter = $(`starter-${$("language").value}`)?.content.textContent ?? "";
  if (["", ...starters].includes($("source").value)) $("source").value = starter;
}

async function submit() {
  showProblem(null);
  $("submit").disabled = true;
  const problem = $("problem").value;
  const body = { language: $("language").value, source: $("source").value };
  Object.assign(body, problem ? { problem } : { stdin: $("stdin").value });
  try {
    const sent = now();
    const headers = { "Content-Type": "application/json" };
    const accepted = await (await api("/submit", { method: "POST", headers, body: JSON.stringify(body) })).json();
    start(accepted, sent);
  } catch (error) {
    showProblem(error);
  } finally {
    $("submit").disabled = false;
  }
}

/** Milliseconds since 1970, finer than Date.now() and never set back. */
const now = () => performance.timeOrigin + performance.now();

function start(accepted, sent) {
  current?.socket?.close();
  const lane = () => ({ requests: 0, frames: 0, seenAt: null });
  current = {
    ...accepted, sent, received: now(), skew: 0, push: lane(), poll: lane(),
    cursor: null, offset: 0, attempt: 0, seq: 0, tries: 0, finishedAt: null,
  };
  $("steps").replaceChildren();
  for (const id of ["figures", "output", "bar"]) $(id).hidden = true;
  for (const name of ["push", "poll"]) {
    verdict(name, "waiting", null);
    $(`${name}-delay`).textContent = $(`${name}-requests`).textContent = "–";
  }
  push(current);
  poll(current);
}

/** The push lane: a stock WebSocket; after a cut it goes on from the last cursor. */
function push(run) {
  const socket = new WebSocket(run.ws_url + (run.cursor ? `&after=${encodeURIComponent(run.cursor)}` : ""));
  run.socket = socket;
  run.push.requests += 1;
  socket.onmessage = ({ data }) => {
    if (run !== current) return;
    const frame = JSON.parse(data);
    run.push.frames += 1;
    run.tries = 0;
    take(run, frame);
    lanes(run);
    if (run.push.seenAt) socket.close();
  };
  socket.onclose = () => {
    if (run !== current || run.push.seenAt) return;
    run.tries += 1;
    const most = Math.min(250 * 2 ** run.tries, 5000);
    setTimeout(() => run === current && push(run), most * (0.5 + Math.random() / 2));
  };
}

/** What a frame adds to what is shown; repeats and late progress add nothing. */
function take(run, frame) {
  const { data } = frame;
  if (frame.cursor) run.cursor = frame.cursor;
  if (frame.type === "progress") {
    if (frame.attempt < run.attempt || (frame.attempt === run.attempt && frame.seq <= run.seq)) return;
    Object.assign(run, { attempt: frame.attempt, seq: frame.seq });
  } else if (frame.type === "snapshot" || frame.type === "event") {
    if (frame.type === "event" && frame.offset <= run.offset) return;
    if (data.attempt !== run.attempt) run.seq = 0;
    Object.assign(run, { offset: frame.offset, attempt: data.attempt });
  } else return;
  if (data.created_at) calibrate(run, data.created_at);
  if (data.finished_at) run.finishedAt = Date.parse(data.finished_at);
  step(run, data);
  if (isFinal(data)) run.push.seenAt = now();
  verdict("push", data.status, data);
}

/** The poll lane: the same submission, asked for each second. */
async function poll(run) {
  while (run === current && !run.poll.seenAt) {
    run.poll.requests += 1;
    try {
      const status = await (await api(`/status/${run.id}`)).json();
      if (run !== current) return;
      calibrate(run, status.created_at);
      if (status.finished_at) run.finishedAt = Date.parse(status.finished_at);
      if (isFinal(status)) {
        run.poll.seenAt = now();
        result(status);
      }
      verdict("poll", status.status, status);
    } catch (problem) {
      if (run === current) verdict("poll", problem.title ?? "failed", null);
    }
    if (run === current) lanes(run);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The server's clock lies where `created_at` says, between the POST's sending and its answer; ours may be off. */
function calibrate(run, createdAt) {
  const created = Date.parse(createdAt);
  run.skew = Math.max(created - run.received, Math.min(0, created - run.sent));
}

const isFinal = ({ status }) => status === "finished" || status === "cancelled";
const milliseconds = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);

/** Delays and counts of both lanes, as far as they are known. */
function lanes(run) {
  const { push, poll, finishedAt } = run;
  const delay = (lane) => milliseconds(Math.max(0, lane.seenAt + run.skew - finishedAt));
  const later = push.seenAt && poll.seenAt > push.seenAt ? `\n${milliseconds(poll.seenAt - push.seenAt)} later` : "";
  if (push.seenAt && finishedAt) $("push-delay").textContent = delay(push);
  if (poll.seenAt && finishedAt) $("poll-delay").textContent = delay(poll) + later;
  $("push-requests").textContent = `${push.requests} + ${push.frames} frames`;
  $("poll-requests").textContent = String(poll.requests);
}

const TONES = { accepted: "good", wrong_answer: "bad", run_time_error: "bad", compile_error: "bad" };

function verdict(lane, text, data) {
  const element = $(`${lane}-verdict`);
  element.textContent = (data?.verdict ?? text).replaceAll("_", " ");
  element.dataset.tone = data?.verdict ? (TONES[data.verdict] ?? "warn") : "busy";
}

/** A line for each status come into, with the time since Submit; the bar follows the test cases. */
function step(run, { status, tests }) {
  const total = tests?.total;
  $("bar").hidden = !total;
  if (total) Object.assign($("bar"), { max: total, value: tests.run });
  if ($("steps").lastElementChild?.dataset.status !== status) {
    const line = $("step").content.firstElementChild.cloneNode(true);
    line.dataset.status = status;
    line.lastElementChild.textContent = milliseconds(now() - run.sent);
    $("steps").append(line);
  }
  $("steps").lastElementChild.firstElementChild.textContent = status;
  const running = [...$("steps").querySelectorAll('[data-status="running"] span')].at(-1);
  if (running && total) running.textContent = `running ${tests.run} of ${total}`;
}

/** Figures, the first case that failed, and what was written, once the whole status is there. */
function result(status) {
  const { tests, time_ms: time, memory_kb: memory, exit_code: exit } = status;
  const failed = status.cases.find((each) => each.verdict !== "accepted");
  const figures = [
    status.problem && tests.total && `${tests.passed} of ${tests.total} test cases passed`,
    time !== null && `${time} ms`, memory !== null && `${(memory / 1024).toFixed(1)} MiB`,
    !status.problem && exit !== null && `exit ${exit}`, status.verdict !== "accepted" && status.reason,
    failed && `first failing: case ${failed.n}${failed.message ? `: ${failed.message}` : ""}`,
  ];
  show($("figures"), figures.filter(Boolean).join(" · "));
  show($("output"), [status.compile_output, status.stdout, status.stderr].filter(Boolean).join("\n"));
}

$("form").addEventListener("submit", (event) => (event.preventDefault(), submit()));
$("form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit($("submit"));
});
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, $("key").value.trim());
  showProblem(null);
  load().catch(showProblem);
});
$("problem").addEventListener("change", () => chooseProblem().catch(showProblem));
$("language").addEventListener("change", chooseLanguage);
load().catch(showProblem);
export { $, api, milliseconds, now, show };
