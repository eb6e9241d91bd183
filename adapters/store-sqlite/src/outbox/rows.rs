//! The outbox's two tables, one for each kind of wake-up: a row of either has all that its message needs.

use herald_domain::id::{MessageId, SubmissionId, TransferId};
use herald_domain::money::TransferStep;
use herald_domain::store::{OutboxRow, Result, Wakes};
use serde::Serialize;
use uuid::Uuid;

use crate::SqliteStore;
use crate::fault::fault;
use crate::row::{hex, id_list, ms, to_json, word};
use crate::write::Write;

/// A new row belongs to the process that wrote it for this long, in microseconds.
pub(crate) const FRESH: i64 = 5_000_000;

pub(crate) async fn insert_all(write: &mut Write, rows: &[&OutboxRow], claimed_until: i64) -> Result<()> {
    insert_work(write, rows, claimed_until).await?;
    insert_steps(write, rows, claimed_until).await
}

async fn insert_work<'a>(write: &mut Write, rows: &[&'a OutboxRow], claimed_until: i64) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: String,
        submission: String,
        class: &'a str,
        traceparent: Option<&'a str>,
    }
    let row = |row: &&'a OutboxRow| match &row.wakes {
        Wakes::Work { submission, class } => Some(Row {
            id: hex(row.id.0),
            submission: hex(submission.0),
            class,
            traceparent: row.traceparent.as_deref(),
        }),
        Wakes::Services(_) => None,
    };
    let rows: Vec<_> = rows.iter().filter_map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let rows = to_json(&rows)?;
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

async fn insert_steps<'a>(write: &mut Write, rows: &[&'a OutboxRow], claimed_until: i64) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: String,
        transfer: String,
        kind: &'static str,
        state: &'static str,
        traceparent: Option<&'a str>,
    }
    let row = |row: &&'a OutboxRow| match &row.wakes {
        Wakes::Work { .. } => None,
        Wakes::Services(step) => Some(Row {
            id: hex(row.id.0),
            transfer: hex(step.transfer.0),
            kind: step.kind.as_str(),
            state: step.state.as_str(),
            traceparent: row.traceparent.as_deref(),
        }),
    };
    let rows: Vec<_> = rows.iter().filter_map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let rows = to_json(&rows)?;
    sqlx::query!(
        "-- insert_outbox: steps
        insert into transfer_outbox (id, transfer_id, kind, state, traceparent, claimed_until)
        select unhex(value->>'id'), unhex(value->>'transfer'), value->>'kind', value->>'state', value->>'traceparent', ?2
        from json_each(?1)",
        rows,
        claimed_until
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

/// A row that may be claimed, and since when.
type Due = (i64, OutboxRow);

pub(super) async fn claim(store: &SqliteStore, limit: u32, claim_ms: u64) -> Result<Vec<OutboxRow>> {
    let mut write = store.write().await?;
    let mut due = due_work(&mut write, limit).await?;
    due.extend(due_steps(&mut write, limit).await?);
    due.sort_by_key(|(since, row)| (*since, row.id));
    due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let ids = id_list(due.iter().map(|(_, row)| row.id.0))?;
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
    sqlx::query!(
        "-- claim_outbox: steps
        update transfer_outbox set claimed_until = ?2 where id in (select unhex(value) from json_each(?1))",
        ids,
        until
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    write.commit().await?;
    Ok(due.into_iter().map(|(_, row)| row).collect())
}

async fn due_work(write: &mut Write, limit: u32) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        r#"-- claim_outbox: due
        select id as "id!: Uuid", submission_id as "submission_id!: Uuid", class as "class!",
            traceparent as "traceparent?", claimed_until as "since!"
        from outbox where claimed_until <= ?1 order by claimed_until, id limit ?2"#,
        write.now,
        limit
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)?;
    let due = rows.into_iter().map(|row| {
        let wakes = Wakes::Work { submission: SubmissionId(row.submission_id), class: row.class };
        (row.since, OutboxRow { id: MessageId(row.id), wakes, traceparent: row.traceparent })
    });
    Ok(due.collect())
}

async fn due_steps(write: &mut Write, limit: u32) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        r#"-- claim_outbox: due steps
        select id as "id!: Uuid", transfer_id as "transfer_id!: Uuid", kind as "kind!", state as "state!",
            traceparent as "traceparent?", claimed_until as "since!"
        from transfer_outbox where claimed_until <= ?1 order by claimed_until, id limit ?2"#,
        write.now,
        limit
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)?;
    let mut due = Vec::with_capacity(rows.len());
    for row in rows {
        let (kind, state) = (word(&row.kind)?, word(&row.state)?);
        let wakes = Wakes::Services(TransferStep { transfer: TransferId(row.transfer_id), kind, state });
        due.push((row.since, OutboxRow { id: MessageId(row.id), wakes, traceparent: row.traceparent }));
    }
    Ok(due)
}

pub(super) async fn release(store: &SqliteStore) -> Result<u64> {
    let mut write = store.write().await?;
    let work = sqlx::query!(
        "-- release_outbox
        update outbox set claimed_until = ?1 where claimed_until > ?1",
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    let steps = sqlx::query!(
        "-- release_outbox: steps
        update transfer_outbox set claimed_until = ?1 where claimed_until > ?1",
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    write.commit().await?;
    Ok(work.rows_affected() + steps.rows_affected())
}

/// The caller does not say of which kind the rows are, and need not know.
pub(super) async fn delete(store: &SqliteStore, ids: &[MessageId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let ids = id_list(ids.iter().map(|id| id.0))?;
    let mut write = store.write().await?;
    sqlx::query!(
        "-- delete_outbox
        delete from outbox where id in (select unhex(value) from json_each(?1))",
        ids
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    sqlx::query!(
        "-- delete_outbox: steps
        delete from transfer_outbox where id in (select unhex(value) from json_each(?1))",
        ids
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    write.commit().await
}
