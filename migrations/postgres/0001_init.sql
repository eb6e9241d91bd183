-- The first schema. Times are timestamptz by the server's clock, read through herald_now() so that a test can shift it.
-- It is the start of the transaction, so that a row and its event say the same time; transactions are short (seconds at
-- most, by the time-outs of the pool), for a hub that catches up looks back 10 s.
-- Tables whose rows change often leave room on the page for HOT updates (fillfactor). JSON that nobody queries is json, not
-- jsonb: it comes back byte for byte, and may hold U+0000.

create function herald_now() returns timestamptz language sql stable as $$ select now() $$;

create table schema_info (
    one boolean primary key default true check (one),
    version int not null,
    min_reader int not null,
    epoch uuid not null
);

create table signing_keys (
    id int generated always as identity primary key,
    secret bytea not null check (octet_length(secret) >= 32),
    created_at timestamptz not null default herald_now()
);

create table api_keys (
    id uuid primary key,
    owner text not null,
    scope text not null check (scope in ('user', 'admin')),
    hash text not null unique,
    created_at timestamptz not null,
    revoked_at timestamptz
);

create table problem_versions (
    version text primary key,
    slug text not null,
    summary json not null,
    imported_at timestamptz not null
);

create table problem_blobs (
    version text not null references problem_versions,
    path text collate "C" not null,
    content bytea not null check (octet_length(content) <= 8388608),
    primary key (version, path)
);

create table problems (
    slug text collate "C" primary key,
    version text not null references problem_versions,
    updated_at timestamptz not null
);

create table submissions (
    id uuid primary key,
    owner text not null,
    problem text,
    problem_version text,
    language text not null,
    limits json not null,
    class text not null,
    priority int not null,
    turn bigint not null,
    -- where it stands; final: finished, cancelled
    status text not null check (status in ('queued', 'compiling', 'running', 'finished', 'cancelled')),
    attempt int not null default 0,
    attempts_from int not null default 0, -- attempts before the last redrive, which do not count
    run_at timestamptz not null,
    wake_at timestamptz,                  -- when the sweeper shall wake it; null: the outbox does
    lease_token uuid,
    lease_until timestamptz,
    last_error text,
    traceparent text,
    -- what came out
    verdict text,
    reason text,
    score double precision,
    language_version text,
    tests_passed int not null default 0,
    tests_run int not null default 0,
    tests_total int,
    cases json not null default '[]',
    time_ms bigint,
    wall_ms bigint,
    memory_kb bigint,
    memory_source text,
    exit_code int,
    signal int,
    -- the head of its channel
    "offset" bigint not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    finished_at timestamptz,
    idempotency_key text,
    request_hash text,
    unique (owner, idempotency_key),
    check ((status = 'finished') = (verdict is not null)),
    check ((status in ('finished', 'cancelled')) = (finished_at is not null))
) with (fillfactor = 80);

create index submissions_due on submissions (class, priority, turn, id) where status in ('queued', 'compiling', 'running');
create index submissions_unclaimed on submissions (created_at) where status = 'queued' and attempt = 0;
create index submissions_wake on submissions (wake_at) where wake_at is not null;
create index submissions_open_by_owner on submissions (owner) where status in ('queued', 'compiling', 'running');
create index submissions_by_owner on submissions (owner, id desc);
create index submissions_recent on submissions (owner, changed_at desc);
create index submissions_by_problem on submissions (problem, id desc);

-- Immutable, in a table of its own so that no status change rewrites it.
create table sources (
    submission_id uuid primary key references submissions,
    files json not null,
    stdin bytea -- UTF-8, and may hold U+0000
);

create table outputs (
    submission_id uuid primary key references submissions,
    stdout text,
    stderr text,
    compile_output text,
    truncated text[] not null default '{}',
    at timestamptz not null
);
create index outputs_at on outputs (at);

-- Dropped by the day; the functions below make partitions ahead and drop old ones (events_default catches what falls outside).
create table events (
    channel text not null,
    "offset" bigint not null,
    at timestamptz not null,
    audience text[] not null,
    partitions smallint[] not null,
    name text not null,
    data json not null,
    primary key (channel, "offset", at)
) partition by range (at);
create index events_at on events (at);
create table events_default partition of events default;

-- The days (UTC) that have a partition of their own. A partition is named events_<yyyymmdd>.
create view event_days as
    select child.relname::text as partition, to_date(substr(child.relname, 8), 'YYYYMMDD') as day
    from pg_inherits i
    join pg_class child on child.oid = i.inhrelid
    where i.inhparent = 'events'::regclass and child.relname ~ '^events_[0-9]{8}$';

-- Makes the partition of one day: 'made', 'there', or 'held' where the default partition already holds rows of that day
-- (they stay there and the day goes on without a partition of its own). Attaching locks readers out of the default
-- partition only, and writers not at all.
create function herald_make_event_partition(day date) returns text language plpgsql as $$
declare
    home text := (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = 'events'::regclass);
    name text := 'events_' || to_char(day, 'YYYYMMDD');
    first timestamptz := day::timestamp at time zone 'UTC';
    past timestamptz := (day + 1)::timestamp at time zone 'UTC';
begin
    if exists (select from event_days d where d.partition = name) then
        return 'there';
    end if;
    if exists (select from events_default e where e.at >= first and e.at < past) then
        return 'held';
    end if;
    execute format('create table %I.%I (like events including defaults including constraints)', home, name);
    execute format('alter table events attach partition %I.%I for values from (%L) to (%L)', home, name, first, past);
    return 'made';
exception when check_violation then -- a row came into the default partition between the look and the lock
    return 'held';
end $$;

-- Drops the oldest partition whose whole day is older than `keep`; null where there is none. Nobody can read or write events
-- while it waits for its lock, so the caller sets a short lock_timeout.
create function herald_drop_event_partition(keep interval) returns text language plpgsql as $$
declare
    home text := (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = 'events'::regclass);
    name text := (
        select d.partition from event_days d
        where (d.day + 1)::timestamp at time zone 'UTC' <= herald_now() - keep
        order by d.day limit 1);
begin
    if name is not null then
        execute format('drop table %I.%I', home, name);
    end if;
    return name;
end $$;

create table outbox (
    id uuid primary key,
    submission_id uuid not null,
    class text not null,
    traceparent text,
    claimed_until timestamptz not null
);
create index outbox_claimed_until on outbox (claimed_until);

create table dead_letters (
    id uuid primary key,
    queue text not null,
    entity text,
    error text not null,
    payload text,
    at timestamptz not null
);
create index dead_letters_at on dead_letters (at);

create table processes (
    id uuid primary key,
    kind text not null,
    version text not null,
    class text,
    slots int,
    languages json not null,
    doing text not null,
    seen_at timestamptz not null
);
