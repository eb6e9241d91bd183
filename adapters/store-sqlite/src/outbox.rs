//! The outbox and the dead letters.

use async_trait::async_trait;
use herald_domain::id::{DeadLetterId, MessageId, SubmissionId};
use herald_domain::store::{DeadLetter, Outbox, OutboxRow, Redriven, Result};
use serde::Serialize;
use uuid::Uuid;

use crate::fault::fault;
use crate::row::{hex, id_list, ms, time, to_json};
use crate::write::Write;
use crate::{SqliteStore, redrive};

/// A new row belongs to the process that wrote it for this long, in microseconds.
pub(crate) const FRESH: i64 = 5_000_000;

pub(crate) async fn insert_all<'a>(write: &mut Write, rows: &[&'a OutboxRow], claimed_until: i64) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: String,
        submission: String,
        class: &'a str,
        traceparent: Option<&'a str>,
    }
    let row = |row: &&'a OutboxRow| Row {
        id: hex(row.id.0),
        submission: hex(row.submission.0),
        class: &row.class,
        traceparent: row.traceparent.as_deref(),
    };
    let rows = to_json(&rows.iter().map(row).collect::<Vec<_>>())?;
    sqlx::query!(
        "-- insert_outbox
        insert into outbox (id, submission_id, class, traceparent, claimed_until)
        select unhex(value->>'id'), unhex(value->>'submission'), value->>'class', value->>'traceparent', ?2
        from json_each(?1)",
        rows,
        claimed_until
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

/// A dead letter as it stands in the table.
struct DeadLetterRow {
    id: Uuid,
    queue: String,
    entity: Option<String>,
    error: String,
    payload: Option<String>,
    at: i64,
}

#[async_trait]
impl Outbox for SqliteStore {
    #[tracing::instrument(name = "store.claim_outbox", level = "debug", skip_all)]
    async fn claim_outbox(&self, limit: u32, claim_ms: u64) -> Result<Vec<OutboxRow>> {
        let mut write = self.write().await?;
        let rows = sqlx::query!(
            r#"-- claim_outbox: due
            select id as "id!: Uuid", submission_id as "submission_id!: Uuid", class as "class!",
                traceparent as "traceparent?"
            from outbox where claimed_until <= ?1 order by claimed_until, id limit ?2"#,
            write.now,
            limit
        )
        .fetch_all(&mut *write.tx)
        .await
        .map_err(fault)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids = id_list(rows.iter().map(|row| row.id))?;
        let until = write.now + ms(claim_ms);
        sqlx::query!(
            "-- claim_outbox
            update outbox set claimed_until = ?2 where id in (select unhex(value) from json_each(?1))",
            ids,
            until
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?;
        write.commit().await?;
        let claimed = rows.into_iter().map(|row| OutboxRow {
            id: MessageId(row.id),
            submission: SubmissionId(row.submission_id),
            class: row.class,
            traceparent: row.traceparent,
        });
        Ok(claimed.collect())
    }

    #[tracing::instrument(name = "store.release_outbox", level = "debug", skip_all)]
    async fn release_outbox(&self) -> Result<u64> {
        let mut write = self.write().await?;
        let released = sqlx::query!(
            "-- release_outbox
            update outbox set claimed_until = ?1 where claimed_until > ?1",
            write.now
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?
        .rows_affected();
        write.commit().await?;
        Ok(released)
    }

    #[tracing::instrument(name = "store.delete_outbox", level = "debug", skip_all)]
    async fn delete_outbox(&self, ids: &[MessageId]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids = id_list(ids.iter().map(|id| id.0))?;
        let mut write = self.write().await?;
        sqlx::query!(
            "-- delete_outbox
            delete from outbox where id in (select unhex(value) from json_each(?1))",
            ids
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?;
        write.commit().await
    }

    #[tracing::instrument(name = "store.count_outbox", level = "debug", skip_all)]
    async fn count_outbox(&self) -> Result<u64> {
        let waiting = sqlx::query_scalar!(
            r#"-- count_outbox
            select count(*) as "waiting!: i64" from outbox"#
        )
        .fetch_one(&self.readers)
        .await
        .map_err(fault)?;
        Ok(waiting.unsigned_abs())
    }

    #[tracing::instrument(name = "store.add_dead_letter", level = "debug", skip_all)]
    async fn add_dead_letter(&self, letter: &DeadLetter) -> Result<()> {
        let mut write = self.write().await?;
        add_dead_letter(&mut write, letter).await?;
        write.commit().await
    }

    #[tracing::instrument(name = "store.list_dead_letters", level = "debug", skip_all)]
    async fn list_dead_letters(&self, before: Option<DeadLetterId>, limit: u32) -> Result<Vec<DeadLetter>> {
        let before = before.map_or(Uuid::max(), |id| id.0);
        let rows = sqlx::query_as!(
            DeadLetterRow,
            r#"-- list_dead_letters
            select id as "id!: Uuid", queue as "queue!", entity as "entity?", error as "error!", payload as "payload?",
                at as "at!"
            from dead_letters where id < ?1 order by id desc limit ?2"#,
            before,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(fault)?;
        let letter = |row: DeadLetterRow| {
            let DeadLetterRow { id, queue, entity, error, payload, at } = row;
            Ok(DeadLetter { id: DeadLetterId(id), queue, entity, error, payload, at: time(at)? })
        };
        rows.into_iter().map(letter).collect()
    }

    #[tracing::instrument(name = "store.redrive", level = "debug", skip_all)]
    async fn redrive(&self, letter: DeadLetterId, message: MessageId) -> Result<Option<Redriven>> {
        redrive::redrive(self, letter, message).await
    }
}

/// Its `at` is the transaction's.
pub(crate) async fn add_dead_letter(write: &mut Write, letter: &DeadLetter) -> Result<()> {
    sqlx::query!(
        "-- add_dead_letter
        insert into dead_letters (id, queue, entity, error, payload, at) values (?1, ?2, ?3, ?4, ?5, ?6)
        on conflict (id) do nothing",
        letter.id.0,
        letter.queue,
        letter.entity,
        letter.error,
        letter.payload,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}
