//! Judging again: the verdict is kept, the row queued; and a cancel gives the verdict back.

use async_trait::async_trait;
use herald_domain::id::{MessageId, SubmissionId};
use herald_domain::store::{OutboxRow, Rejudge, RejudgeCount, Rejudged, Rejudging, Result, Wakes};
use herald_domain::submission::{Submission, Tests};
use herald_domain::verdict::{REJUDGE_PRIORITY, VerdictRecord};
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::SqliteStore;
use crate::events::event_of;
use crate::fault::fault;
use crate::outbox::FRESH;
use crate::row::{from_json, id_list, micros, number, submission_rows, submissions, time, word};
use crate::write::Write;

#[async_trait]
impl Rejudging for SqliteStore {
    #[tracing::instrument(name = "store.count_rejudge", level = "debug", skip_all)]
    async fn count_rejudge(&self, asked: &Rejudge) -> Result<Option<RejudgeCount>> {
        let mut reader = self.readers.acquire().await.map_err(fault)?;
        let Some(version) = current_version(&mut reader, &asked.problem).await? else { return Ok(None) };
        let since = asked.since.map(micros);
        let counted = sqlx::query!(
            r#"-- count_rejudge
            select count(*) filter (where status = 'finished' and (?3 or problem_version <> ?2)) as "finished!: i64",
                count(*) filter (where status in ('queued', 'compiling', 'running') and problem_version <> ?2) as "open!: i64"
            from submissions where problem = ?1 and (?4 is null or created_at >= ?4)"#,
            asked.problem,
            version,
            asked.again,
            since
        )
        .fetch_one(&mut *reader)
        .await
        .map_err(fault)?;
        let (finished, open) = (counted.finished.unsigned_abs(), counted.open.unsigned_abs());
        Ok(Some(RejudgeCount { version, finished, open }))
    }

    #[tracing::instrument(name = "store.rejudge", level = "debug", skip_all)]
    async fn rejudge(
        &self,
        asked: &Rejudge,
        before: Option<SubmissionId>,
        messages: &[MessageId],
    ) -> Result<Option<Rejudged>> {
        let mut write = self.write().await?;
        let Some(version) = current_version(&mut write.tx, &asked.problem).await? else { return Ok(None) };
        let (ids, next) = look(&mut write, asked, &version, before, messages.len()).await?;
        let ids = id_list(ids)?;
        keep_verdicts(&mut write, &ids).await?;
        let queued = queue_again(&mut write, &ids, &version).await?;
        let rejudged = tell(&mut write, &queued, messages).await?;
        write.commit().await?;
        Ok(Some(Rejudged { next, ..rejudged }))
    }

    #[tracing::instrument(name = "store.kept_verdicts", level = "debug", skip_all)]
    async fn kept_verdicts(&self, id: SubmissionId) -> Result<Vec<VerdictRecord>> {
        let rows = sqlx::query_as!(
            VerdictRow,
            r#"-- kept_verdicts
            select attempt as "attempt!", problem_version as "problem_version?", verdict as "verdict!", reason as "reason?",
                score as "score?", language_version as "language_version?", tests_passed as "tests_passed!",
                tests_run as "tests_run!", tests_total as "tests_total?", cases as "cases!", time_ms as "time_ms?",
                wall_ms as "wall_ms?", memory_kb as "memory_kb?", memory_source as "memory_source?",
                exit_code as "exit_code?", signal as "signal?", finished_at as "finished_at!"
            from verdicts where submission_id = ?1 order by attempt desc"#,
            id.0
        )
        .fetch_all(&self.readers)
        .await
        .map_err(fault)?;
        rows.into_iter().map(VerdictRow::into_domain).collect()
    }
}

async fn current_version(connection: &mut SqliteConnection, problem: &str) -> Result<Option<String>> {
    sqlx::query_scalar!(
        r#"-- rejudge: version
        select version as "version!" from problems where slug = ?1"#,
        problem
    )
    .fetch_optional(connection)
    .await
    .map_err(fault)
}

/// Those of the next `limit` submissions that are to be judged again, and where the page after begins.
async fn look(
    write: &mut Write,
    asked: &Rejudge,
    version: &str,
    before: Option<SubmissionId>,
    limit: usize,
) -> Result<(Vec<Uuid>, Option<SubmissionId>)> {
    let before = before.map_or(Uuid::max(), |id| id.0);
    let since = asked.since.map(micros);
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let page = sqlx::query!(
        r#"-- rejudge: page
        select id as "id!: Uuid",
            status = 'finished' and (?3 or problem_version <> ?4) and (?5 is null or created_at >= ?5) as "wanted!: bool"
        from submissions where problem = ?1 and id < ?2 order by id desc limit ?6"#,
        asked.problem,
        before,
        asked.again,
        version,
        since,
        most
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)?;
    let next = page.last().filter(|_| page.len() == limit).map(|row| SubmissionId(row.id));
    Ok((page.into_iter().filter(|row| row.wanted).map(|row| row.id).collect(), next))
}

