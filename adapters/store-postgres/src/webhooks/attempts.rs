//! The calls of endpoints.

use herald_domain::id::{AttemptId, EndpointId, SubmissionId, TransferId};
use herald_domain::webhook::{Attempt, NewAttempt};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::fault::{Fault, Result};
use crate::row::{clean, signed, unsigned};

pub(super) async fn delivered_to(connection: &mut PgConnection, message: &str) -> Result<Vec<EndpointId>, Fault> {
    let ids = sqlx::query_scalar!(
        "-- delivered_to
        select distinct endpoint_id from webhook_attempts where message = $1 and delivered order by endpoint_id",
        &*clean(message),
    );
    Ok(ids.fetch_all(connection).await?.into_iter().map(EndpointId).collect())
}

pub(super) async fn record(connection: &mut PgConnection, call: &NewAttempt) -> Result<(), Fault> {
    let (error, response) = (call.error.as_deref().map(clean), call.response.as_deref().map(clean));
    sqlx::query!(
        "-- record_attempt
        insert into webhook_attempts (id, endpoint_id, message, event, transfer_id, delivered, status, error, response,
            duration_ms, at, submission_id)
        select $1, e.id, $3, $4, $5, $6, $7, $8, $9, $10, herald_now(), $11 from webhook_endpoints e
        where e.id = $2 for key share
        on conflict (id) do nothing",
        call.id.0,
        call.endpoint.0,
        &*clean(&call.message),
        call.event,
        call.transfer.map(|id| id.0),
        call.delivered,
        call.status.map(i32::from),
        error.as_deref(),
        response.as_deref(),
        signed(call.duration_ms),
        call.submission.map(|id| id.0),
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct AttemptRow {
    id: Uuid,
    endpoint_id: Uuid,
    message: String,
    event: String,
    transfer_id: Option<Uuid>,
    submission_id: Option<Uuid>,
    delivered: bool,
    status: Option<i32>,
    error: Option<String>,
    response: Option<String>,
    duration_ms: i64,
    at: OffsetDateTime,
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = Fault;

    fn try_from(row: AttemptRow) -> Result<Self, Fault> {
        let call = NewAttempt {
            id: AttemptId(row.id),
            endpoint: EndpointId(row.endpoint_id),
            message: row.message,
            event: row.event,
            transfer: row.transfer_id.map(TransferId),
            submission: row.submission_id.map(SubmissionId),
            delivered: row.delivered,
            status: row.status.map(|status| unsigned("status", status)).transpose()?,
            error: row.error,
            response: row.response,
            duration_ms: unsigned("duration_ms", row.duration_ms)?,
        };
        Ok(Self { call, at: row.at })
    }
}

pub(super) async fn list(
    connection: &mut PgConnection,
    endpoint: EndpointId,
    before: Option<AttemptId>,
    limit: u32,
) -> Result<Vec<Attempt>, Fault> {
    let rows = sqlx::query_as!(
        AttemptRow,
        "-- list_attempts
        select id, endpoint_id, message, event, transfer_id, submission_id, delivered, status, error, response, duration_ms, at
        from webhook_attempts where endpoint_id = $1 and id < $2 order by id desc limit $3",
        endpoint.0,
        before.map_or(Uuid::max(), |id| id.0),
        i64::from(limit),
    );
    rows.fetch_all(connection).await?.into_iter().map(Attempt::try_from).collect()
}
