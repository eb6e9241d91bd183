// Generated from api/tests/it/snapshots/openapi.snap by `npm run generate`. Not to be edited.

/** `202` of `POST /submit`. URLs are absolute. */
export type AcceptedView = {
  channel: string;
  events_url: string;
  id: SubmissionId;
  status: Status;
  status_url: string;
  ticket: string;
  ws_url: string;
};

/** Names one account. */
export type AccountId = string;

/** What an account is for. */
export type AccountKind = "user" | "merchant" | "funding" | "rewards";

/** Body of `POST /accounts`. */
export type AccountRequest = {
  /** As in ISO 4217. */
  currency: string;
  /** 1 to 64 characters out of `a-z`, `0-9`, `.`, `_`, `-`, starting with a letter; given once, for ever. */
  handle: string;
  /** `user` (if absent) or `merchant`. */
  kind?: string | null | undefined;
};

/** `GET /accounts/{id}`. Amounts in minor units. */
export type AccountView = {
  /** What can be spent: the balance without what is held. */
  available: number;
  /** What is there, held or not. */
  balance: number;
  created_at: string;
  currency: Currency;
  handle: Handle;
  /** What is promised to others by transfers that are pending. */
  held: number;
  id: AccountId;
  kind: AccountKind;
};

/** Names one call of a webhook endpoint. */
export type AttemptId = string;

/** One of `GET /webhooks/{id}/attempts`. */
export type AttemptView = CallView & {
  at: string;
};

/** What became of one submission of a batch. */
export type BatchItem = AcceptedView | {
  error: ProblemDetails;
};

/** Body of `POST /submissions/batch`. */
export type BatchRequest = {
  submissions: SubmitRequest[];
};

/** `202` of `POST /submissions/batch`: one item for each submission, in order. */
export type BatchView = {
  items: BatchItem[];
};

/** `201` of `POST /transactions`, of a refund and of a funding. URLs are absolute. */
export type BookedView = {
  channel: string;
  events_url: string;
  id: TransferId;
  /** Always all five. */
  services: Record<string, EffectView>;
  state: TransferState;
  status_url: string;
  ticket: string;
  ws_url: string;
};

/** One call of an endpoint, and how it went. */
export type CallView = {
  /** The endpoint answered 2xx. */
  delivered: boolean;
  duration_ms: number;
  /** Why it was not delivered. */
  error?: string | null | undefined;
  event: string;
  id: AttemptId;
  /** The `webhook-id` header: the same for every call about the same event. */
  message: string;
  /** The start of its answer, at most 1,024 bytes. */
  response?: string | null | undefined;
  /** What it answered, if it did. */
  status?: number | null | undefined;
  submission?: SubmissionId | null | undefined;
  transfer?: TransferId | null | undefined;
};

/** Body of `POST /transactions/{id}/capture`; may be left out. */
export type CaptureRequest = {
  /** In minor units, at most what is held; all of it if absent. The rest is released. */
  amount?: number | null | undefined;
};

/** The outcome of one test case. */
export type CaseResult = {
  /** `sample`, `secret`, or the path of a group below them. */
  group: string;
  memory_kb: number;
  /** Feedback for the submitter, ≤ 1 KiB; for sample cases only what is public. */
  message?: string | null | undefined;
  /** From 1, in the order they are run. */
  n: number;
  /** Machine-readable detail: `ok`, `cpu`, `wall`, `oom`, `exit:1`, `signal:11`, `stdout_cap`, `token`, … */
  reason?: string | null | undefined;
  /** CPU time. */
  time_ms: number;
  verdict: Verdict;
  wall_ms: number;
};

/** Three letters as in ISO 4217, `INR`. Any three are taken: which ones a server deals in is decided by its accounts. */
export type Currency = string;

/** Names one dead letter. */
export type DeadLetterId = string;

