//! Another chance for what a dead letter tells of.

use herald_domain::channel::Channel;
use herald_domain::id::{DeadLetterId, MessageId, SubmissionId};
use herald_domain::notice::NOTICE_QUEUE;
use herald_domain::store::{OutboxRow, Redriven, Wakes};
use herald_domain::submission::{CaseResult, Submission};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};

use crate::fault::{Fault, Result};
use crate::row::{self, submission_rows};
use crate::{effects, webhooks};

pub(super) async fn redrive(
    connection: &mut PgConnection,
    letter: DeadLetterId,
    message: MessageId,
) -> Result<Option<Redriven>, Fault> {
    let mut tx = connection.begin().await?;
    let letter = sqlx::query!("-- redrive\ndelete from dead_letters where id = $1 returning queue, entity", letter.0);
    let Some(letter) = letter.fetch_optional(&mut *tx).await? else { return Ok(None) };
    let mut redriven = Redriven { event: None, outbox: None };
    match letter.entity.as_deref().map(Channel::parse) {
        Some(Ok(Channel::Submission(id))) if letter.queue == NOTICE_QUEUE => {
            webhooks::notices::redrive(&mut tx, id).await?;
        }
        Some(Ok(Channel::Submission(id))) => {
            if let Some(submission) = queue_again(&mut tx, id).await? {
                redriven.event = Some(row::tell_one(&mut tx, &submission).await?);
            }
            redriven.outbox = owe_wake(&mut tx, id, message).await?;
        }
        Some(Ok(Channel::Transfer(id))) => {
            if let Some(Ok(service)) = letter.queue.strip_prefix("service.").map(str::parse) {
                redriven.event = effects::redrive::redrive(&mut tx, service, id).await?;
            }
        }
        Some(Ok(Channel::User(_)) | Err(_)) | None => {}
    }
    tx.commit().await?;
    Ok(Some(redriven))
}

/// Back to `queued` with a clean slate and fresh attempts, if it ended for want of them; any other verdict stands, and so does a cancel.
async fn queue_again(connection: &mut PgConnection, id: SubmissionId) -> Result<Option<Submission>, Fault> {
    let changed = submission_rows!(
        r#"-- redrive, submission
        update submissions s
        set status = 'queued', verdict = null, reason = null, finished_at = null, attempts_from = s.attempt,
            run_at = herald_now(), wake_at = null, score = null, language_version = null,
            tests_passed = 0, tests_run = 0, tests_total = null, cases = '[]', time_ms = null, wall_ms = null,
            memory_kb = null, memory_source = null, exit_code = null, signal = null,
            "offset" = s."offset" + 1, changed_at = herald_now()
        where s.id = $1 and s.status = 'finished' and s.verdict = 'internal_error'
        returning"#,
        "",
        id.0,
    );
    let changed = changed.fetch_optional(&mut *connection).await?;
    if changed.is_some() {
        sqlx::query!("-- redrive, outputs\ndelete from outputs where submission_id = $1", id.0)
            .execute(connection)
            .await?;
    }
    changed.map(Submission::try_from).transpose()
}

/// An outbox row for work that is open, be it only because its message fell through the broker.
async fn owe_wake(
    connection: &mut PgConnection,
    id: SubmissionId,
    message: MessageId,
) -> Result<Option<OutboxRow>, Fault> {
    let owed = sqlx::query!(
        "-- redrive, outbox
        insert into outbox (id, submission_id, class, traceparent, claimed_until)
        select $2, id, class, traceparent, herald_now() + interval '5 s' from submissions
        where id = $1 and status in ('queued', 'compiling', 'running')
        returning class, traceparent",
        id.0,
        message.0,
    )
    .fetch_optional(connection)
    .await?;
    let row = |class, traceparent| OutboxRow { id: message, wakes: Wakes::Work { submission: id, class }, traceparent };
    Ok(owed.map(|owed| row(owed.class, owed.traceparent)))
}
