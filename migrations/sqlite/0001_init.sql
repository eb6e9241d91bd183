-- The first schema, as for PostgreSQL. Times are integers: microseconds since 1970 UTC; ids are 16-byte blobs; JSON is text.

create table schema_info (
    one integer primary key default 1 check (one = 1),
    version integer not null,
    min_reader integer not null,
    epoch blob not null
) strict;

create table signing_keys (
    id integer primary key,
    secret blob not null check (length(secret) >= 32),
    created_at integer not null
) strict;

create table api_keys (
    id blob primary key,
    owner text not null,
    scope text not null check (scope in ('user', 'admin')),
    hash text not null unique,
    created_at integer not null,
    revoked_at integer
) strict, without rowid;

create table problem_versions (
    version text primary key,
    slug text not null,
    summary text not null,
    imported_at integer not null
) strict;

create table problem_blobs (
    version text not null references problem_versions,
    path text not null,
    content blob not null check (length(content) <= 8388608),
    primary key (version, path)
) strict;

create table problems (
    slug text primary key,
    version text not null references problem_versions,
    updated_at integer not null
) strict;

create table submissions (
    id blob primary key,
    owner text not null,
    problem text,
    problem_version text,
    language text not null,
    limits text not null,
    class text not null,
    priority integer not null,
    turn integer not null,
    -- where it stands; final: finished, cancelled
    status text not null check (status in ('queued', 'compiling', 'running', 'finished', 'cancelled')),
    attempt integer not null default 0,
    attempts_from integer not null default 0, -- attempts before the last redrive, which do not count
    run_at integer not null,
    wake_at integer,                          -- when the sweeper shall wake it; null: the outbox does
    lease_token blob,
    lease_until integer,
    last_error text,
    traceparent text,
    -- what came out
    verdict text,
    reason text,
    score real,
    language_version text,
    tests_passed integer not null default 0,
    tests_run integer not null default 0,
    tests_total integer,
    cases text not null default '[]',
    time_ms integer,
    wall_ms integer,
    memory_kb integer,
    memory_source text,
    exit_code integer,
    signal integer,
    -- the head of its channel
    "offset" integer not null,
    created_at integer not null,
    changed_at integer not null,
    finished_at integer,
    idempotency_key text,
    request_hash text,
    unique (owner, idempotency_key),
    check ((status = 'finished') = (verdict is not null)),
    check ((status in ('finished', 'cancelled')) = (finished_at is not null))
) strict;

create index submissions_due on submissions (class, priority, turn, id) where status in ('queued', 'compiling', 'running');
create index submissions_unclaimed on submissions (created_at) where status = 'queued' and attempt = 0;
create index submissions_wake on submissions (wake_at) where wake_at is not null;
create index submissions_open_by_owner on submissions (owner) where status in ('queued', 'compiling', 'running');
create index submissions_by_owner on submissions (owner, id desc);
create index submissions_recent on submissions (owner, changed_at desc);
create index submissions_by_problem on submissions (problem, id desc);

-- Immutable, in a table of its own so that no status change rewrites it.
create table sources (
    submission_id blob primary key references submissions,
    files text not null,
    stdin text
) strict;

create table outputs (
    submission_id blob primary key references submissions,
    stdout text,
    stderr text,
    compile_output text,
    truncated text not null default '[]',
    at integer not null
) strict;
create index outputs_at on outputs (at);

create table events (
    channel text not null,
    "offset" integer not null,
    at integer not null,
    audience text not null,
    partitions text not null,
    name text not null,
    data text not null,
    primary key (channel, "offset")
) strict, without rowid;
create index events_at on events (at);

create table outbox (
    id blob primary key,
    submission_id blob not null,
    class text not null,
    traceparent text,
    claimed_until integer not null
) strict, without rowid;
create index outbox_claimed_until on outbox (claimed_until);

create table dead_letters (
    id blob primary key,
    queue text not null,
    entity text,
    error text not null,
    payload text,
    at integer not null
) strict;
create index dead_letters_at on dead_letters (at);

create table processes (
    id blob primary key,
    kind text not null,
    version text not null,
    class text,
    slots integer,
    languages text not null,
    doing text not null,
    seen_at integer not null
) strict, without rowid;
