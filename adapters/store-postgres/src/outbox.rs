//! Obligations to publish, and dead letters.

use async_trait::async_trait;
use herald_domain::channel::Channel;
use herald_domain::id::{DeadLetterId, MessageId, SubmissionId};
use herald_domain::store::{DeadLetter, Outbox, OutboxRow, Redriven};
use herald_domain::submission::{CaseResult, Submission};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::{Fault, Result};
use crate::row::{self, clean, submission_rows};

#[async_trait]
impl Outbox for PostgresStore {
    #[tracing::instrument(name = "store.claim_outbox", level = "debug", skip_all)]
    async fn claim_outbox(&self, limit: u32, claim_ms: u64) -> Result<Vec<OutboxRow>> {
        call!(self, "claim_outbox", connection => {
            let rows = sqlx::query!(
                r#"-- claim_outbox
                with due as (
                    select id, claimed_until as since from outbox where claimed_until <= herald_now()
                    order by claimed_until, id limit $1 for update skip locked
                ), claimed as (
                    update outbox o set claimed_until = herald_now() + $2 * interval '1 ms'
                    from due where o.id = due.id
                    returning o.id, o.submission_id, o.class, o.traceparent, due.since
                )
                select id, submission_id, class, traceparent from claimed order by since, id"#,
                i64::from(limit),
                claim_ms as f64,
            )
            .fetch_all(connection)
            .await?;
            let rows = rows.into_iter().map(|row| OutboxRow {
                id: MessageId(row.id),
                submission: SubmissionId(row.submission_id),
                class: row.class,
                traceparent: row.traceparent,
            });
            Ok(rows.collect())
        })
    }

    #[tracing::instrument(name = "store.release_outbox", level = "debug", skip_all)]
    async fn release_outbox(&self) -> Result<u64> {
        call!(self, "release_outbox", connection => {
            let released = sqlx::query!(
                "-- release_outbox
                update outbox set claimed_until = herald_now() where claimed_until > herald_now()"
            );
            Ok(released.execute(connection).await?.rows_affected())
        })
    }

    #[tracing::instrument(name = "store.delete_outbox", level = "debug", skip_all)]
    async fn delete_outbox(&self, ids: &[MessageId]) -> Result<()> {
        let mut ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        ids.sort_unstable();
        call!(self, "delete_outbox", connection => {
            sqlx::query!("-- delete_outbox\ndelete from outbox where id = any($1)", &ids).execute(connection).await?;
            Ok(())
        })
    }

    #[tracing::instrument(name = "store.count_outbox", level = "debug", skip_all)]
    async fn count_outbox(&self) -> Result<u64> {
        call!(self, "count_outbox", Terms::READ, connection => {
            let count = sqlx::query_scalar!(r#"-- count_outbox
                select count(*) as "count!" from outbox"#);
            row::unsigned("count", count.fetch_one(connection).await?)
        })
    }

    #[tracing::instrument(name = "store.add_dead_letter", level = "debug", skip_all)]
    async fn add_dead_letter(&self, letter: &DeadLetter) -> Result<()> {
        let entity = letter.entity.as_deref().map(clean);
        let payload = letter.payload.as_deref().map(clean);
        call!(self, "add_dead_letter", connection => {
            sqlx::query!(
                "-- add_dead_letter
                insert into dead_letters (id, queue, entity, error, payload, at)
                values ($1, $2, $3, $4, $5, herald_now())
                on conflict (id) do nothing",
                letter.id.0,
                &*clean(&letter.queue),
                entity.as_deref(),
                &*clean(&letter.error),
                payload.as_deref(),
            )
            .execute(connection)
            .await?;
            Ok(())
        })
    }

    #[tracing::instrument(name = "store.list_dead_letters", level = "debug", skip_all)]
    async fn list_dead_letters(&self, before: Option<DeadLetterId>, limit: u32) -> Result<Vec<DeadLetter>> {
        let before = before.map_or(Uuid::max(), |id| id.0);
        call!(self, "list_dead_letters", Terms::READ, connection => {
            // By id, which sorts by time, so that a page stays a page when the letter that it began after is redriven.
            let rows = sqlx::query!(
                "-- list_dead_letters
                select id, queue, entity, error, payload, at from dead_letters
                where id < $1 order by id desc limit $2",
                before,
                i64::from(limit),
            )
            .fetch_all(connection)
            .await?;
            let letters = rows.into_iter().map(|row| DeadLetter {
                id: DeadLetterId(row.id),
                queue: row.queue,
                entity: row.entity,
                error: row.error,
                payload: row.payload,
                at: row.at,
            });
            Ok(letters.collect())
        })
    }

    #[tracing::instrument(name = "store.redrive", level = "debug", skip_all)]
    async fn redrive(&self, letter: DeadLetterId, message: MessageId) -> Result<Option<Redriven>> {
        call!(self, "redrive", connection => { redrive(connection, letter, message).await })
    }
}

async fn redrive(
    connection: &mut PgConnection,
    letter: DeadLetterId,
    message: MessageId,
) -> Result<Option<Redriven>, Fault> {
    let mut tx = connection.begin().await?;
    let entity = sqlx::query_scalar!("-- redrive\ndelete from dead_letters where id = $1 returning entity", letter.0)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(entity) = entity else { return Ok(None) };
    let mut redriven = Redriven { event: None, outbox: None };
    if let Some(Ok(Channel::Submission(id))) = entity.as_deref().map(Channel::parse) {
        if let Some(submission) = queue_again(&mut tx, id).await? {
            redriven.event = Some(row::tell_one(&mut tx, &submission).await?);
        }
        redriven.outbox = owe_wake(&mut tx, id, message).await?;
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
    let row = |class, traceparent| OutboxRow { id: message, submission: id, class, traceparent };
    Ok(owed.map(|owed| row(owed.class, owed.traceparent)))
}
