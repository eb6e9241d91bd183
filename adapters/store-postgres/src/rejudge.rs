//! Judging again: the verdict is kept, the row queued; and a cancel gives the verdict back.

use async_trait::async_trait;
use herald_domain::id::{MessageId, SubmissionId};
use herald_domain::store::{OutboxRow, Rejudge, RejudgeCount, Rejudged, Rejudging, Wakes};
use herald_domain::submission::{CaseResult, Submission, Tests};
use herald_domain::verdict::{REJUDGE_PRIORITY, VerdictRecord};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::{Fault, Result};
use crate::row::{self, clean, submission_rows, unsigned, word};

#[async_trait]
impl Rejudging for PostgresStore {
    #[tracing::instrument(name = "store.count_rejudge", level = "debug", skip_all)]
    async fn count_rejudge(&self, asked: &Rejudge) -> Result<Option<RejudgeCount>> {
        call!(self, "count_rejudge", Terms::BULK_READ, connection => { count(connection, asked).await })
    }

    #[tracing::instrument(name = "store.rejudge", level = "debug", skip_all)]
    async fn rejudge(
        &self,
        asked: &Rejudge,
        before: Option<SubmissionId>,
        messages: &[MessageId],
    ) -> Result<Option<Rejudged>> {
        call!(self, "rejudge", connection => { rejudge(connection, asked, before, messages).await })
    }

    #[tracing::instrument(name = "store.kept_verdicts", level = "debug", skip_all)]
    async fn kept_verdicts(&self, id: SubmissionId) -> Result<Vec<VerdictRecord>> {
        call!(self, "kept_verdicts", Terms::READ, connection => {
            let rows = sqlx::query_as!(
                VerdictRow,
                r#"-- kept_verdicts
                select attempt, problem_version, verdict, reason, score, language_version, tests_passed, tests_run, tests_total,
                    cases as "cases: Json<Vec<CaseResult>>", time_ms, wall_ms, memory_kb, memory_source, exit_code, signal,
                    finished_at
                from verdicts where submission_id = $1 order by attempt desc"#,
                id.0
            );
            rows.fetch_all(connection).await?.into_iter().map(VerdictRecord::try_from).collect()
        })
    }
}

async fn current_version(connection: &mut PgConnection, problem: &str) -> Result<Option<String>, Fault> {
    let version = sqlx::query_scalar!("-- rejudge, version\nselect version from problems where slug = $1", problem);
    Ok(version.fetch_optional(connection).await?)
}

async fn count(connection: &mut PgConnection, asked: &Rejudge) -> Result<Option<RejudgeCount>, Fault> {
    let problem = &*clean(&asked.problem);
    let Some(version) = current_version(&mut *connection, problem).await? else { return Ok(None) };
    let counted = sqlx::query!(
        r#"-- count_rejudge
        select count(*) filter (where status = 'finished' and ($3 or problem_version <> $2)) as "finished!",
            count(*) filter (where status in ('queued', 'compiling', 'running') and problem_version <> $2) as "open!"
        from submissions where problem = $1 and ($4::timestamptz is null or created_at >= $4)"#,
        problem,
        version,
        asked.again,
        asked.since,
    )
    .fetch_one(connection)
    .await?;
    let (finished, open) = (unsigned("count", counted.finished)?, unsigned("count", counted.open)?);
    Ok(Some(RejudgeCount { version, finished, open }))
}

async fn rejudge(
    connection: &mut PgConnection,
    asked: &Rejudge,
    before: Option<SubmissionId>,
    messages: &[MessageId],
) -> Result<Option<Rejudged>, Fault> {
    let mut tx = connection.begin().await?;
    let Some(version) = current_version(&mut tx, &clean(&asked.problem)).await? else { return Ok(None) };
    let (page, next) = look(&mut tx, &asked.problem, before, messages.len()).await?;
    let ids = lock(&mut tx, &page, asked, &version).await?;
    if ids.is_empty() {
        return Ok(Some(Rejudged { next, ..Rejudged::default() }));
    }
    keep_verdicts(&mut tx, &ids).await?;
    let queued = queue_again(&mut tx, &ids, &version).await?;
    let events = row::tell(&mut tx, &queued).await?;
    let outbox = owe_wakes(&mut tx, &queued, messages).await?;
    tx.commit().await?;
    Ok(Some(Rejudged { events, outbox, next }))
}

