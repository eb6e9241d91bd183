-- Judging again: the verdicts that submissions had before, and which rows are work that was done once already.

create table verdicts (
    submission_id uuid not null references submissions on delete cascade,
    attempt int not null,        -- that the submission had come to
    problem_version text,
    verdict text not null,
    reason text,
    score double precision,
    language_version text,
    tests_passed int not null,
    tests_run int not null,
    tests_total int,
    cases json not null,
    time_ms bigint,
    wall_ms bigint,
    memory_kb bigint,
    memory_source text,
    exit_code int,
    signal int,
    finished_at timestamptz not null,
    primary key (submission_id, attempt)
);

-- Has been judged again: counts in no bound on open work, and has a verdict to go back to.
alter table submissions add column rejudged boolean not null default false;