/** One of `GET /admin/dead-letters`. */
export type DeadLetterView = {
  at: string;
  /** `submission:<id>` or `transfer:<id>` where it is known. */
  entity?: string | null | undefined;
  error: string;
  id: DeadLetterId;
  /** The message body, where there was one. */
  payload?: string | null | undefined;
  /** The work queue that it belonged to. */
  queue: string;
  /** Whose it is, for `Herald-User`. */
  user?: string | null | undefined;
};

/** Where an effect stands. `skipped`: there was nothing to do. `failed`: all attempts are used up; it can be redriven. */
export type EffectState = "pending" | "done" | "skipped" | "failed";

/** What a service has made of a transfer. */
export type EffectView = {
  /** When it last changed; null where there was nothing to do. */
  at?: string | null | undefined;
  attempts: number;
  /** An object of the service's own. */
  detail: Record<string, unknown>;
  status: EffectState;
};

/** Names one webhook endpoint. */
export type EndpointId = string;

/** Body of `POST /webhooks`. */
export type EndpointRequest = {
  /**
   * Which events to send: `transfer.completed`, `transfer.failed`, `transfer.voided`, `transfer.expired`, or all of them as
   * `transfer.*`; `submission.finished` (a submission of one's own has ended, by its verdict or by a cancel), or
   * `submission.*`.
   */
  events: EventPattern[];
  /** An `https:` URL of a public address, without user name and password. */
  url: string;
};

/** Where a user is told. */
export type EndpointView = {
  created_at: string;
  /** Since when nothing is sent to it any more. */
  disabled_at?: string | null | undefined;
  /** Why: `gone` if it answered 410. */
  disabled_reason?: string | null | undefined;
  events: EventPattern[];
  id: EndpointId;
  /** Until when the secret before the present one signs too. */
  old_secret_expires_at?: string | null | undefined;
  url: string;
};

/** Which events an endpoint wants: one by name, or `transfer.*` and `submission.*`, all that begin so. */
export type EventPattern = string;

export type FieldError = {
  detail: string;
  /** JSON pointer (RFC 6901) into the request body, or `?name` for a query parameter. */
  pointer: string;
};

/** Body of `POST /accounts/{id}/fund`. */
export type FundRequest = {
  /** In minor units of the account's currency. */
  amount: number;
  reference?: string | null | undefined;
};

/**
 * What people call an account: 1 to 64 characters out of `a-z`, `0-9`, `.`, `_`, `-`, starting with a letter. Never changes
 * and is never given twice.
 */
export type Handle = string;

/** `/livez` and `/readyz`. */
export type HealthView = {
  /** One for each thing looked at: `ok` or what is the matter. With `?verbose` in words for people. */
  checks?: Record<string, string> | undefined;
  /** `ok`; `degraded`: it works, but something that it needs is away. */
  status: string;
};

/** Whether to hold, and for how long. */
export type HoldRequest = boolean | {
  minutes: number;
};

/** Who may end a hold. */
export type Holder = "payer" | "fraud";

/** `POST /admin/problems`. */
export type ImportView = {
  /** Whether another version judged before. */
  changed: boolean;
  slug: string;
  /** Sample and secret together. */
  test_cases: number;
  title: string;
  /** SHA-256 of the package. */
  version: string;
};

/** Names one API key (not its secret). */
export type KeyId = string;

/** Body of `POST /admin/keys`. */
export type KeyRequest = {
  scope?: Scope | null | undefined;
  user: string;
};

/** A key without its secret. */
export type KeyView = {
  created_at: string;
  id: KeyId;
  revoked_at?: string | null | undefined;
  scope: Scope;
  user: string;
};

/** One language of one worker. */
export type LanguageInfo = {
  available: boolean;
  /** What a submission may give in `flags`; `*` stands for anything. */
  flags?: string[] | undefined;
  /** `c`, `cpp`, `rust`, `go`, `java`, `python`, `javascript`, … */
  id: string;
  /** For people: `C++ 20 (g++)`. */
  name: string;
  /** Why it is not available. */
  reason?: string | null | undefined;
  /** File name that a single `source` is stored under: `main.py`. */
  source_name: string;
  /** First line of what the toolchain says of itself. */
  version?: string | null | undefined;
};

