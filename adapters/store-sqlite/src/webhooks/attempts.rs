//! The calls of endpoints.

use herald_domain::id::{AttemptId, EndpointId, SubmissionId, TransferId};
use herald_domain::store::Result;
use herald_domain::webhook::{Attempt, NewAttempt};
use uuid::Uuid;

use crate::SqliteStore;
use crate::fault::fault;
use crate::row::{integer, number, time};

pub(super) async fn delivered_to(store: &SqliteStore, message: &str) -> Result<Vec<EndpointId>> {
    let ids = sqlx::query_scalar!(
        r#"-- delivered_to
        select distinct endpoint_id as "id!: Uuid" from webhook_attempts
        where message = ?1 and delivered = 1 order by endpoint_id"#,
        message
    )
    .fetch_all(&store.readers)
    .await
    .map_err(fault)?;
    Ok(ids.into_iter().map(EndpointId).collect())
}

pub(super) async fn record(store: &SqliteStore, call: &NewAttempt) -> Result<()> {
    let (transfer, submission) = (call.transfer.map(|id| id.0), call.submission.map(|id| id.0));
    let duration_ms = integer(call.duration_ms);
    let mut write = store.write().await?;
    sqlx::query!(
        "-- record_attempt
        insert into webhook_attempts (id, endpoint_id, message, event, transfer_id, delivered, status, error, response,
            duration_ms, at, submission_id)
        select ?1, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 from webhook_endpoints where id = ?2
        on conflict (id) do nothing",
        call.id.0,
        call.endpoint.0,
        call.message,
        call.event,
        transfer,
        call.delivered,
        call.status,
        call.error,
        call.response,
        duration_ms,
        write.now,
        submission
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    write.commit().await
}

struct AttemptRow {
    id: Uuid,
    endpoint: Uuid,
    message: String,
    event: String,
    transfer: Option<Uuid>,
    submission: Option<Uuid>,
    delivered: bool,
    status: Option<i64>,
    error: Option<String>,
    response: Option<String>,
    duration_ms: i64,
    at: i64,
}

impl AttemptRow {
    fn into_domain(self) -> Result<Attempt> {
        let call = NewAttempt {
            id: AttemptId(self.id),
            endpoint: EndpointId(self.endpoint),
            message: self.message,
            event: self.event,
            transfer: self.transfer.map(TransferId),
            submission: self.submission.map(SubmissionId),
            delivered: self.delivered,
            status: self.status.map(number).transpose()?,
            error: self.error,
            response: self.response,
            duration_ms: number(self.duration_ms)?,
        };
        Ok(Attempt { call, at: time(self.at)? })
    }
}

pub(super) async fn list(
    store: &SqliteStore,
    endpoint: EndpointId,
    before: Option<AttemptId>,
    limit: u32,
) -> Result<Vec<Attempt>> {
    let before = before.map_or(Uuid::max(), |id| id.0);
    let rows = sqlx::query_as!(
        AttemptRow,
        r#"-- list_attempts
        select id as "id!: Uuid", endpoint_id as "endpoint!: Uuid", message as "message!", event as "event!",
            transfer_id as "transfer?: Uuid", submission_id as "submission?: Uuid", delivered as "delivered!: bool", status as "status?", error as "error?",
            response as "response?", duration_ms as "duration_ms!", at as "at!"
        from webhook_attempts where endpoint_id = ?1 and id < ?2 order by id desc limit ?3"#,
        endpoint.0,
        before,
        limit
    )
    .fetch_all(&store.readers)
    .await
    .map_err(fault)?;
    rows.into_iter().map(AttemptRow::into_domain).collect()
}
