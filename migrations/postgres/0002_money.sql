-- Money: accounts, transfers, the ledger, what services make of transfers, and webhooks. Amounts are integers in minor units.

-- Four counters say how much there is; all but a funding account end at nothing. Rows are locked in id order.
create table accounts (
    id uuid primary key,
    handle text collate "C" not null unique,
    owner text not null,
    currency text not null,
    kind text not null check (kind in ('user', 'merchant', 'funding', 'rewards')),
    debits_pending bigint not null default 0 check (debits_pending >= 0),
    debits_posted bigint not null default 0 check (debits_posted >= 0),
    credits_pending bigint not null default 0 check (credits_pending >= 0),
    credits_posted bigint not null default 0 check (credits_posted >= 0),
    entries bigint not null default 0,
    created_at timestamptz not null,
    closed_at timestamptz,
    constraint accounts_no_overdraft
        check (kind = 'funding' or credits_posted - debits_posted - debits_pending >= 0)
) with (fillfactor = 50);
create index accounts_by_owner on accounts (owner, handle);

-- The accounts of a transfer are locked when it is written and never deleted, so no foreign key asks again.
create table transfers (
    id uuid primary key,
    kind text not null check (kind in ('payment', 'refund', 'reward', 'funding')),
    from_account uuid not null,
    to_account uuid not null check (to_account <> from_account),
    from_handle text not null,
    to_handle text not null,
    payer text not null,
    payee text not null,
    currency text not null,
    amount bigint not null check (amount > 0),
    posted bigint not null check (posted between 0 and amount),
    refunded bigint not null default 0 check (refunded between 0 and posted),
    state text not null
        check (state in ('pending', 'completed', 'partly_refunded', 'refunded', 'failed', 'voided', 'expired')),
    held_by text check (held_by in ('payer', 'fraud')),
    hold_until timestamptz,
    reason text,
    reference text,
    note text,
    parent uuid,
    "offset" bigint not null,
    created_at timestamptz not null,
    settled_at timestamptz,
    traceparent text,
    asked_by text not null,
    idempotency_key text,
    request_hash text,
    unique (asked_by, idempotency_key),
    check ((state = 'pending') = (settled_at is null))
) with (fillfactor = 80);
create index transfers_by_payer on transfers (payer, id desc);
create index transfers_by_payee on transfers (payee, id desc);
create index transfers_by_reference on transfers (reference, id desc) where reference is not null;
create index transfers_by_payment on transfers (from_account, id desc) where kind = 'payment';
create index transfers_settled_at on transfers (settled_at, id);
create index transfers_held on transfers (held_by, hold_until) where state = 'pending';

-- Both sides of a movement in one row, so that it cannot be half there. A transfer is posted once. Never changed.
create table entries (
    transfer_id uuid primary key,
    currency text not null,
    amount bigint not null check (amount > 0),
    debit_account uuid not null,
    debit_n bigint not null,
    debit_balance bigint not null,
    credit_account uuid not null,
    credit_n bigint not null,
    credit_balance bigint not null,
    at timestamptz not null,
    unique (debit_account, debit_n),
    unique (credit_account, credit_n)
);

-- One row per service and transfer: inbox, retry state, dead letter, and what people are shown.
create table effects (
    service text not null check (service in ('notification', 'fraud', 'statement', 'rewards', 'webhook')),
    transfer_id uuid not null,
    state text not null check (state in ('pending', 'done', 'skipped', 'failed')),
    attempt int not null,
    attempts_from int not null default 0, -- attempts before the last redrive, which do not count
    run_at timestamptz not null,
    wake_at timestamptz,                  -- when the sweeper shall wake it; null: nothing is due
    lease_token uuid,
    lease_until timestamptz,
    last_error text,
    detail json not null,
    changed_at timestamptz not null,
    primary key (transfer_id, service)
) with (fillfactor = 70);
create index effects_wake on effects (service, wake_at) where wake_at is not null;

-- How far back a service has to look for transfers that it has made nothing of: all that were settled before have its row.
create table effect_marks (
    service text primary key,
    settled_from timestamptz not null
);

-- Numbered 1, 2, 3 … without gaps.
create table receipts (
    number bigint primary key,
    transfer_id uuid not null unique,
    issued_at timestamptz not null
);

-- The last number so far. Whoever asks keeps others from asking until the end of its transaction; each statement of a volatile
-- function sees what was committed before it, so also what the one before it has numbered.
create function herald_last_receipt() returns bigint language plpgsql volatile as $$
begin
    perform pg_advisory_xact_lock(2, 'receipts'::regclass::oid::int);
    return (select coalesce(max(number), 0) from receipts);
end $$;

create table transfer_outbox (
    id uuid primary key,
    transfer_id uuid not null,
    kind text not null,
    state text not null,
    traceparent text,
    claimed_until timestamptz not null
);
create index transfer_outbox_claimed_until on transfer_outbox (claimed_until);

-- Where users want to be told.
create table webhook_endpoints (
    id uuid primary key,
    owner text not null,
    url text not null,
    events text[] not null,
    created_at timestamptz not null,
    disabled_at timestamptz,
    reason text,
    check ((disabled_at is null) = (reason is null))
);
create index webhook_endpoints_by_owner on webhook_endpoints (owner, id desc);

-- What calls are signed with, as `whsec_…`: the one with the highest number for good, those before it until they expire.
-- Written under the lock on the endpoint.
create table webhook_secrets (
    endpoint_id uuid not null references webhook_endpoints on delete cascade,
    n int not null,
    secret text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    primary key (endpoint_id, n),
    unique (endpoint_id, secret)
);

create table webhook_attempts (
    id uuid primary key,
    endpoint_id uuid not null references webhook_endpoints on delete cascade,
    message text not null,
    event text not null,
    transfer_id uuid,
    delivered bool not null,
    status int,
    error text,
    response text,
    duration_ms bigint not null,
    at timestamptz not null
);
create index webhook_attempts_by_endpoint on webhook_attempts (endpoint_id, id desc);
create index webhook_attempts_delivered on webhook_attempts (message, endpoint_id) where delivered;
create index webhook_attempts_at on webhook_attempts (at);