/** One of `GET /languages`. */
export type LanguageView = {
  available: boolean;
  /** What a submission may give in `flags`; `*` stands for anything. */
  flags: string[];
  id: string;
  /** For people. */
  name: string;
  /** Why it is not available. */
  reason?: string | null | undefined;
  /** File name that a single `source` is stored under. */
  source_name: string;
  /** First line of what the toolchain says of itself. */
  version?: string | null | undefined;
  /** How many live workers can run it. */
  workers: number;
};

/** What a look at the whole ledger found. */
export type LedgerCheckView = {
  accounts: number;
  /** What is wrong, in words; at most a hundred. */
  breaches: string[];
  entries: number;
  /** Nothing is wrong. */
  ok: boolean;
  transfers: number;
};

/** Limits asked for by a submission; absent = the problem's or the server's own. Each is capped by the server's maxima. */
export type Limits = {
  /** CPU time of one run, in milliseconds. */
  cpu_ms?: number | null | undefined;
  /**
   * CPU time for which a run that is over `cpu_ms` goes on before it is stopped, in milliseconds; the verdict stays
   * `time_limit_exceeded`. For a case of a problem at least a tenth of `cpu_ms`, so that one that is just over it can be run
   * once more, alone.
   */
  extra_ms?: number | null | undefined;
  /** The largest file that a run may write, in KiB. */
  file_kb?: number | null | undefined;
  /** Memory, in KiB. */
  memory_kb?: number | null | undefined;
  /** What one run may write to stdout and to stderr together, in KiB. */
  output_kb?: number | null | undefined;
  /** Processes and threads. */
  processes?: number | null | undefined;
  /** Stack of a thread, in KiB. */
  stack_kb?: number | null | undefined;
  /** Wall-clock time of one run, in milliseconds. */
  wall_ms?: number | null | undefined;
};

/** What the memory figure was read from. */
export type MemorySource = "cgroup_v2" | "cgroup_v1" | "rusage";

/** An endpoint with its new secret: the only time that it is shown. */
export type NewEndpointView = EndpointView & {
  /** What messages are signed with, as Standard Webhooks writes it. */
  secret: string;
};

/** `201` of `POST /admin/keys`: the only time that the secret is shown. */
export type NewKeyView = KeyView & {
  /** What stands behind `Authorization: Bearer`. It is not stored and cannot be shown again. */
  key: string;
};

