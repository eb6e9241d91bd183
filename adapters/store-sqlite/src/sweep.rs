//! What the sweeper asks for.

use herald_domain::event::StoredEvent;
use herald_domain::id::SubmissionId;
use herald_domain::store::{Result, Wake};
use herald_domain::submission::{Judgement, Verdict};
use uuid::Uuid;

use crate::SqliteStore;
use crate::fault::fault;
use crate::row::ms;
use crate::work::finish;

/// A wake-up is handed out once in this many microseconds.
pub(crate) const WAKE_AGAIN: i64 = 10_000_000;

struct WakeRow {
    id: Uuid,
    class: String,
}

fn wakes(rows: Vec<WakeRow>) -> Vec<Wake> {
    rows.into_iter().map(|row| Wake { submission: SubmissionId(row.id), class: row.class }).collect()
}

pub(crate) async fn due_wakes(store: &SqliteStore, limit: u32) -> Result<Vec<Wake>> {
    let mut write = store.write().await?;
    let again = write.now + WAKE_AGAIN;
    let rows = sqlx::query_as!(
        WakeRow,
        r#"-- due_wakes
        update submissions set wake_at = ?2
        where id in (select id from submissions where wake_at <= ?1 order by wake_at limit ?3)
        returning id as "id!: Uuid", class as "class!""#,
        write.now,
        again,
        limit
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)?;
    write.commit().await?;
    Ok(wakes(rows))
}

pub(crate) async fn due_rows(store: &SqliteStore, class: &str, older_than_ms: u64, limit: u32) -> Result<Vec<Wake>> {
    let now = store.now();
    let due_since = now - ms(older_than_ms);
    let rows = sqlx::query_as!(
        WakeRow,
        r#"-- due_rows
        select id as "id!: Uuid", class as "class!" from submissions
        where class = ?1 and status in ('queued', 'compiling', 'running')
            and (run_at <= ?2 or run_at > ?3 and (wake_at is null or status <> 'queued'))
            and (lease_until is null or lease_until <= ?2)
        order by priority, turn, id limit ?4"#,
        class,
        due_since,
        now,
        limit
    )
    .fetch_all(&store.readers)
    .await
    .map_err(fault)?;
    Ok(wakes(rows))
}

pub(crate) async fn expire_unclaimed(store: &SqliteStore, max_age_ms: u64, limit: u32) -> Result<Vec<StoredEvent>> {
    let mut write = store.write().await?;
    let accepted_by = write.now - ms(max_age_ms);
    let ids = sqlx::query_scalar!(
        r#"-- expire_unclaimed
        select id as "id!: Uuid" from submissions
        where status = 'queued' and attempt = 0 and rejudged = 0 and created_at <= ?1
            and run_at <= ?1 -- since the redrive, if there was one
        order by created_at limit ?2"#,
        accepted_by,
        limit
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)?;
    let no_worker = Judgement::bare(Verdict::InternalError, "no_worker");
    let mut events = Vec::with_capacity(ids.len());
    for id in ids {
        events.extend(finish(&mut write, SubmissionId(id), None, &no_worker).await?);
    }
    write.commit().await?;
    Ok(events)
}

pub(crate) async fn expire_leases(store: &SqliteStore) -> Result<u64> {
    let mut write = store.write().await?;
    let submissions = sqlx::query!(
        "-- expire_leases
        update submissions set lease_token = null, lease_until = null, run_at = ?1, wake_at = ?1
        where status in ('queued', 'compiling', 'running') and lease_until > ?1",
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    // Whatever is leased is to be woken some time, and so is in the index of those.
    let effects = sqlx::query!(
        "-- expire_leases: effects
        update effects set lease_token = null, lease_until = null, run_at = ?1, wake_at = ?1
        where wake_at is not null and lease_until > ?1",
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    let notices = sqlx::query!(
        "-- expire_leases: notices
        update webhook_notices set lease_token = null, due_at = ?1 where due_at > ?1 and lease_token is not null",
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    write.commit().await?;
    Ok(submissions.rows_affected() + effects.rows_affected() + notices.rows_affected())
}

pub(crate) async fn open_classes(store: &SqliteStore) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"-- open_classes
        select distinct class as "class!" from submissions where status in ('queued', 'compiling', 'running')
        order by class"#
    )
    .fetch_all(&store.readers)
    .await
    .map_err(fault)
}
