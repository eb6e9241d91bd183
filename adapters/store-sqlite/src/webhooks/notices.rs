//! Notices: owed in the transaction that ends a submission, claimed under a lease, gone when they are told.

use herald_domain::channel::Channel;
use herald_domain::id::{LeaseToken, SubmissionId};
use herald_domain::notice::{ENDED, MAX_NOTICE_ATTEMPTS, NOTICE_QUEUE, NoticeClaim, NoticeOutcome};
use herald_domain::store::{DeadLetter, Result};
use herald_domain::submission::Submission;
use herald_domain::webhook::EventPattern;
use uuid::Uuid;

use crate::SqliteStore;
use crate::fault::fault;
use crate::outbox::{add_dead_letter, letter_id};
use crate::row::{ms, number, time, to_json};
use crate::submissions::get;
use crate::write::Write;

/// Of a submission that has just ended. One that ends again takes the place of what was owed before.
pub(crate) async fn owe(write: &mut Write, ended: &Submission) -> Result<()> {
    let patterns = to_json(&EventPattern::of_event(ENDED))?;
    sqlx::query!(
        r#"-- owe_notice
        insert into webhook_notices (submission_id, due_at, changed_at)
        select ?1, ?2, ?2 where exists (
            select 1 from webhook_endpoints e
            where e.owner = ?3 and e.disabled_at is null
                and exists (select 1 from json_each(e.events) w where w.value in (select value from json_each(?4))))
        on conflict (submission_id) do update set attempt = 0, due_at = excluded.due_at,
            lease_token = null, last_error = null, changed_at = excluded.changed_at"#,
        ended.id.0,
        write.now,
        ended.owner.as_str(),
        patterns
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

struct NoticeRow {
    id: Uuid,
    attempt: i64,
    last_error: Option<String>,
}

pub(super) async fn claim(
    store: &SqliteStore,
    token: LeaseToken,
    lease_ms: u64,
    limit: u32,
) -> Result<Vec<NoticeClaim>> {
    // Asked every second: where nothing is due, nobody's write has to wait for it.
    if !is_any_due(store).await? {
        return Ok(Vec::new());
    }
    let mut write = store.write().await?;
    let mut claims = Vec::new();
    for row in take(&mut write, token, lease_ms, limit).await? {
        let attempt: u32 = number(row.attempt)?;
        if attempt > MAX_NOTICE_ATTEMPTS {
            let error = match &row.last_error {
                Some(error) => format!("gave up after {MAX_NOTICE_ATTEMPTS} attempts; the last error: {error}"),
                None => format!("gave up after {MAX_NOTICE_ATTEMPTS} attempts; each holder was lost without a word"),
            };
            give_up(&mut write, SubmissionId(row.id), &error).await?;
        } else if let Some(submission) = get(&mut write.tx, SubmissionId(row.id)).await? {
            claims.push(NoticeClaim { submission, attempt });
        }
    }
    write.commit().await?;
    Ok(claims)
}

async fn is_any_due(store: &SqliteStore) -> Result<bool> {
    let now = store.now();
    let due = sqlx::query_scalar!(
        r#"-- claim_notices: look
        select exists (select 1 from webhook_notices where due_at <= ?1) as "due!: bool""#,
        now
    );
    due.fetch_one(&store.readers).await.map_err(fault)
}

async fn take(write: &mut Write, token: LeaseToken, lease_ms: u64, limit: u32) -> Result<Vec<NoticeRow>> {
    let until = write.now + ms(lease_ms);
    sqlx::query_as!(
        NoticeRow,
        r#"-- claim_notices
        update webhook_notices set attempt = attempt + 1, lease_token = ?1, due_at = ?2, changed_at = ?3
        where submission_id in (select submission_id from webhook_notices where due_at <= ?3 order by due_at limit ?4)
        returning submission_id as "id!: Uuid", attempt as "attempt!", last_error as "last_error?""#,
        token.0,
        until,
        write.now,
        limit
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)
}

pub(super) async fn renew(store: &SqliteStore, id: SubmissionId, token: LeaseToken, lease_ms: u64) -> Result<bool> {
    let mut write = store.write().await?;
    let until = write.now + ms(lease_ms);
    let renewed = sqlx::query!(
        "-- renew_notice
        update webhook_notices set due_at = ?3 where submission_id = ?1 and lease_token = ?2",
        id.0,
        token.0,
        until
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?
    .rows_affected();
    write.commit().await?;
    Ok(renewed == 1)
}

pub(super) async fn record(
    store: &SqliteStore,
    id: SubmissionId,
    token: LeaseToken,
    outcome: &NoticeOutcome,
) -> Result<bool> {
    let mut write = store.write().await?;
    let given_up = match outcome {
        NoticeOutcome::Told => {
            forget(&mut write, id, token).await?;
            false
        }
        NoticeOutcome::Again { error, delay_ms } => match put_off(&mut write, id, token, error, *delay_ms).await? {
            Some(attempt) if attempt >= i64::from(MAX_NOTICE_ATTEMPTS) => {
                give_up(&mut write, id, error).await?;
                true
            }
            _ => false,
        },
    };
    write.commit().await?;
    Ok(given_up)
}

async fn forget(write: &mut Write, id: SubmissionId, token: LeaseToken) -> Result<()> {
    sqlx::query!(
        "-- record_notice: told
        delete from webhook_notices where submission_id = ?1 and lease_token = ?2",
        id.0,
        token.0
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

/// Which attempt it was; `None`: the lease is another's.
async fn put_off(
    write: &mut Write,
    id: SubmissionId,
    token: LeaseToken,
    error: &str,
    delay_ms: u64,
) -> Result<Option<i64>> {
    let due_at = write.now + ms(delay_ms);
    sqlx::query_scalar!(
        r#"-- record_notice: again
        update webhook_notices set due_at = ?3, lease_token = null, last_error = ?4, changed_at = ?5
        where submission_id = ?1 and lease_token = ?2
        returning attempt as "attempt!""#,
        id.0,
        token.0,
        due_at,
        error,
        write.now
    )
    .fetch_optional(&mut *write.tx)
    .await
    .map_err(fault)
}

async fn give_up(write: &mut Write, id: SubmissionId, error: &str) -> Result<()> {
    sqlx::query!(
        "-- give_up_notice
        update webhook_notices set due_at = null, lease_token = null, changed_at = ?2 where submission_id = ?1",
        id.0,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    let at = time(write.now)?;
    let letter = DeadLetter {
        id: letter_id(at),
        queue: NOTICE_QUEUE.to_owned(),
        entity: Some(Channel::Submission(id).to_string()),
        error: error.to_owned(),
        payload: None,
        at,
    };
    add_dead_letter(write, &letter).await
}

/// Fresh attempts, unless somebody is at it.
pub(crate) async fn redrive(write: &mut Write, id: SubmissionId) -> Result<()> {
    sqlx::query!(
        "-- redrive: notice
        update webhook_notices set attempt = 0, due_at = ?2, lease_token = null, changed_at = ?2
        where submission_id = ?1 and (lease_token is null or due_at <= ?2)",
        id.0,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}
