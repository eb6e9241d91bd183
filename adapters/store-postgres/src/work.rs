//! Claims, leases and what ends them.
//!
//! Invariants:
//! * A change under a lease is `where lease_token = …` on the row, so whoever lost the lease changes nothing.
//! * `wake_at` is when the sweeper looks at the row again: the end of the lease, or `run_at` after a release; null while the
//!   outbox owes the wake-up. A renewal leaves it alone (and so stays off the indexes); the sweeper moves it on instead.
//! * `run_at` delays only what was released: what is fresh is due though the clock be set back behind its accept.

use async_trait::async_trait;
use herald_domain::event::StoredEvent;
use herald_domain::id::{LeaseToken, SubmissionId};
use herald_domain::store::{Claimed, Wake, Work};
use herald_domain::submission::{CaseResult, Judgement, Tests};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::{Fault, Result};
use crate::row::{self, clean, submission_rows};

mod claim;
mod sweep;
mod verdict;

#[async_trait]
impl Work for PostgresStore {
    #[tracing::instrument(name = "store.claim", level = "debug", skip_all)]
    async fn claim(&self, class: &str, token: LeaseToken, lease_ms: u64) -> Result<Claimed> {
        call!(self, "claim", connection => { claim::claim(connection, class, token, lease_ms).await })
    }

    #[tracing::instrument(name = "store.renew", level = "debug", skip_all)]
    async fn renew(&self, id: SubmissionId, token: LeaseToken, lease_ms: u64) -> Result<bool> {
        call!(self, "renew", connection => {
            let renewed = sqlx::query!(
                "-- renew
                update submissions set lease_until = herald_now() + $3 * interval '1 ms'
                where id = $1 and lease_token = $2 and status in ('compiling', 'running')",
                id.0,
                token.0,
                milliseconds(lease_ms),
            )
            .execute(connection)
            .await?;
            Ok(renewed.rows_affected() > 0)
        })
    }

    #[tracing::instrument(name = "store.start_running", level = "debug", skip_all)]
    async fn start_running(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        total: Option<u32>,
    ) -> Result<Option<StoredEvent>> {
        call!(self, "start_running", connection => { start_running(connection, id, token, total).await })
    }

    #[tracing::instrument(name = "store.save_progress", level = "debug", skip_all)]
    async fn save_progress(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        tests: Tests,
        cases: &[CaseResult],
    ) -> Result<bool> {
        call!(self, "save_progress", connection => {
            let saved = sqlx::query!(
                "-- save_progress
                update submissions set tests_passed = $3, tests_run = $4, tests_total = $5, cases = $6
                where id = $1 and lease_token = $2 and status in ('compiling', 'running')",
                id.0,
                token.0,
                row::signed32(tests.passed),
                row::signed32(tests.run),
                tests.total.map(row::signed32),
                Json(cases) as _,
            )
            .execute(connection)
            .await?;
            Ok(saved.rows_affected() > 0)
        })
    }

    #[tracing::instrument(name = "store.record_verdict", level = "debug", skip_all)]
    async fn record_verdict(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        judgement: &Judgement,
    ) -> Result<Option<StoredEvent>> {
        call!(self, "record_verdict", connection => { verdict::record(connection, id, token, judgement).await })
    }

    #[tracing::instrument(name = "store.release", level = "debug", skip_all)]
    async fn release(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        delay_ms: u64,
        error: &str,
    ) -> Result<Option<StoredEvent>> {
        call!(self, "release", connection => { release(connection, id, token, delay_ms, error).await })
    }

    #[tracing::instrument(name = "store.due_wakes", level = "debug", skip_all)]
    async fn due_wakes(&self, limit: u32) -> Result<Vec<Wake>> {
        call!(self, "due_wakes", connection => { sweep::due_wakes(connection, limit).await })
    }

