//! The claim: the best due row of a class, or the end of one that has used up its attempts.

use herald_domain::channel::Channel;
use herald_domain::event::StoredEvent;
use herald_domain::id::{LeaseToken, SubmissionId};
use herald_domain::store::{Claimed, DeadLetter, Result};
use herald_domain::submission::{Claim, Judgement, MAX_ATTEMPTS, Submission, Verdict, Wishes};
use uuid::Uuid;

use crate::SqliteStore;
use crate::events::tell;
use crate::fault::{broken, fault};
use crate::outbox::{add_dead_letter, letter_id};
use crate::row::{from_json, ms, submission_rows, time};
use crate::work::finish;
use crate::write::Write;

/// A row that is due.
struct Due {
    id: Uuid,
    /// Since it was accepted or last redriven.
    attempts: i64,
    last_error: Option<String>,
    limits: String,
}

pub(crate) async fn claim(store: &SqliteStore, class: &str, token: LeaseToken, lease_ms: u64) -> Result<Claimed> {
    let mut write = store.write().await?;
    let Some(due) = best_due(&mut write, class).await? else { return Ok(Claimed::Nothing) };
    if due.attempts >= i64::from(MAX_ATTEMPTS) {
        let event = give_up(&mut write, class, due).await?;
        write.commit().await?;
        return Ok(Claimed::Exhausted(event));
    }
    let submission = start_attempt(&mut write, due.id, token, lease_ms).await?;
    let event = tell(&mut write, &submission).await?;
    let work = work(&mut write, due, submission, token).await;
    // Also where the work cannot be read: so the attempt counts, and a bad row stands in nobody's way for longer than ten.
    write.commit().await?;
    Ok(Claimed::Work(Box::new(work?), event))
}

async fn best_due(write: &mut Write, class: &str) -> Result<Option<Due>> {
    sqlx::query_as!(
        Due,
        r#"-- claim: due
        select id as "id!: Uuid", attempt - attempts_from as "attempts!: i64", last_error as "last_error?",
            limits as "limits!"
        from submissions
        where class = ?1 and status in ('queued', 'compiling', 'running')
            and (run_at <= ?2 or wake_at is null or status <> 'queued')
            and (lease_until is null or lease_until <= ?2)
        order by priority, turn, id limit 1"#,
        class,
        write.now
    )
    .fetch_optional(&mut *write.tx)
    .await
    .map_err(fault)
}

async fn work(write: &mut Write, due: Due, submission: Submission, token: LeaseToken) -> Result<Claim> {
    let source = sqlx::query!(
        r#"-- claim: source
        select files as "files!", stdin as "stdin?" from sources where submission_id = ?1"#,
        due.id
    )
    .fetch_optional(&mut *write.tx)
    .await
    .map_err(fault)?
    .ok_or_else(|| broken(format!("submission {} has no source", submission.id)))?;
    let files = from_json(&source.files)?;
    let Wishes { limits, flags } = from_json(&due.limits)?;
    Ok(Claim { submission, token, files, stdin: source.stdin, limits, flags })
}

async fn start_attempt(write: &mut Write, id: Uuid, token: LeaseToken, lease_ms: u64) -> Result<Submission> {
    let until = write.now + ms(lease_ms);
    submission_rows!(
        r#"-- claim
        update submissions set status = 'compiling', attempt = attempt + 1, lease_token = ?2, lease_until = ?3, wake_at = ?3,
            language_version = null, tests_passed = 0, tests_run = 0, tests_total = null, cases = '[]',
            time_ms = null, wall_ms = null, memory_kb = null, memory_source = null, exit_code = null, signal = null,
            "offset" = "offset" + 1, changed_at = ?4
        where id = ?1
        returning"#,
        "",
        id,
        token.0,
        until,
        write.now
    )
    .fetch_optional(&mut *write.tx)
    .await
    .map_err(fault)?
    .ok_or_else(|| broken(format!("submission {id} vanished")))?
    .into_domain()
}

async fn give_up(write: &mut Write, class: &str, due: Due) -> Result<StoredEvent> {
    let id = SubmissionId(due.id);
    let attempts = Judgement::bare(Verdict::InternalError, "attempts");
    let event = finish(write, id, None, &attempts)
        .await?
        .ok_or_else(|| broken(format!("submission {id} was due and is not open")))?;
    let error = match due.last_error {
        Some(error) => format!("gave up after {MAX_ATTEMPTS} attempts; the last error: {error}"),
        None => format!("gave up after {MAX_ATTEMPTS} attempts; each worker was lost without a word"),
    };
    let at = time(write.now)?;
    let letter = DeadLetter {
        id: letter_id(at),
        queue: format!("judge.{class}"),
        entity: Some(Channel::Submission(id).to_string()),
        error,
        payload: None,
        at,
    };
    add_dead_letter(write, &letter).await?;
    Ok(event)
}
