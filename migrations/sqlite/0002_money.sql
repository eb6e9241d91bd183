-- Money, as for PostgreSQL: accounts, transfers, the ledger, what services make of transfers, and webhooks. Amounts are integers
-- in minor units.

-- Four counters say how much there is; all but a funding account end at nothing.
create table accounts (
    id blob primary key,
    handle text not null unique,
    owner text not null,
    currency text not null,
    kind text not null check (kind in ('user', 'merchant', 'funding', 'rewards')),
    debits_pending integer not null default 0 check (debits_pending >= 0),
    debits_posted integer not null default 0 check (debits_posted >= 0),
    credits_pending integer not null default 0 check (credits_pending >= 0),
    credits_posted integer not null default 0 check (credits_posted >= 0),
    entries integer not null default 0,
    created_at integer not null,
    closed_at integer,
    constraint accounts_no_overdraft
        check (kind = 'funding' or credits_posted - debits_posted - debits_pending >= 0)
) strict;
create index accounts_by_owner on accounts (owner, handle);

create table transfers (
    id blob primary key,
    kind text not null check (kind in ('payment', 'refund', 'reward', 'funding')),
    from_account blob not null,
    to_account blob not null check (to_account <> from_account),
    from_handle text not null,
    to_handle text not null,
    payer text not null,
    payee text not null,
    currency text not null,
    amount integer not null check (amount > 0),
    posted integer not null check (posted between 0 and amount),
    refunded integer not null default 0 check (refunded between 0 and posted),
    state text not null
        check (state in ('pending', 'completed', 'partly_refunded', 'refunded', 'failed', 'voided', 'expired')),
    held_by text check (held_by in ('payer', 'fraud')),
    hold_until integer,
    reason text,
    reference text,
    note text,
    parent blob,
    -- the head of its channel
    "offset" integer not null,
    created_at integer not null,
    settled_at integer,
    traceparent text,
    asked_by text not null,
    idempotency_key text,
    request_hash text,
    unique (asked_by, idempotency_key),
    check ((state = 'pending') = (settled_at is null))
) strict;
create index transfers_by_payer on transfers (payer, id desc);
create index transfers_by_payee on transfers (payee, id desc);
create index transfers_by_reference on transfers (reference, id desc) where reference is not null;
create index transfers_settled_at on transfers (settled_at);
create index transfers_held on transfers (hold_until) where state = 'pending';

-- Both sides of a movement in one row, so that it cannot be half there. A transfer is posted once. Never changed.
create table entries (
    transfer_id blob primary key,
    currency text not null,
    amount integer not null check (amount > 0),
    debit_account blob not null,
    debit_n integer not null,
    debit_balance integer not null,
    credit_account blob not null,
    credit_n integer not null,
    credit_balance integer not null,
    at integer not null,
    unique (debit_account, debit_n),
    unique (credit_account, credit_n)
) strict;

-- One row per service and transfer: inbox, retry state, dead letter, and what people are shown.
create table effects (
    service text not null check (service in ('notification', 'fraud', 'statement', 'rewards', 'webhook')),
    transfer_id blob not null,
    state text not null check (state in ('pending', 'done', 'skipped', 'failed')),
    attempt integer not null,
    attempts_from integer not null default 0, -- attempts before the last redrive, which do not count
    run_at integer not null,
    wake_at integer,                          -- when the sweeper shall wake it; null: nothing is due
    lease_token blob,
    lease_until integer,
    last_error text,
    detail text not null,
    changed_at integer not null,
    primary key (transfer_id, service)
) strict;
create index effects_wake on effects (service, wake_at) where wake_at is not null;

create table receipts (
    number integer primary key,
    transfer_id blob not null unique,
    issued_at integer not null
) strict;

create table transfer_outbox (
    id blob primary key,
    transfer_id blob not null,
    kind text not null,
    state text not null,
    traceparent text,
    claimed_until integer not null
) strict, without rowid;
create index transfer_outbox_claimed_until on transfer_outbox (claimed_until);

-- Where users want to be told.
create table webhook_endpoints (
    id blob primary key,
    owner text not null,
    url text not null,
    events text not null, -- a JSON list of patterns
    created_at integer not null,
    disabled_at integer,
    reason text,
    check ((disabled_at is null) = (reason is null))
) strict;
create index webhook_endpoints_by_owner on webhook_endpoints (owner, id desc);

-- What calls are signed with, as `whsec_…`: the one with the highest number for good, those before it until they expire.
create table webhook_secrets (
    endpoint_id blob not null references webhook_endpoints on delete cascade,
    n integer not null,
    secret text not null,
    created_at integer not null,
    expires_at integer,
    primary key (endpoint_id, n),
    unique (endpoint_id, secret)
) strict, without rowid;

create table webhook_attempts (
    id blob primary key,
    endpoint_id blob not null references webhook_endpoints on delete cascade,
    message text not null,
    event text not null,
    transfer_id blob,
    delivered integer not null check (delivered in (0, 1)),
    status integer,
    error text,
    response text,
    duration_ms integer not null,
    at integer not null
) strict;
create index webhook_attempts_by_endpoint on webhook_attempts (endpoint_id, id desc);
create index webhook_attempts_delivered on webhook_attempts (message, endpoint_id) where delivered = 1;
create index webhook_attempts_at on webhook_attempts (at);