    #[tracing::instrument(name = "store.due_rows", level = "debug", skip_all)]
    async fn due_rows(&self, class: &str, older_than_ms: u64, limit: u32) -> Result<Vec<Wake>> {
        call!(self, "due_rows", Terms::READ, connection => { sweep::due_rows(connection, class, older_than_ms, limit).await })
    }

    #[tracing::instrument(name = "store.expire_unclaimed", level = "debug", skip_all)]
    async fn expire_unclaimed(&self, max_age_ms: u64, limit: u32) -> Result<Vec<StoredEvent>> {
        call!(self, "expire_unclaimed", connection => {
            sweep::expire_unclaimed(connection, max_age_ms, limit).await
        })
    }

    #[tracing::instrument(name = "store.expire_leases", level = "debug", skip_all)]
    async fn expire_leases(&self) -> Result<u64> {
        call!(self, "expire_leases", connection => { sweep::expire_leases(connection).await })
    }

    #[tracing::instrument(name = "store.open_classes", level = "debug", skip_all)]
    async fn open_classes(&self) -> Result<Vec<String>> {
        call!(self, "open_classes", Terms::READ, connection => { sweep::open_classes(connection).await })
    }
}

async fn start_running(
    connection: &mut PgConnection,
    id: SubmissionId,
    token: LeaseToken,
    total: Option<u32>,
) -> Result<Option<StoredEvent>, Fault> {
    let mut tx = connection.begin().await?;
    let changed = submission_rows!(
        r#"-- start_running
        update submissions s
        set status = 'running', tests_total = $3, "offset" = s."offset" + 1, changed_at = herald_now()
        where s.id = $1 and s.lease_token = $2 and s.status = 'compiling'
        returning"#,
        "",
        id.0,
        token.0,
        total.map(row::signed32),
    );
    if let Some(changed) = changed.fetch_optional(&mut *tx).await? {
        let event = row::tell_one(&mut tx, &changed.try_into()?).await?;
        tx.commit().await?;
        return Ok(Some(event));
    }
    tx.rollback().await?;
    already_running(connection, id, token).await
}

/// The event of a start that was committed before and whose answer was lost: it still is the head.
async fn already_running(
    connection: &mut PgConnection,
    id: SubmissionId,
    token: LeaseToken,
) -> Result<Option<StoredEvent>, Fault> {
    let head = sqlx::query_as!(
        row::EventRow,
        r#"-- start_running, again
        select e.channel, e."offset", e.at, e.audience, e.name, e.data::text as "data!"
        from submissions s join events e on e.channel = 'submission:' || s.id and e."offset" = s."offset"
        where s.id = $1 and s.lease_token = $2 and s.status = 'running'"#,
        id.0,
        token.0,
    );
    head.fetch_optional(connection).await?.map(StoredEvent::try_from).transpose()
}

async fn release(
    connection: &mut PgConnection,
    id: SubmissionId,
    token: LeaseToken,
    delay_ms: u64,
    error: &str,
) -> Result<Option<StoredEvent>, Fault> {
    let mut tx = connection.begin().await?;
    let changed = submission_rows!(
        r#"-- release
        update submissions s
        set status = 'queued', lease_token = null, lease_until = null, last_error = $4,
            run_at = herald_now() + $3 * interval '1 ms', wake_at = herald_now() + $3 * interval '1 ms',
            "offset" = s."offset" + 1, changed_at = herald_now()
        where s.id = $1 and s.lease_token = $2 and s.status in ('compiling', 'running')
        returning"#,
        "",
        id.0,
        token.0,
        milliseconds(delay_ms),
        &*clean(error),
    );
    let Some(changed) = changed.fetch_optional(&mut *tx).await? else { return Ok(None) };
    let event = row::tell_one(&mut tx, &changed.try_into()?).await?;
    tx.commit().await?;
    Ok(Some(event))
}

/// For `$n * interval '1 ms'`; a float holds every whole number of milliseconds that matters.
fn milliseconds(ms: u64) -> f64 {
    ms as f64
}
