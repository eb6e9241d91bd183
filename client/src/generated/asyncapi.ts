// Generated from docs/asyncapi.yaml by `npm run generate`. Not to be edited.

export type Version = 1;

/** What a frame speaks of. */
export type ChannelName = string;

export type EntityChannel = string;

/** Opaque; give it back as it is. */
export type Cursor = string;

export type Offset = number;

export type Id = string;

/** RFC 3339, by the store's clock. */
export type Time = string;

/** `<tenant>/<user>`. */
export type Owner = string;

export type Snapshot = {
  v: Version;
  type: "snapshot";
  channel: ChannelName;
  offset: Offset;
  cursor: Cursor;
  /** `false` if a resume was asked for and something may be missing. */
  recovered: boolean;
  reason?: NotRecovered | undefined;
  data: Status | Transfer | UserSnapshot;
};

/**
 * `epoch`: the cursor is from before a restore of the store; `ahead`: it is past the channel's head; `expired`: events
 * after it are no longer kept; `snapshot_only`: a `user:` channel has no log.
 */
export type NotRecovered = "epoch" | "ahead" | "expired" | "snapshot_only";

export type Resumed = {
  v: Version;
  type: "resumed";
  channel: ChannelName;
  offset: Offset;
  cursor: Cursor;
  recovered: true;
};

export type Event = {
  v: Version;
  type: "event";
  channel: EntityChannel;
  offset: Offset;
  cursor: Cursor;
  event: EventName;
  at: Time;
  data: EventData;
};

/** Names are only added; take one that you do not know for news of the entity. */
export type EventName = "submission.queued" | "submission.compiling" | "submission.running" | "submission.finished" | "submission.cancelled" | "transfer.pending" | "transfer.completed" | "transfer.partly_refunded" | "transfer.refunded" | "transfer.failed" | "transfer.voided" | "transfer.expired" | "notification.pending" | "notification.sent" | "notification.skipped" | "notification.failed" | "fraud.pending" | "fraud.scored" | "fraud.skipped" | "fraud.failed" | "statement.pending" | "statement.issued" | "statement.skipped" | "statement.failed" | "rewards.pending" | "rewards.granted" | "rewards.skipped" | "rewards.failed" | "webhook.pending" | "webhook.delivered" | "webhook.skipped" | "webhook.failed";

export type Progress = {
  v: Version;
  type: "progress";
  channel: EntityChannel;
  attempt: number;
  /** Rises within the attempt. */
  seq: number;
  data: ProgressData;
};

export type Error = {
  v: Version;
  type: "error";
  code: "bad_frame" | "unknown_type" | "binary_frame" | "bad_ticket" | "expired_ticket" | "revoked_ticket" | "wrong_channel" | "already_subscribed" | "not_subscribed" | "too_many_channels" | "bad_cursor" | "unknown_channel" | "unavailable";
  /** What is wrong and what to do next. */
  message: string;
  channel?: ChannelName | undefined;
};

export type Unsubscribed = {
  v: Version;
  type: "unsubscribed";
  channel: ChannelName;
};

export type Ping = {
  type: "ping";
};

export type Pong = {
  v: Version;
  type: "pong";
};

/** `channel` may be left out; if it is there, it must be the one that the ticket is for. */
export type Subscribe = {
  type: "subscribe";
  ticket: string;
  channel?: ChannelName | undefined;
  after?: Cursor | undefined;
};

export type Unsubscribe = {
  type: "unsubscribe";
  channel: ChannelName;
};

/** `finished` and `cancelled` are final, unless an operator has a finished one judged again: then `queued` follows. */
export type SubmissionStatus = "queued" | "compiling" | "running" | "finished" | "cancelled";

export type Verdict = "accepted" | "wrong_answer" | "time_limit_exceeded" | "memory_limit_exceeded" | "output_limit_exceeded" | "run_time_error" | "compile_error" | "internal_error";

export type Tests = {
  passed: number;
  run: number;
  total: number | null;
};

export type Case = {
  n: number;
  group: string;
  verdict: Verdict;
  reason: string | null;
  /** CPU time. */
  time_ms: number;
  wall_ms: number;
  memory_kb: number;
  message: string | null;
};

/** Unknown yet is null. In a snapshot `cases` are the newest, without messages, and long outputs are null. */
export type Status = {
  /** Only in a user's snapshot. */
  channel?: EntityChannel | undefined;
  id: Id;
  status: SubmissionStatus;
  verdict: Verdict | null;
  reason: string | null;
  score: number | null;
  problem: string | null;
  problem_version: string | null;
  language: string;
  language_version: string | null;
  tests: Tests;
  cases: Case[];
  /** CPU time of the slowest case. */
  time_ms: number | null;
  wall_ms: number | null;
  /** KiB of the largest case. */
  memory_kb: number | null;
  memory_source: "cgroup_v2" | "cgroup_v1" | "rusage" | null;
  exit_code: number | null;
  signal: number | null;
  compile_output: string | null;
  stdout: string | null;
  stderr: string | null;
  truncated?: string[] | undefined;
  attempt: number;
  created_at: Time;
  finished_at: Time | null;
  offset: Offset;
};

/** In the currency's minor unit (paise, cents). */
export type Amount = number;

/** As in ISO 4217. */
export type Currency = string;

/** What an account is called. */
export type Handle = string;

export type ServiceName = "notification" | "fraud" | "statement" | "rewards" | "webhook";

/** `skipped`: there was nothing to do. `failed`: it will not be tried again by itself, but a person may have it done once more. */
export type EffectState = "pending" | "done" | "skipped" | "failed";

/**
 * An object of the service's own; of a failed effect, and of a pending one that has been tried, `{"error": "…"}`, of a skipped one
 * `{"reason": "…"}`.
 */