/// The next `limit` submissions, and where the page after begins.
async fn look(
    connection: &mut PgConnection,
    problem: &str,
    before: Option<SubmissionId>,
    limit: usize,
) -> Result<(Vec<Uuid>, Option<SubmissionId>), Fault> {
    let page = sqlx::query_scalar!(
        "-- rejudge, page
        select id from submissions where problem = $1 and id < $2 order by id desc limit $3",
        &*clean(problem),
        before.map_or(Uuid::max(), |id| id.0),
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(connection)
    .await?;
    let next = page.last().filter(|_| page.len() == limit).map(|id| SubmissionId(*id));
    Ok((page, next))
}

/// Those that are to be judged again, as they are once nobody else can change them.
async fn lock(
    connection: &mut PgConnection,
    page: &[Uuid],
    asked: &Rejudge,
    version: &str,
) -> Result<Vec<Uuid>, Fault> {
    let ids = sqlx::query_scalar!(
        "-- rejudge, lock
        select id from submissions
        where id = any($1) and status = 'finished' and ($2 or problem_version <> $3)
            and ($4::timestamptz is null or created_at >= $4)
        order by id for update",
        page,
        asked.again,
        version,
        asked.since,
    );
    Ok(ids.fetch_all(connection).await?)
}

async fn keep_verdicts(connection: &mut PgConnection, ids: &[Uuid]) -> Result<(), Fault> {
    sqlx::query!(
        "-- rejudge, keep
        insert into verdicts (submission_id, attempt, problem_version, verdict, reason, score, language_version, tests_passed,
            tests_run, tests_total, cases, time_ms, wall_ms, memory_kb, memory_source, exit_code, signal, finished_at)
        select id, attempt, problem_version, verdict, reason, score, language_version, tests_passed,
            tests_run, tests_total, cases, time_ms, wall_ms, memory_kb, memory_source, exit_code, signal, finished_at
        from submissions where id = any($1)",
        ids
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The outputs stay as they are: a cancel may want them back, and the next verdict brings its own.
async fn queue_again(connection: &mut PgConnection, ids: &[Uuid], version: &str) -> Result<Vec<Submission>, Fault> {
    let rows = submission_rows!(
        r#"-- rejudge
        update submissions s
        set status = 'queued', rejudged = true, problem_version = $2, priority = greatest(s.priority, $3),
            attempts_from = s.attempt, run_at = herald_now(), wake_at = null, last_error = null,
            verdict = null, reason = null, score = null, language_version = null,
            tests_passed = 0, tests_run = 0, tests_total = null, cases = '[]', time_ms = null, wall_ms = null,
            memory_kb = null, memory_source = null, exit_code = null, signal = null, finished_at = null,
            "offset" = s."offset" + 1, changed_at = herald_now()
        where s.id = any($1)
        returning"#,
        "",
        ids,
        version,
        REJUDGE_PRIORITY,
    );
    row::submissions(rows.fetch_all(connection).await?)
}

async fn owe_wakes(
    connection: &mut PgConnection,
    queued: &[Submission],
    messages: &[MessageId],
) -> Result<Vec<OutboxRow>, Fault> {
    let owed = |(s, message): (&Submission, &MessageId)| OutboxRow {
        id: *message,
        wakes: Wakes::Work { submission: s.id, class: s.class.clone() },
        traceparent: s.traceparent.clone(),
    };
    let rows: Vec<_> = queued.iter().zip(messages).map(owed).collect();
    let ids: Vec<_> = rows.iter().map(|row| row.id.0).collect();
    let submissions: Vec<_> = queued.iter().map(|s| s.id.0).collect();
    sqlx::query!(
        "-- rejudge, outbox
        insert into outbox (id, submission_id, class, traceparent, claimed_until)
        select o.id, s.id, s.class, s.traceparent, herald_now() + interval '5 s'
        from unnest($1::uuid[], $2::uuid[]) as o(id, submission_id) join submissions s on s.id = o.submission_id",
        &ids,
        &submissions,
    )
    .execute(connection)
    .await?;
    Ok(rows)
}

/// Gives an open submission back the verdict that it had before it was judged again; `None`: it is not such a one.
pub(crate) async fn give_back(
    connection: &mut PgConnection,
    id: SubmissionId,
    owner: Option<&str>,
) -> Result<Option<Submission>, Fault> {
    let restored = submission_rows!(
        r#"-- cancel_submission, give back
        update submissions s
        set status = 'finished', problem_version = v.problem_version, verdict = v.verdict, reason = v.reason, score = v.score,
            language_version = v.language_version, tests_passed = v.tests_passed, tests_run = v.tests_run,
            tests_total = v.tests_total, cases = v.cases, time_ms = v.time_ms, wall_ms = v.wall_ms, memory_kb = v.memory_kb,
            memory_source = v.memory_source, exit_code = v.exit_code, signal = v.signal, finished_at = v.finished_at,
            changed_at = herald_now(), "offset" = s."offset" + 1,
            lease_token = null, lease_until = null, wake_at = null
        from verdicts v
        where s.id = $1 and ($2::text is null or s.owner = $2) and s.status in ('queued', 'compiling', 'running')
            and v.submission_id = $1 and v.attempt = (select max(k.attempt) from verdicts k where k.submission_id = $1)
        returning"#,
        "",
        id.0,
        owner,
    );
    let Some(restored) = restored.fetch_optional(&mut *connection).await? else { return Ok(None) };
    sqlx::query!(
        "-- cancel_submission, kept
        delete from verdicts where submission_id = $1
            and attempt = (select max(k.attempt) from verdicts k where k.submission_id = $1)",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(Some(restored.try_into()?))
}

struct VerdictRow {
    attempt: i32,
    problem_version: Option<String>,
    verdict: String,
    reason: Option<String>,
    score: Option<f64>,
    language_version: Option<String>,
    tests_passed: i32,
    tests_run: i32,
    tests_total: Option<i32>,
    cases: Json<Vec<CaseResult>>,
    time_ms: Option<i64>,
    wall_ms: Option<i64>,
    memory_kb: Option<i64>,
    memory_source: Option<String>,
    exit_code: Option<i32>,
    signal: Option<i32>,
    finished_at: OffsetDateTime,
}

impl TryFrom<VerdictRow> for VerdictRecord {
    type Error = Fault;

    fn try_from(row: VerdictRow) -> Result<Self, Fault> {
        Ok(Self {
            attempt: unsigned("attempt", row.attempt)?,
            problem_version: row.problem_version,
            verdict: word("verdict", &row.verdict)?,
            reason: row.reason,
            score: row.score,
            language_version: row.language_version,
            tests: Tests {
                passed: unsigned("tests_passed", row.tests_passed)?,
                run: unsigned("tests_run", row.tests_run)?,
                total: row.tests_total.map(|n| unsigned("tests_total", n)).transpose()?,
            },
            cases: row.cases.0,
            time_ms: row.time_ms.map(|n| unsigned("time_ms", n)).transpose()?,
            wall_ms: row.wall_ms.map(|n| unsigned("wall_ms", n)).transpose()?,
            memory_kb: row.memory_kb.map(|n| unsigned("memory_kb", n)).transpose()?,
            memory_source: row.memory_source.as_deref().map(|text| word("memory_source", text)).transpose()?,
            exit_code: row.exit_code,
            signal: row.signal,
            finished_at: row.finished_at,
        })
    }
}
