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

/// Deletes what is older than `$age`, batch after batch. The statement takes the moment before which a row is old, and the size of
/// a batch.
macro_rules! delete_old {
    ($store:expr, $age:expr, $sql:literal) => {
        loop {
            let mut write = $store.write().await?;
            let before = write.now - $age;
            let deleted = sqlx::query!($sql, before, BATCH).execute(&mut *write.tx).await.map_err(fault)?;
            write.commit().await?;
            if deleted.rows_affected() < BATCH.unsigned_abs() {
                break;
            }
        }
    };
}

pub(crate) async fn maintain(store: &SqliteStore) -> Result<()> {
    delete_old!(
        store,
        KEEP_EVENTS,
        r#"-- maintain: events
        delete from events where (channel, "offset") in (select channel, "offset" from events where at < ?1 limit ?2)"#
    );
    delete_old!(
        store,
        KEEP_OUTPUTS,
        "-- maintain: outputs
        delete from outputs where rowid in (select rowid from outputs where at < ?1 limit ?2)"
    );
    delete_old!(
        store,
        KEEP_DEAD_LETTERS,
        "-- maintain: dead letters
        delete from dead_letters where rowid in (select rowid from dead_letters where at < ?1 limit ?2)"
    );
    // Those that were given up: their dead letters are gone too.
    delete_old!(
        store,
        KEEP_NOTICES,
        "-- maintain: notices
        delete from webhook_notices where submission_id in (
            select submission_id from webhook_notices where due_at is null and changed_at < ?1 limit ?2)"
    );
    delete_old!(
        store,
        KEEP_ATTEMPTS,
        "-- maintain: attempts
        delete from webhook_attempts where rowid in (select rowid from webhook_attempts where at < ?1 limit ?2)"
    );
    // Lets the planner learn from the tables as they are; cheap where nothing has changed (sqlite.org/pragma.html#pragma_optimize).
    sqlx::query("-- maintain: optimize\npragma optimize").execute(&store.writer).await.map_err(fault)?;
    Ok(())
}
