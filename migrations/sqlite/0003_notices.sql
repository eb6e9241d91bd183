-- Webhooks of submissions, as for PostgreSQL: what endpoints are owed, one row for each submission that has ended and is not told
-- of yet.

create table webhook_notices (
    submission_id blob primary key references submissions on delete cascade,
    attempt integer not null default 0,
    due_at integer,              -- when it may be claimed: the next attempt, or the end of the lease; null: given up
    lease_token blob,
    last_error text,
    changed_at integer not null
) strict;
create index webhook_notices_due on webhook_notices (due_at) where due_at is not null;
create index webhook_notices_given_up on webhook_notices (changed_at) where due_at is null;

-- What a call was about: a transfer or a submission.
alter table webhook_attempts add column submission_id blob;
