//! What is kept, and for how long. Old rows go in batches, each a transaction of its own, so that no writer waits long.

use herald_domain::store::Result;

use crate::SqliteStore;
use crate::fault::fault;

const DAY: i64 = 86_400_000_000;
const KEEP_EVENTS: i64 = 7 * DAY;
const KEEP_OUTPUTS: i64 = 90 * DAY;
const KEEP_DEAD_LETTERS: i64 = 30 * DAY;
const KEEP_NOTICES: i64 = KEEP_DEAD_LETTERS;
const KEEP_ATTEMPTS: i64 = 30 * DAY;
/// Rows that one transaction deletes.
const BATCH: i64 = 1_000;

pub(crate) async fn maintain(store: &SqliteStore) -> Result<()> {
    while drop_events(store).await? == BATCH.unsigned_abs() {}
    while drop_outputs(store).await? == BATCH.unsigned_abs() {}
    while drop_dead_letters(store).await? == BATCH.unsigned_abs() {}
    while drop_notices(store).await? == BATCH.unsigned_abs() {}
    while drop_attempts(store).await? == BATCH.unsigned_abs() {}
    // Lets the planner learn from the tables as they are; cheap where nothing has changed (sqlite.org/pragma.html#pragma_optimize).
    sqlx::query("-- maintain: optimize\npragma optimize").execute(&store.writer).await.map_err(fault)?;
    Ok(())
}

async fn drop_events(store: &SqliteStore) -> Result<u64> {
    let mut write = store.write().await?;
    let before = write.now - KEEP_EVENTS;
    let dropped = sqlx::query!(
        r#"-- maintain: events
        delete from events where (channel, "offset") in (select channel, "offset" from events where at < ?1 limit ?2)"#,
        before,
        BATCH
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?
    .rows_affected();
    write.commit().await?;
    Ok(dropped)
}

async fn drop_outputs(store: &SqliteStore) -> Result<u64> {
    let mut write = store.write().await?;
    let before = write.now - KEEP_OUTPUTS;
    let dropped = sqlx::query!(
        "-- maintain: outputs
        delete from outputs where rowid in (select rowid from outputs where at < ?1 limit ?2)",
        before,
        BATCH
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?
    .rows_affected();
    write.commit().await?;
    Ok(dropped)
}

async fn drop_dead_letters(store: &SqliteStore) -> Result<u64> {
    let mut write = store.write().await?;
    let before = write.now - KEEP_DEAD_LETTERS;
    let dropped = sqlx::query!(
        "-- maintain: dead letters
        delete from dead_letters where rowid in (select rowid from dead_letters where at < ?1 limit ?2)",
        before,
        BATCH
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?
    .rows_affected();
    write.commit().await?;
    Ok(dropped)
}

/// Those that were given up: their dead letters are gone too.
async fn drop_notices(store: &SqliteStore) -> Result<u64> {
    let mut write = store.write().await?;
    let before = write.now - KEEP_NOTICES;
    let dropped = sqlx::query!(
        "-- maintain: notices
        delete from webhook_notices where submission_id in (
            select submission_id from webhook_notices where due_at is null and changed_at < ?1 limit ?2)",
        before,
        BATCH
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?
    .rows_affected();
    write.commit().await?;
    Ok(dropped)
}

async fn drop_attempts(store: &SqliteStore) -> Result<u64> {
    let mut write = store.write().await?;
    let before = write.now - KEEP_ATTEMPTS;
    let dropped = sqlx::query!(
        "-- maintain: attempts
        delete from webhook_attempts where rowid in (select rowid from webhook_attempts where at < ?1 limit ?2)",
        before,
        BATCH
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?
    .rows_affected();
    write.commit().await?;
    Ok(dropped)
}