export type EffectDetail = Record<string, unknown>;

/** What a service has made of a transfer. */
export type Effect = {
  status: EffectState;
  attempts: number;
  /** When it last changed. */
  at: Time | null;
  detail: EffectDetail;
};

/**
 * Unknown yet is null. In a user's snapshot, and wherever else they would not fit in a frame, the `detail` of the services are
 * left out (`{}`).
 */
export type Transfer = {
  /** Only in a user's snapshot. */
  channel?: EntityChannel | undefined;
  id: Id;
  kind: TransferKind;
  state: TransferState;
  /** The same as `state`, under the name that every entity's has. */
  status: TransferState;
  from: Handle;
  to: Handle;
  amount: Amount;
  currency: Currency;
  /** What has moved: all of the amount, or what was captured of it. */
  posted: Amount;
  /** What has come back of that. */
  refunded: Amount;
  /** Who may end the hold. */
  held_by: "payer" | "fraud" | null;
  hold_until: Time | null;
  reason: string | null;
  reference: string | null;
  note: string | null;
  /** Of a refund, what it gives back; of a reward, what it rewards. */
  parent: Id | null;
  /** Always all five. What is no service's to do is `skipped`. */
  services: {
    notification: Effect;
    fraud: Effect;
    statement: Effect;
    rewards: Effect;
    webhook: Effect;
  };
  created_at: Time;
  settled_at: Time | null;
  offset: Offset;
};

/** The user's newest submissions and transfers, at most 50, newest first; without cases and without the services' details. */
export type UserSnapshot = {
  items: ((Status | Transfer) & { channel: NonNullable<unknown> })[];
  /** Not all of them fit in a frame. */
  truncated: boolean;
};

/**
 * It goes by the entity and the event: of a submission `SubmissionEventData`; of `transfer.*` `TransferEventData`; of the events that
 * are named after a service `EffectEventData`. All have `id` and `status`, the entity's.
 */
export type EventData = SubmissionEventData | TransferEventData | EffectEventData;

/** Of `submission.*`. */
export type SubmissionEventData = {
  id: Id;
  status: SubmissionStatus;
  verdict?: Verdict | undefined;
  reason?: string | undefined;
  score?: number | undefined;
  problem: string | null;
  language: string;
  tests: Tests;
  time_ms?: number | undefined;
  wall_ms?: number | undefined;
  memory_kb?: number | undefined;
  attempt: number;
  finished_at?: Time | undefined;
  traceparent?: Traceparent | undefined;
};

/**
 * Of `transfer.*`: the transfer as it stands after the step. A refund is a transfer of its own with a log of its own, and is told of
 * on the log of what it gives back as well (`transfer.refunded`).
 */
export type TransferEventData = {
  id: Id;
  status: TransferState;
  kind: TransferKind;
  from: Handle;
  to: Handle;
  amount: Amount;
  currency: Currency;
  posted: Amount;
  refunded: Amount;
  reason?: string | undefined;
  reference?: string | undefined;
  parent?: Id | undefined;
  settled_at?: Time | undefined;
  traceparent?: Traceparent | undefined;
};

/** Of the events that are named after a service: what has become of its effect. */
export type EffectEventData = {
  id: Id;
  /** The transfer's. */
  status: TransferState;
  service: ServiceName;
  effect: EffectState;
  attempts: number;
  detail: EffectDetail;
  traceparent?: Traceparent | undefined;
};

export type ProgressData = {
  id: Id;
  status: SubmissionStatus;
  tests: Tests;
  case?: Case | undefined;
  output?: Output | undefined;
};

/**
 * A piece of what the program writes, pushed while it runs; only where it is run without a problem. Whole characters (what is
 * not UTF-8 is shown as U+FFFD, as is NUL), in order, at most 4 KiB of a stream at once, twenty pieces a second and 64 KiB of
 * a run. It is not stored: who connects later, or is slow, misses pieces, as the next one's `at` shows; `GET /status/{id}` has
 * the output once the run has ended.
 */
export type Output = {
  stream: "stdout" | "stderr";
  /** How many bytes of the stream came before. */
  at: number;
  text: string;
};

/** W3C trace context. */
export type Traceparent = string;

export type TraceHeaders = {
  traceparent?: Traceparent | undefined;
};

/**
 * `submission` is for people and traces; the claim decides what is worked on. The AMQP property `message-id` is the id of
 * the outbox row that the message was made from.
 */
export type Work = {
  v: Version;
  submission: Id;
  class: string;
};

/**
 * It says that something has happened, not what: amount and accounts are in the store, and `GET /transactions/{id}` gives them.
 * The AMQP property `message-id`, where there is one, is the id of the outbox row that the message was made from. Tell doubles by
 * `transfer` and `state`, not by it: a retry of one of Herald's services may have none, or another.
 */
export type TransferStep = {
  v: Version;
  transfer: Id;
  kind: TransferKind;
  state: TransferState;
};

/** Words are only added; ack what you do not know. */
export type TransferKind = "payment" | "refund" | "reward" | "funding";

/** `pending` is a hold; all others say how it ended, or that some or all of the money has come back since. */
export type TransferState = "pending" | "completed" | "partly_refunded" | "refunded" | "failed" | "voided" | "expired";

export type StoredEvent = {
  v: Version;
  kind: "event";
  channel: EntityChannel;
  offset: Offset;
  at: Time;
  audience: Owner[];
  event: EventName;
  data: EventData;
};

export type LiveProgress = {
  v: Version;
  kind: "progress";
  channel: EntityChannel;
  audience: Owner[];
  attempt: number;
  seq: number;
  data: ProgressData;
};