/** Every list. */
export type Page_AccountView = {
  items: {
    /** What can be spent: the balance without what is held. */
    available: number;
    /** What is there, held or not. */
    balance: number;
    created_at: string;
    currency: Currency;
    handle: Handle;
    /** What is promised to others by transfers that are pending. */
    held: number;
    id: AccountId;
    kind: AccountKind;
  }[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** Every list. */
export type Page_AttemptView = {
  items: (CallView & {
    at: string;
  })[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** Every list. */
export type Page_DeadLetterView = {
  items: ({
    at: string;
    /** `submission:<id>` or `transfer:<id>` where it is known. */
    entity?: string | null | undefined;
    error: string;
    id: DeadLetterId;
    /** The message body, where there was one. */
    payload?: string | null | undefined;
    /** The work queue that it belonged to. */
    queue: string;
    /** Whose it is, for `Herald-User`. */
    user?: string | null | undefined;
  })[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** Every list. */
export type Page_EndpointView = {
  items: ({
    created_at: string;
    /** Since when nothing is sent to it any more. */
    disabled_at?: string | null | undefined;
    /** Why: `gone` if it answered 410. */
    disabled_reason?: string | null | undefined;
    events: EventPattern[];
    id: EndpointId;
    /** Until when the secret before the present one signs too. */
    old_secret_expires_at?: string | null | undefined;
    url: string;
  })[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** Every list. */
export type Page_KeyView = {
  items: ({
    created_at: string;
    id: KeyId;
    revoked_at?: string | null | undefined;
    scope: Scope;
    user: string;
  })[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** Every list. */
export type Page_LanguageView = {
  items: ({
    available: boolean;
    /** What a submission may give in `flags`; `*` stands for anything. */
    flags: string[];
    id: string;
    /** For people. */
    name: string;
    /** Why it is not available. */
    reason?: string | null | undefined;
    /** File name that a single `source` is stored under. */
    source_name: string;
    /** First line of what the toolchain says of itself. */
    version?: string | null | undefined;
    /** How many live workers can run it. */
    workers: number;
  })[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** Every list. */
export type Page_ProblemListView = {
  items: ({
    /** Ids of the languages that it takes; null: any. */
    languages?: string[] | null | undefined;
    /** What a problem of type `scoring` gives at most; null: no bound, or not a scoring problem. */
    max_score?: number | null | undefined;
    /** Memory of one run, in KiB. */
    memory_limit_kb: number;
    slug: string;
    /** Sample and secret together. */
    test_cases: number;
    /** CPU time of one run, in milliseconds. A language may have a limit of its own. */
    time_limit_ms: number;
    title: string;
    /**
     * `pass-fail` or `scoring`, and with it `interactive`, `multi-pass` or both; `function` where one completes a starter
     * instead of writing a whole program.
     */
    types: string[];
    /** SHA-256 of the package that judges from now on. */
    version: string;
  })[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** Every list. */
export type Page_ProcessInfo = {
  items: ({
    /** Worker class, for a worker. */
    class?: string | null | undefined;
    /** What it is busy with, for people. */
    doing: string;
    id: ProcessId;
    /** `api`, `worker`, `notifier`, `up`. */
    kind: string;
    languages: LanguageInfo[];
    /** By the store's clock; set by the store on refresh. */
    seen_at: string;
    /** How many submissions a worker runs at once. */
    slots?: number | null | undefined;
    version: string;
  })[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** Every list. */
export type Page_StatementLineView = {
  items: ({
    /** Positive: came in; negative: went out. Minor units. */
    amount: number;
    at: string;
    /** After this line. */
    balance: number;
    kind: TransferKind;
    /** Counts 1, 2, 3 … per account without gaps. */
    n: number;
    note?: string | null | undefined;
    /** The account on the other side. */
    other: Handle;
    reference?: string | null | undefined;
    transfer: TransferId;
  })[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** Every list. */
export type Page_SubmissionView = {
  items: ({
    attempt: number;
    created_at: string;
    finished_at?: string | null | undefined;
    id: SubmissionId;
    language: string;
    /** KiB of the largest case. */
    memory_kb?: number | null | undefined;
    offset: number;
    problem?: string | null | undefined;
    reason?: string | null | undefined;
    score?: number | null | undefined;
    status: Status;
    tests: Tests;
    /** CPU time of the slowest case. */
    time_ms?: number | null | undefined;
    user: string;
    verdict?: Verdict | null | undefined;
    wall_ms?: number | null | undefined;
  })[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** Every list. */
export type Page_TransferView = {
  items: ({
    amount: number;
    created_at: string;
    currency: Currency;
    from: Handle;
    held_by?: Holder | null | undefined;
    hold_until?: string | null | undefined;
    id: TransferId;
    kind: TransferKind;
    note?: string | null | undefined;
    /** The channel's head: rises with every stored event; also the ETag. */
    offset: number;
    parent?: TransferId | null | undefined;
    /** What has moved: all of the amount, or what was captured of it. */
    posted: number;
    reason?: string | null | undefined;
    reference?: string | null | undefined;
    /** What has come back of that. */
    refunded: number;
    /** Always all five. */
    services: Record<string, EffectView>;
    settled_at?: string | null | undefined;
    /** The same word as `status`, by which every entity's state can be read. */
    state: TransferState;
    status: TransferState;
    to: Handle;
  })[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** Every list. */
export type Page_VerdictRecord = {
  items: ({
    /** The attempt that the submission had come to. */
    attempt: number;
    cases: CaseResult[];
    exit_code?: number | null | undefined;
    finished_at: string;
    language_version?: string | null | undefined;
    /** KiB of the largest case. */
    memory_kb?: number | null | undefined;
    memory_source?: MemorySource | null | undefined;
    /** SHA-256 of the problem package that judged; null: there was no problem. */
    problem_version?: string | null | undefined;
    /** Machine-readable detail of the verdict. */
    reason?: string | null | undefined;
    score?: number | null | undefined;
    signal?: number | null | undefined;
    tests: Tests;
    /** CPU time of the slowest case, in milliseconds. */
    time_ms?: number | null | undefined;
    verdict: Verdict;
    wall_ms?: number | null | undefined;
  })[];
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
};

/** RFC 9457 problem details, `application/problem+json`. */
export type ProblemDetails = {
  /** Stable and machine-readable. */
  code: string;
  /** What is wrong and what to do next. */
  detail: string;
  /** One for each field that is wrong. */
  errors?: FieldError[] | undefined;
  request_id?: string | null | undefined;
  /** `insufficient_funds`: how many minor units are missing. */
  shortfall?: number | null | undefined;
  status: number;
  title: string;
  /** `<public url>/docs/errors#<code>`, or `about:blank`. */
  type: string;
};

/** One of `GET /problems`. */
export type ProblemListView = {
  /** Ids of the languages that it takes; null: any. */
  languages?: string[] | null | undefined;
  /** What a problem of type `scoring` gives at most; null: no bound, or not a scoring problem. */
  max_score?: number | null | undefined;
  /** Memory of one run, in KiB. */
  memory_limit_kb: number;
  slug: string;
  /** Sample and secret together. */
  test_cases: number;
  /** CPU time of one run, in milliseconds. A language may have a limit of its own. */
  time_limit_ms: number;
  title: string;
  /**
   * `pass-fail` or `scoring`, and with it `interactive`, `multi-pass` or both; `function` where one completes a starter
   * instead of writing a whole program.
   */
  types: string[];
  /** SHA-256 of the package that judges from now on. */
  version: string;
};

/** `GET /problems/{slug}`. */
export type ProblemView = ProblemListView & {
  samples: Sample[];
  /** What a solver begins with: one for each language that it takes and has one, by the language's id. */
  starters: Starter[];
  /** CommonMark. */
  statement: string;
  /** The statement rendered; raw HTML in it is shown as text, so it is safe to put into a page. */
  statement_html: string;
};

/** Names one running process in the fleet. */
export type ProcessId = string;

/** A row of `processes`. */
export type ProcessInfo = {
  /** Worker class, for a worker. */
  class?: string | null | undefined;
  /** What it is busy with, for people. */
  doing: string;
  id: ProcessId;
  /** `api`, `worker`, `notifier`, `up`. */
  kind: string;
  languages: LanguageInfo[];
  /** By the store's clock; set by the store on refresh. */
  seen_at: string;
  /** How many submissions a worker runs at once. */
  slots?: number | null | undefined;
  version: string;
};

/** What `POST /admin/reconcile` found. */
export type ReconcileView = {
  /** What is wrong with the ledger and cannot be mended by itself. */
  breaches: string[];
  /** Holds past their time, which have ended now. */
  expired_holds: number;
  /** By service, transfers that it had made nothing of and has been told of now. */
  missing: Record<string, number>;
};

/** What a redrive came to. */
export type RedriveView = {
  /** There are more than one call does; call again. */
  more: boolean;
  /** Dead letters that are gone: their submissions are queued again. */
  redriven: number;
};

/** Body of `POST /transactions/{id}/refund`; may be left out. */
export type RefundRequest = {
  /** In minor units, at most what is left of the payment; all that is left if absent. */
  amount?: number | null | undefined;
  /** For the payer; at most 512 bytes. */
  note?: string | null | undefined;
};

/** What a rejudge would come to. */
export type RejudgeCountView = {
  /** Are being judged now by another version: they end by it, and can be judged again then. */
  open: number;
  /** Slug. */
  problem: string;
  /** Would be judged again. */
  submissions: number;
  /** SHA-256 of the package that would judge. */
  version: string;
};

/** What one page came to. */
export type RejudgeView = {
  /** What `?cursor=` takes for the next page; null on the last. */
  next?: string | null | undefined;
  /** Submissions of this page that are queued again. */
  rejudged: number;
};

export type Sample = {
  answer: string;
  input: string;
};

/** What a key may do. */
export type Scope = "user" | "admin";

/** One source file; the first of a submission is the entry point. */
export type SourceFile = {
  content: string;
  /** A plain file name: 1 to 100 characters out of letters, digits, `.`, `_`, `-`, not starting with a dot. */
  name: string;
};

/** A file that a solver begins with. Its name is the one that a lone source file of its language is judged under. */
export type Starter = {
  content: string;
  /** In a summary the format's code (`cpp`, `python3`) or Herald's id; in an answer the id. */
  language: string;
  name: string;
};

/** A line of `GET /accounts/{id}/statement`. */
export type StatementLineView = {
  /** Positive: came in; negative: went out. Minor units. */
  amount: number;
  at: string;
  /** After this line. */
  balance: number;
  kind: TransferKind;
  /** Counts 1, 2, 3 … per account without gaps. */
  n: number;
  note?: string | null | undefined;
  /** The account on the other side. */
  other: Handle;
  reference?: string | null | undefined;
  transfer: TransferId;
};

/** Where a submission stands. */
export type Status = "queued" | "compiling" | "running" | "finished" | "cancelled";

/** `GET /status/{id}`, and the `data` of a snapshot (there without long outputs). Unknown yet = null. */
export type StatusView = {
  attempt: number;
  cases: CaseResult[];
  compile_output?: string | null | undefined;
  created_at: string;
  exit_code?: number | null | undefined;
  finished_at?: string | null | undefined;
  id: SubmissionId;
  language: string;
  language_version?: string | null | undefined;
  /** KiB of the largest case. */
  memory_kb?: number | null | undefined;
  memory_source?: MemorySource | null | undefined;
  /** The channel's head: rises with every stored event; also the ETag. */
  offset: number;
  problem?: string | null | undefined;
  /** SHA-256 of the problem package that judges it. */
  problem_version?: string | null | undefined;
  /** Machine-readable detail of the verdict. */
  reason?: string | null | undefined;
  score?: number | null | undefined;
  signal?: number | null | undefined;
  status: Status;
  stderr?: string | null | undefined;
  stdout?: string | null | undefined;
  tests: Tests;
  /** CPU time of the slowest case, in milliseconds. */
  time_ms?: number | null | undefined;
  /** Which of the long texts were cut: `stdout`, `stderr`, `compile_output`. */
  truncated?: string[] | undefined;
  verdict?: Verdict | null | undefined;
  wall_ms?: number | null | undefined;
};

/** Names one submission. */
export type SubmissionId = string;

/** One of `GET /submissions`: without cases and outputs, which `GET /status/{id}` has. */
export type SubmissionView = {
  attempt: number;
  created_at: string;
  finished_at?: string | null | undefined;
  id: SubmissionId;
  language: string;
  /** KiB of the largest case. */
  memory_kb?: number | null | undefined;
  offset: number;
  problem?: string | null | undefined;
  reason?: string | null | undefined;
  score?: number | null | undefined;
  status: Status;
  tests: Tests;
  /** CPU time of the slowest case. */
  time_ms?: number | null | undefined;
  user: string;
  verdict?: Verdict | null | undefined;
  wall_ms?: number | null | undefined;
};

/**
 * Body of `POST /submit`. Exactly one of `source` and `files`.
 *
 * With a problem the program is judged; without one it is run once on `stdin` and its output comes back.
 */
export type SubmitRequest = {
  /** Name of that one of `files` which is the entry point, if it is not the first. */
  entry?: string | null | undefined;
  /** The program as several files, the first being the entry point; 1 to 20, at most 256 KiB together. */
  files?: SourceFile[] | null | undefined;
  /** For the compiler or run-time: at most 16 of those that the language allows (`flags` in `GET /languages`). */
  flags?: string[] | undefined;
  /** Id of a language (`GET /languages`). */
  language: string;
  /** Absent: the problem's, or the server's own. */
  limits?: Limits | undefined;
  /** Slug of a problem (`GET /problems`). */
  problem?: string | null | undefined;
  /** The whole program as one file; at most 256 KiB. */
  source?: string | null | undefined;
  /** What the program reads where there is no problem; at most 256 KiB. */
  stdin?: string | null | undefined;
};

/** How many of the test cases have passed, have been run, exist. `total` is null until the worker has read the problem. */
export type Tests = {
  passed: number;
  run: number;
  total?: number | null | undefined;
};

/** Body of `POST /tickets`. */
export type TicketRequest = {
  /** `user:me`, `user:<name>`, `submission:<id>` or `transfer:<id>`. */
  channel: string;
};

/** A signed grant to watch one channel, and where. */
export type TicketView = {
  channel: string;
  events_url: string;
  /** After this it opens nothing; a connection that stands is not cut. */
  expires_at: string;
  ticket: string;
  ws_url: string;
};

/** Names one transfer. */
export type TransferId = string;

/** Why money moves. */
export type TransferKind = "payment" | "refund" | "reward" | "funding";

/** Body of `POST /transactions`. */
export type TransferRequest = {
  /** In minor units: paise, cents. */
  amount: number;
  /** Both accounts'. */
  currency: string;
  /** Id or handle of an account of one's own. */
  from: string;
  hold?: HoldRequest | null | undefined;
  /** For the payee; at most 512 bytes. */
  note?: string | null | undefined;
  /** The payer's own word for it, such as the number of an order; can be searched for. */
  reference?: string | null | undefined;
  /** Id or handle of anybody's account. */
  to: string;
};

/** Where a transfer stands. */
export type TransferState = "pending" | "completed" | "partly_refunded" | "refunded" | "failed" | "voided" | "expired";

/** `GET /transactions/{id}`, and the `data` of a snapshot. Amounts in minor units. */
export type TransferView = {
  amount: number;
  created_at: string;
  currency: Currency;
  from: Handle;
  held_by?: Holder | null | undefined;
  hold_until?: string | null | undefined;
  id: TransferId;
  kind: TransferKind;
  note?: string | null | undefined;
  /** The channel's head: rises with every stored event; also the ETag. */
  offset: number;
  parent?: TransferId | null | undefined;
  /** What has moved: all of the amount, or what was captured of it. */
  posted: number;
  reason?: string | null | undefined;
  reference?: string | null | undefined;
  /** What has come back of that. */
  refunded: number;
  /** Always all five. */
  services: Record<string, EffectView>;
  settled_at?: string | null | undefined;
  /** The same word as `status`, by which every entity's state can be read. */
  state: TransferState;
  status: TransferState;
  to: Handle;
};

/** The outcome of a finished submission, and of each test case. */
export type Verdict = "accepted" | "wrong_answer" | "time_limit_exceeded" | "memory_limit_exceeded" | "output_limit_exceeded" | "run_time_error" | "compile_error" | "internal_error";

/** One verdict with its figures. The long texts are not kept beyond the verdict that stands. */
export type VerdictRecord = {
  /** The attempt that the submission had come to. */
  attempt: number;
  cases: CaseResult[];
  exit_code?: number | null | undefined;
  finished_at: string;
  language_version?: string | null | undefined;
  /** KiB of the largest case. */
  memory_kb?: number | null | undefined;
  memory_source?: MemorySource | null | undefined;
  /** SHA-256 of the problem package that judged; null: there was no problem. */
  problem_version?: string | null | undefined;
  /** Machine-readable detail of the verdict. */
  reason?: string | null | undefined;
  score?: number | null | undefined;
  signal?: number | null | undefined;
  tests: Tests;
  /** CPU time of the slowest case, in milliseconds. */
  time_ms?: number | null | undefined;
  verdict: Verdict;
  wall_ms?: number | null | undefined;
};