async fn keep_verdicts(write: &mut Write, ids: &str) -> Result<()> {
    sqlx::query!(
        "-- rejudge: keep
        insert into verdicts (submission_id, attempt, problem_version, verdict, reason, score, language_version, tests_passed,
            tests_run, tests_total, cases, time_ms, wall_ms, memory_kb, memory_source, exit_code, signal, finished_at)
        select id, attempt, problem_version, verdict, reason, score, language_version, tests_passed,
            tests_run, tests_total, cases, time_ms, wall_ms, memory_kb, memory_source, exit_code, signal, finished_at
        from submissions where id in (select unhex(value) from json_each(?1))",
        ids
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

/// The outputs stay as they are: a cancel may want them back, and the next verdict brings its own.
async fn queue_again(write: &mut Write, ids: &str, version: &str) -> Result<Vec<Submission>> {
    let rows = submission_rows!(
        r#"-- rejudge
        update submissions set status = 'queued', rejudged = 1, problem_version = ?2, priority = max(priority, ?3),
            attempts_from = attempt, run_at = ?4, wake_at = null, last_error = null,
            verdict = null, reason = null, score = null, language_version = null, tests_passed = 0, tests_run = 0,
            tests_total = null, cases = '[]', time_ms = null, wall_ms = null, memory_kb = null, memory_source = null,
            exit_code = null, signal = null, finished_at = null, "offset" = "offset" + 1, changed_at = ?4
        where id in (select unhex(value) from json_each(?1))
        returning"#,
        "",
        ids,
        version,
        REJUDGE_PRIORITY,
        write.now
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)?;
    submissions(rows)
}

/// The event and the outbox row of each.
async fn tell(write: &mut Write, queued: &[Submission], messages: &[MessageId]) -> Result<Rejudged> {
    let events = queued.iter().map(|row| event_of(row, write.now)).collect::<Result<Vec<_>>>()?;
    crate::events::insert_all(write, &events.iter().collect::<Vec<_>>()).await?;
    let owed = |(row, message): (&Submission, &MessageId)| OutboxRow {
        id: *message,
        wakes: Wakes::Work { submission: row.id, class: row.class.clone() },
        traceparent: row.traceparent.clone(),
    };
    let outbox: Vec<_> = queued.iter().zip(messages).map(owed).collect();
    let claimed_until = write.now + FRESH;
    crate::outbox::insert_all(write, &outbox.iter().collect::<Vec<_>>(), claimed_until).await?;
    Ok(Rejudged { events, outbox, next: None })
}

/// Gives an open submission back the verdict that it had before it was judged again; `None`: it had none.
pub(crate) async fn give_back(write: &mut Write, id: SubmissionId) -> Result<Option<Submission>> {
    let restored = submission_rows!(
        r#"-- cancel_submission: give back
        update submissions set status = 'finished', problem_version = v.problem_version, verdict = v.verdict,
            reason = v.reason, score = v.score, language_version = v.language_version, tests_passed = v.tests_passed,
            tests_run = v.tests_run, tests_total = v.tests_total, cases = v.cases, time_ms = v.time_ms, wall_ms = v.wall_ms,
            memory_kb = v.memory_kb, memory_source = v.memory_source, exit_code = v.exit_code, signal = v.signal,
            finished_at = v.finished_at, changed_at = ?2, "offset" = "offset" + 1,
            lease_token = null, lease_until = null, wake_at = null
        from (select problem_version, verdict, reason, score, language_version, tests_passed, tests_run, tests_total, cases,
                time_ms, wall_ms, memory_kb, memory_source, exit_code, signal, finished_at
            from verdicts where submission_id = ?1 order by attempt desc limit 1) v
        where id = ?1
        returning"#,
        "",
        id.0,
        write.now
    )
    .fetch_optional(&mut *write.tx)
    .await
    .map_err(fault)?;
    let Some(restored) = restored else { return Ok(None) };
    sqlx::query!(
        "-- cancel_submission: kept
        delete from verdicts where submission_id = ?1
            and attempt = (select max(attempt) from verdicts where submission_id = ?1)",
        id.0
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    restored.into_domain().map(Some)
}

struct VerdictRow {
    attempt: i64,
    problem_version: Option<String>,
    verdict: String,
    reason: Option<String>,
    score: Option<f64>,
    language_version: Option<String>,
    tests_passed: i64,
    tests_run: i64,
    tests_total: Option<i64>,
    cases: String,
    time_ms: Option<i64>,
    wall_ms: Option<i64>,
    memory_kb: Option<i64>,
    memory_source: Option<String>,
    exit_code: Option<i64>,
    signal: Option<i64>,
    finished_at: i64,
}

impl VerdictRow {
    fn into_domain(self) -> Result<VerdictRecord> {
        let tests = Tests {
            passed: number(self.tests_passed)?,
            run: number(self.tests_run)?,
            total: self.tests_total.map(number).transpose()?,
        };
        Ok(VerdictRecord {
            attempt: number(self.attempt)?,
            problem_version: self.problem_version,
            verdict: word(&self.verdict)?,
            reason: self.reason,
            score: self.score,
            language_version: self.language_version,
            tests,
            cases: from_json(&self.cases)?,
            time_ms: self.time_ms.map(number).transpose()?,
            wall_ms: self.wall_ms.map(number).transpose()?,
            memory_kb: self.memory_kb.map(number).transpose()?,
            memory_source: self.memory_source.as_deref().map(word).transpose()?,
            exit_code: self.exit_code.map(number).transpose()?,
            signal: self.signal.map(number).transpose()?,
            finished_at: time(self.finished_at)?,
        })
    }
}
