//! The claim: one statement takes the best due row and either leases it or, its attempts used up, ends it.

use herald_domain::channel::Channel;
use herald_domain::event::StoredEvent;
use herald_domain::id::LeaseToken;
use herald_domain::store::Claimed;
use herald_domain::submission::{CaseResult, Claim, MAX_ATTEMPTS, SourceFile, Status, Submission, Wishes};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};

use super::{milliseconds, verdict};
use crate::fault::{Fault, Result};
use crate::row::{self, submission_rows};

pub(super) async fn claim(
    connection: &mut PgConnection,
    class: &str,
    token: LeaseToken,
    lease_ms: u64,
) -> Result<Claimed, Fault> {
    let mut tx = connection.begin().await?;
    let Some(submission) = take(&mut tx, class, token, lease_ms).await? else { return Ok(Claimed::Nothing) };
    let event = row::tell_one(&mut tx, &submission).await?;
    if submission.status == Status::Finished {
        verdict::forget(&mut tx, submission.id).await?;
        add_letter(&mut tx, &submission, &event).await?;
        tx.commit().await?;
        return Ok(Claimed::Exhausted(event));
    }
    let sources = sqlx::query!(
        r#"-- claim, sources
        select s.limits as "limits: Json<Wishes>", src.files as "files: Json<Vec<SourceFile>>", src.stdin
        from submissions s join sources src on src.submission_id = s.id where s.id = $1"#,
        submission.id.0
    )
    .fetch_one(&mut *tx)
    .await;
    // Also where the sources cannot be read: so the attempt counts, and a bad row stands in nobody's way for longer than ten.
    tx.commit().await?;
    let sources = sources?;
    let stdin = sources.stdin.map(String::from_utf8).transpose();
    let stdin = stdin.map_err(|_| Fault::Broken(format!("the stdin of {} is not UTF-8", submission.id)))?;
    let Wishes { limits, flags } = sources.limits.0;
    let claim = Claim { submission, token, files: sources.files.0, stdin, limits, flags };
    Ok(Claimed::Work(Box::new(claim), event))
}

async fn take(
    connection: &mut PgConnection,
    class: &str,
    token: LeaseToken,
    lease_ms: u64,
) -> Result<Option<Submission>, Fault> {
    let taken = submission_rows!(
        r#"-- claim
        with best as (
            select id, attempt - attempts_from >= $4 as spent
            from submissions
            where class = $1 and status in ('queued', 'compiling', 'running')
                and (run_at <= herald_now() or wake_at is null or status <> 'queued')
                and (lease_until is null or lease_until <= herald_now())
            order by priority, turn, id limit 1
            for update skip locked
        )
        update submissions s
        set status = case when best.spent then 'finished' else 'compiling' end,
            verdict = case when best.spent then 'internal_error' end,
            reason = case when best.spent then 'attempts' end,
            finished_at = case when best.spent then herald_now() end,
            attempt = case when best.spent then s.attempt else s.attempt + 1 end,
            lease_token = case when best.spent then null else $2::uuid end,
            lease_until = case when best.spent then null else herald_now() + $3 * interval '1 ms' end,
            wake_at = case when best.spent then null else herald_now() + $3 * interval '1 ms' end,
            score = null, language_version = null, tests_passed = 0, tests_run = 0, tests_total = null, cases = '[]',
            time_ms = null, wall_ms = null, memory_kb = null, memory_source = null, exit_code = null, signal = null,
            "offset" = s."offset" + 1, changed_at = herald_now()
        from best where s.id = best.id
        returning"#,
        "",
        class,
        token.0,
        milliseconds(lease_ms),
        row::signed32(MAX_ATTEMPTS),
    );
    taken.fetch_optional(connection).await?.map(Submission::try_from).transpose()
}

async fn add_letter(connection: &mut PgConnection, submission: &Submission, event: &StoredEvent) -> Result<(), Fault> {
    sqlx::query!(
        "-- claim, dead letter
        insert into dead_letters (id, queue, entity, error, at)
        select $1, 'judge.' || class, $2, coalesce(last_error, 'every worker that took it was lost'), herald_now()
        from submissions where id = $3",
        row::letter_id(event.at),
        Channel::Submission(submission.id).to_string(),
        submission.id.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}
