//! JSON of webhook endpoints and of their calls.

use herald_domain::id::{AttemptId, EndpointId, SubmissionId, TransferId};
use herald_domain::webhook::{Attempt, Endpoint, EventPattern, NewAttempt};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// Body of `POST /webhooks`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointRequest {
    /// An `https:` URL of a public address, without user name and password.
    #[schema(example = "https://shop.example/hooks", max_length = 2000)]
    pub url: String,
    /// Which events to send: `transfer.completed`, `transfer.failed`, `transfer.voided`, `transfer.expired`, or all of them as
    /// `transfer.*`; `submission.finished` (a submission of one's own has ended, by its verdict or by a cancel), or
    /// `submission.*`.
    #[schema(min_items = 1, max_items = 20)]
    pub events: Vec<EventPattern>,
}

/// Where a user is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct EndpointView {
    pub id: EndpointId,
    pub url: String,
    pub events: Vec<EventPattern>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Until when the secret before the present one signs too.
    #[serde(with = "time::serde::rfc3339::option")]
    pub old_secret_expires_at: Option<OffsetDateTime>,
    /// Since when nothing is sent to it any more.
    #[serde(with = "time::serde::rfc3339::option")]
    pub disabled_at: Option<OffsetDateTime>,
    /// Why: `gone` if it answered 410.
    pub disabled_reason: Option<String>,
}

impl EndpointView {
    pub(crate) fn of(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id,
            url: endpoint.url,
            events: endpoint.events,
            created_at: endpoint.created_at,
            old_secret_expires_at: endpoint.secrets.iter().filter_map(|secret| secret.expires_at).max(),
            disabled_at: endpoint.disabled_at,
            disabled_reason: endpoint.reason,
        }
    }
}

/// An endpoint with its new secret: the only time that it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewEndpointView {
    /// What messages are signed with, as Standard Webhooks writes it.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: String,
    #[serde(flatten)]
    pub about: EndpointView,
}

/// One call of an endpoint, and how it went.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CallView {
    pub id: AttemptId,
    /// The `webhook-id` header: the same for every call about the same event.
    pub message: String,
    pub event: String,
    /// What it was about: a transfer or a submission; a ping neither.
    pub transfer: Option<TransferId>,
    pub submission: Option<SubmissionId>,
    /// The endpoint answered 2xx.
    pub delivered: bool,
    /// What it answered, if it did.
    pub status: Option<u16>,
    /// Why it was not delivered.
    pub error: Option<String>,
    /// The start of its answer, at most 1,024 bytes.
    pub response: Option<String>,
    pub duration_ms: u64,
}

impl CallView {
    pub(crate) fn of(call: NewAttempt) -> Self {
        let NewAttempt {
            id,
            message,
            event,
            transfer,
            submission,
            delivered,
            status,
            error,
            response,
            duration_ms,
            ..
        } = call;
        Self { id, message, event, transfer, submission, delivered, status, error, response, duration_ms }
    }
}

/// One of `GET /webhooks/{id}/attempts`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AttemptView {
    #[serde(flatten)]
    pub call: CallView,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl AttemptView {
    pub(crate) fn of(attempt: Attempt) -> Self {
        Self { call: CallView::of(attempt.call), at: attempt.at }
    }
}
