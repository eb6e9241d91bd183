//! Notices: claimed under a lease, gone when they are told. (They are owed by `row.rs::tell`, with the event that ends a
//! submission.)

use herald_domain::channel::Channel;
use herald_domain::id::{LeaseToken, SubmissionId};
use herald_domain::notice::{MAX_NOTICE_ATTEMPTS, NOTICE_QUEUE, NoticeClaim, NoticeOutcome};
use herald_domain::submission::{CaseResult, Submission};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::fault::{Fault, Result};
use crate::row::{self, clean, letter_id, submission_rows, unsigned};

struct NoticeRow {
    submission_id: Uuid,
    attempt: i32,
    last_error: Option<String>,
}

pub(super) async fn claim(
    connection: &mut PgConnection,
    token: LeaseToken,
    lease_ms: u64,
    limit: u32,
) -> Result<Vec<NoticeClaim>, Fault> {
    let mut tx = connection.begin().await?;
    let taken = take(&mut tx, token, lease_ms, limit).await?;
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let mut submissions = read(&mut tx, &taken).await?;
    let mut claims = Vec::new();
    for row in taken {
        let attempt: u32 = unsigned("attempt", row.attempt)?;
        if attempt > MAX_NOTICE_ATTEMPTS {
            let error = match &row.last_error {
                Some(error) => format!("gave up after {MAX_NOTICE_ATTEMPTS} attempts; the last error: {error}"),
                None => format!("gave up after {MAX_NOTICE_ATTEMPTS} attempts; each holder was lost without a word"),
            };
            give_up(&mut tx, SubmissionId(row.submission_id), &error).await?;
        } else if let Some(at) = submissions.iter().position(|submission| submission.id.0 == row.submission_id) {
            let submission = submissions.swap_remove(at);
            claims.push(NoticeClaim { submission, attempt });
        }
    }
    tx.commit().await?;
    Ok(claims)
}

async fn take(
    connection: &mut PgConnection,
    token: LeaseToken,
    lease_ms: u64,
    limit: u32,
) -> Result<Vec<NoticeRow>, Fault> {
    let rows = sqlx::query_as!(
        NoticeRow,
        r#"-- claim_notices
        with due as (
            select submission_id from webhook_notices where due_at <= herald_now()
            order by due_at limit $3 for update skip locked
        )
        update webhook_notices n
        set attempt = n.attempt + 1, lease_token = $1, due_at = herald_now() + $2 * interval '1 ms',
            changed_at = herald_now()
        from due where n.submission_id = due.submission_id
        returning n.submission_id, n.attempt, n.last_error"#,
        token.0,
        lease_ms as f64,
        i64::from(limit),
    );
    Ok(rows.fetch_all(connection).await?)
}

async fn read(connection: &mut PgConnection, taken: &[NoticeRow]) -> Result<Vec<Submission>, Fault> {
    let ids: Vec<_> = taken.iter().map(|row| row.submission_id).collect();
    let rows =
        submission_rows!("-- claim_notices, submissions\nselect", "from submissions s where s.id = any($1)", &ids);
    row::submissions(rows.fetch_all(connection).await?)
}

pub(super) async fn renew(
    connection: &mut PgConnection,
    id: SubmissionId,
    token: LeaseToken,
    lease_ms: u64,
) -> Result<bool, Fault> {
    let renewed = sqlx::query!(
        "-- renew_notice
        update webhook_notices set due_at = herald_now() + $3 * interval '1 ms'
        where submission_id = $1 and lease_token = $2",
        id.0,
        token.0,
        lease_ms as f64,
    );
    Ok(renewed.execute(connection).await?.rows_affected() == 1)
}

pub(super) async fn record(
    connection: &mut PgConnection,
    id: SubmissionId,
    token: LeaseToken,
    outcome: &NoticeOutcome,
) -> Result<bool, Fault> {
    match outcome {
        NoticeOutcome::Told => {
            sqlx::query!(
                "-- record_notice, told
                delete from webhook_notices where submission_id = $1 and lease_token = $2",
                id.0,
                token.0,
            )
            .execute(connection)
            .await?;
            Ok(false)
        }
        NoticeOutcome::Again { error, delay_ms } => {
            let mut tx = connection.begin().await?;
            let attempt = put_off(&mut tx, id, token, error, *delay_ms).await?;
            let given_up = attempt.is_some_and(|attempt| attempt >= row::signed32(MAX_NOTICE_ATTEMPTS));
            if given_up {
                give_up(&mut tx, id, error).await?;
            }
            tx.commit().await?;
            Ok(given_up)
        }
    }
}

/// Which attempt it was; `None`: the lease is another's.
async fn put_off(
    connection: &mut PgConnection,
    id: SubmissionId,
    token: LeaseToken,
    error: &str,
    delay_ms: u64,
) -> Result<Option<i32>, Fault> {
    let attempt = sqlx::query_scalar!(
        "-- record_notice, again
        update webhook_notices
        set due_at = herald_now() + $3 * interval '1 ms', lease_token = null, last_error = $4, changed_at = herald_now()
        where submission_id = $1 and lease_token = $2
        returning attempt",
        id.0,
        token.0,
        delay_ms as f64,
        &*clean(error),
    );
    Ok(attempt.fetch_optional(connection).await?)
}

async fn give_up(connection: &mut PgConnection, id: SubmissionId, error: &str) -> Result<(), Fault> {
    let at: OffsetDateTime = sqlx::query_scalar!(
        r#"-- give_up_notice
        update webhook_notices set due_at = null, lease_token = null, changed_at = herald_now() where submission_id = $1
        returning changed_at"#,
        id.0,
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "-- give_up_notice, dead letter
        insert into dead_letters (id, queue, entity, error, at) values ($1, $2, $3, $4, herald_now())",
        letter_id(at),
        NOTICE_QUEUE,
        Channel::Submission(id).to_string(),
        &*clean(error),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Fresh attempts, unless somebody is at it.
pub(crate) async fn redrive(connection: &mut PgConnection, id: SubmissionId) -> Result<(), Fault> {
    sqlx::query!(
        "-- redrive, notice
        update webhook_notices set attempt = 0, due_at = herald_now(), lease_token = null, changed_at = herald_now()
        where submission_id = $1 and (lease_token is null or due_at <= herald_now())",
        id.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}
