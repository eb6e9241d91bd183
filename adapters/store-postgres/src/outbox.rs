//! Obligations to publish, of submissions and of transfers, and dead letters.

use async_trait::async_trait;
use herald_domain::id::{DeadLetterId, MessageId, SubmissionId, TransferId};
use herald_domain::money::TransferStep;
use herald_domain::store::{DeadLetter, Outbox, OutboxRow, Redriven, Wakes};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::{Fault, Result};
use crate::row::{self, clean, word};

mod redrive;

#[async_trait]
impl Outbox for PostgresStore {
    #[tracing::instrument(name = "store.claim_outbox", level = "debug", skip_all)]
    async fn claim_outbox(&self, limit: u32, claim_ms: u64) -> Result<Vec<OutboxRow>> {
        call!(self, "claim_outbox", connection => { claim(connection, limit, claim_ms).await })
    }

    #[tracing::instrument(name = "store.release_outbox", level = "debug", skip_all)]
    async fn release_outbox(&self) -> Result<u64> {
        call!(self, "release_outbox", connection => {
            let released = sqlx::query_scalar!(
                r#"-- release_outbox
                with work as (
                    update outbox set claimed_until = herald_now() where claimed_until > herald_now() returning 1
                ), money as (
                    update transfer_outbox set claimed_until = herald_now() where claimed_until > herald_now() returning 1
                )
                select (select count(*) from work) + (select count(*) from money) as "released!""#
            );
            row::unsigned("count", released.fetch_one(connection).await?)
        })
    }

    #[tracing::instrument(name = "store.delete_outbox", level = "debug", skip_all)]
    async fn delete_outbox(&self, ids: &[MessageId]) -> Result<()> {
        let mut ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        ids.sort_unstable();
        call!(self, "delete_outbox", connection => {
            sqlx::query!(
                "-- delete_outbox
                with work as (delete from outbox where id = any($1))
                delete from transfer_outbox where id = any($1)",
                &ids,
            )
            .execute(connection)
            .await?;
            Ok(())
        })
    }

    #[tracing::instrument(name = "store.count_outbox", level = "debug", skip_all)]
    async fn count_outbox(&self) -> Result<u64> {
        call!(self, "count_outbox", Terms::READ, connection => {
            let count = sqlx::query_scalar!(r#"-- count_outbox
                select (select count(*) from outbox) + (select count(*) from transfer_outbox) as "count!""#);
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
        call!(self, "redrive", connection => { redrive::redrive(connection, letter, message).await })
    }
}

/// A row of either table.
struct Row {
    id: Uuid,
    submission_id: Option<Uuid>,
    class: Option<String>,
    transfer_id: Option<Uuid>,
    kind: Option<String>,
    state: Option<String>,
    traceparent: Option<String>,
}

async fn claim(connection: &mut PgConnection, limit: u32, claim_ms: u64) -> Result<Vec<OutboxRow>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        r#"-- claim_outbox
        with work as (
            select id, claimed_until as since from outbox where claimed_until <= herald_now()
            order by claimed_until, id limit $1 for update skip locked
        ), money as (
            select id, claimed_until as since from transfer_outbox where claimed_until <= herald_now()
            order by claimed_until, id limit $1 for update skip locked
        ), due as (
            (select id, since from work union all select id, since from money) order by since, id limit $1
        ), claimed_work as (
            update outbox o set claimed_until = herald_now() + $2 * interval '1 ms'
            from due where o.id = due.id
            returning o.id, o.submission_id, o.class, o.traceparent, due.since
        ), claimed_money as (
            update transfer_outbox o set claimed_until = herald_now() + $2 * interval '1 ms'
            from due where o.id = due.id
            returning o.id, o.transfer_id, o.kind, o.state, o.traceparent, due.since
        )
        select id as "id!", submission_id, class, transfer_id, kind, state, traceparent
        from (
            select id, submission_id, class, null::uuid as transfer_id, null as kind, null as state, traceparent, since
            from claimed_work
            union all
            select id, null, null, transfer_id, kind, state, traceparent, since from claimed_money
        ) claimed
        order by since, id"#,
        i64::from(limit),
        claim_ms as f64,
    );
    rows.fetch_all(connection).await?.into_iter().map(OutboxRow::try_from).collect()
}

impl TryFrom<Row> for OutboxRow {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        let wakes = match (row.submission_id, row.class, row.transfer_id, row.kind, row.state) {
            (Some(id), Some(class), ..) => Wakes::Work { submission: SubmissionId(id), class },
            (_, _, Some(id), Some(kind), Some(state)) => Wakes::Services(TransferStep {
                transfer: TransferId(id),
                kind: word("kind", &kind)?,
                state: word("state", &state)?,
            }),
            _ => return Err(Fault::Broken(format!("outbox row {} wakes nobody", row.id))),
        };
        Ok(Self { id: MessageId(row.id), wakes, traceparent: row.traceparent })
    }
}
