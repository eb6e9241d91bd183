//! What the sweeper asks for.

use herald_domain::event::StoredEvent;
use herald_domain::id::SubmissionId;
use herald_domain::store::Wake;
use herald_domain::submission::CaseResult;
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};

use super::milliseconds;
use crate::fault::{Fault, Result};
use crate::row::{self, submission_rows, unsigned};

pub(super) async fn due_wakes(connection: &mut PgConnection, limit: u32) -> Result<Vec<Wake>, Fault> {
    // A lease that was renewed is not over: look again at its end, and hand nothing out.
    let rows = sqlx::query!(
        r#"-- due_wakes
        with due as (
            select id, wake_at as since, coalesce(lease_until > herald_now(), false) as leased
            from submissions where wake_at <= herald_now()
            order by wake_at limit $1 for update skip locked
        ), woken as (
            update submissions s
            set wake_at = case when due.leased then s.lease_until else herald_now() + interval '10 s' end
            from due where s.id = due.id
            returning s.id, s.class, due.since, due.leased
        )
        select id, class from woken where not leased order by since"#,
        i64::from(limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| Wake { submission: SubmissionId(row.id), class: row.class }).collect())
}

pub(super) async fn due_rows(
    connection: &mut PgConnection,
    class: &str,
    older_than_ms: u64,
    limit: u32,
) -> Result<Vec<Wake>, Fault> {
    let rows = sqlx::query!(
        r#"-- due_rows
        select id, class from submissions
        where class = $1 and status in ('queued', 'compiling', 'running')
            and (run_at <= herald_now() - $2 * interval '1 ms'
                or run_at > herald_now() and (wake_at is null or status <> 'queued'))
            and (lease_until is null or lease_until <= herald_now() - $2 * interval '1 ms')
        order by priority, turn, id limit $3"#,
        class,
        milliseconds(older_than_ms),
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| Wake { submission: SubmissionId(row.id), class: row.class }).collect())
}

pub(super) async fn expire_unclaimed(
    connection: &mut PgConnection,
    max_age_ms: u64,
    limit: u32,
) -> Result<Vec<StoredEvent>, Fault> {
    let mut tx = connection.begin().await?;
    let changed = submission_rows!(
        r#"-- expire_unclaimed
        with old as (
            select id from submissions
            where status = 'queued' and attempt = 0 and not rejudged and created_at <= herald_now() - $1 * interval '1 ms'
                and run_at <= herald_now() - $1 * interval '1 ms' -- since the redrive, if there was one
            order by created_at limit $2 for update skip locked
        )
        update submissions s
        set status = 'finished', verdict = 'internal_error', reason = 'no_worker', finished_at = herald_now(),
            wake_at = null, "offset" = s."offset" + 1, changed_at = herald_now()
        from old where s.id = old.id
        returning"#,
        "",
        milliseconds(max_age_ms),
        i64::from(limit),
    );
    let changed = row::submissions(changed.fetch_all(&mut *tx).await?)?;
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let events = row::tell(&mut tx, &changed).await?;
    tx.commit().await?;
    Ok(events)
}

pub(super) async fn expire_leases(connection: &mut PgConnection) -> Result<u64, Fault> {
    let ended = sqlx::query_scalar!(
        r#"-- expire_leases
        with work as (
            update submissions set lease_token = null, lease_until = null, wake_at = herald_now()
            where status in ('compiling', 'running') and lease_until > herald_now()
            returning 1
        ), made as (
            update effects set lease_token = null, lease_until = null, run_at = herald_now(), wake_at = herald_now()
            where wake_at is not null and state = 'pending' and lease_until > herald_now()
            returning 1
        ), told as (
            update webhook_notices set lease_token = null, due_at = herald_now()
            where due_at > herald_now() and lease_token is not null
            returning 1
        )
        select (select count(*) from work) + (select count(*) from made) + (select count(*) from told) as "ended!""#
    )
    .fetch_one(connection)
    .await?;
    unsigned("count", ended)
}

/// Jumps from class to class through the index, however many rows each has.
pub(super) async fn open_classes(connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
    let classes = sqlx::query_scalar!(
        r#"-- open_classes
        with recursive found as (
            select min(class) as class from submissions where status in ('queued', 'compiling', 'running')
            union all
            select (
                select min(s.class) from submissions s
                where s.status in ('queued', 'compiling', 'running') and s.class > found.class)
            from found where found.class is not null
        )
        select class as "class!" from found where class is not null"#
    );
    Ok(classes.fetch_all(connection).await?)
}
