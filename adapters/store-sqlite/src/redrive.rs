//! The way back from a dead letter.

use herald_domain::channel::Channel;
use herald_domain::id::{DeadLetterId, MessageId, SubmissionId};
use herald_domain::notice::NOTICE_QUEUE;
use herald_domain::store::{OutboxRow, Redriven, Result, Wakes};
use herald_domain::submission::{Submission, Verdict};

use crate::events::tell;
use crate::fault::{broken, fault};
use crate::outbox::FRESH;
use crate::row::submission_rows;
use crate::write::Write;
use crate::{SqliteStore, effects, webhooks};

pub(crate) async fn redrive(store: &SqliteStore, letter: DeadLetterId, message: MessageId) -> Result<Option<Redriven>> {
    let mut write = store.write().await?;
    let deleted = sqlx::query!(
        r#"-- redrive: letter
        delete from dead_letters where id = ?1 returning queue as "queue!", entity as "entity?""#,
        letter.0
    )
    .fetch_optional(&mut *write.tx)
    .await
    .map_err(fault)?;
    let Some(letter) = deleted else { return Ok(None) };
    let nothing = Redriven { event: None, outbox: None };
    let redriven = match letter.entity.as_deref().map(Channel::parse) {
        Some(Ok(Channel::Submission(id))) if letter.queue == NOTICE_QUEUE => {
            webhooks::notices::redrive(&mut write, id).await?;
            nothing
        }
        Some(Ok(Channel::Submission(id))) => give_another_chance(&mut write, id, message).await?,
        Some(Ok(Channel::Transfer(id))) => match letter.queue.strip_prefix("service.").map(str::parse) {
            Some(Ok(service)) => {
                Redriven { event: effects::due::redrive(&mut write, service, id).await?, outbox: None }
            }
            _ => nothing,
        },
        _ => nothing,
    };
    write.commit().await?;
    Ok(Some(redriven))
}

async fn give_another_chance(write: &mut Write, id: SubmissionId, message: MessageId) -> Result<Redriven> {
    let before = crate::submissions::get(&mut write.tx, id).await?;
    let (event, submission) = match before {
        Some(failed) if failed.verdict == Some(Verdict::InternalError) => {
            let again = queue_again(write, id).await?;
            (Some(tell(write, &again).await?), again)
        }
        Some(open) if !open.status.is_final() => (None, open),
        _ => return Ok(Redriven { event: None, outbox: None }),
    };
    let outbox = OutboxRow {
        id: message,
        wakes: Wakes::Work { submission: id, class: submission.class },
        traceparent: submission.traceparent,
    };
    let claimed_until = write.now + FRESH;
    crate::outbox::insert_all(write, &[&outbox], claimed_until).await?;
    Ok(Redriven { event, outbox: Some(outbox) })
}

/// As it was when it was accepted, but for what has been counted: attempts and offset.
async fn queue_again(write: &mut Write, id: SubmissionId) -> Result<Submission> {
    let row = submission_rows!(
        r#"-- redrive
        update submissions set status = 'queued', attempts_from = attempt, run_at = ?2, wake_at = null, last_error = null,
            verdict = null, reason = null, score = null, language_version = null, tests_passed = 0, tests_run = 0,
            tests_total = null, cases = '[]', time_ms = null, wall_ms = null, memory_kb = null, memory_source = null,
            exit_code = null, signal = null, finished_at = null, "offset" = "offset" + 1, changed_at = ?2
        where id = ?1
        returning"#,
        "",
        id.0,
        write.now
    )
    .fetch_optional(&mut *write.tx)
    .await
    .map_err(fault)?;
    sqlx::query!(
        "-- redrive: outputs
        delete from outputs where submission_id = ?1",
        id.0
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    row.ok_or_else(|| broken(format!("submission {id} vanished")))?.into_domain()
}
