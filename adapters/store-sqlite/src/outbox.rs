//! The outbox and the dead letters.

mod rows;

use async_trait::async_trait;
use herald_domain::id::{DeadLetterId, MessageId};
use herald_domain::store::{DeadLetter, Outbox, OutboxRow, Redriven, Result};
use time::OffsetDateTime;
use uuid::{NoContext, Timestamp, Uuid};

use crate::fault::fault;
use crate::row::time;
use crate::write::Write;
use crate::{SqliteStore, redrive};

pub(crate) use rows::{FRESH, insert_all};

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
        rows::claim(self, limit, claim_ms).await
    }

    #[tracing::instrument(name = "store.release_outbox", level = "debug", skip_all)]
    async fn release_outbox(&self) -> Result<u64> {
        rows::release(self).await
    }

    #[tracing::instrument(name = "store.delete_outbox", level = "debug", skip_all)]
    async fn delete_outbox(&self, ids: &[MessageId]) -> Result<()> {
        rows::delete(self, ids).await
    }

    #[tracing::instrument(name = "store.count_outbox", level = "debug", skip_all)]
    async fn count_outbox(&self) -> Result<u64> {
        let waiting = sqlx::query_scalar!(
            r#"-- count_outbox
            select (select count(*) from outbox) + (select count(*) from transfer_outbox) as "waiting!: i64""#
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

/// A fresh id that sorts by the store's time, as those that callers make.
pub(crate) fn letter_id(at: OffsetDateTime) -> DeadLetterId {
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or_default();
    DeadLetterId(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, at.nanosecond())))
}
