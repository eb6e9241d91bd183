-- Judging again, as for PostgreSQL: the verdicts that submissions had before, and which rows are work that was done once already.

create table verdicts (
    submission_id blob not null references submissions on delete cascade,
    attempt integer not null,    -- that the submission had come to
    problem_version text,
    verdict text not null,
    reason text,
    score real,
    language_version text,
    tests_passed integer not null,
    tests_run integer not null,
    tests_total integer,
    cases text not null,
    time_ms integer,
    wall_ms integer,
    memory_kb integer,
    memory_source text,
    exit_code integer,
    signal integer,
    finished_at integer not null,
    primary key (submission_id, attempt)
) strict;

-- Has been judged again: counts in no bound on open work, and has a verdict to go back to.
alter table submissions add column rejudged integer not null default 0;
