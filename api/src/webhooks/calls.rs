//! Calls of an endpoint: what was made, and what a person asks to have made.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use herald_domain::id::{AttemptId, EndpointId};
use herald_domain::view::Page;
use herald_domain::webhook::{Attempt, Endpoint};
use herald_services::webhook::Message;
use uuid::Uuid;

use crate::App;
use crate::caller::Caller;
use crate::error::{ApiError, Code, Result};
use crate::http::body::NoBody;
use crate::http::id::InPath;
use crate::paging::Paging;
use crate::views::{AttemptView, CallView};

/// Try an endpoint out.
///
/// Sends it the event `webhook.ping`, once, and waits for its answer, at most 15 seconds.
#[utoipa::path(
    post, path = "/webhooks/{id}/ping", operation_id = "ping_webhook", tag = "webhooks",
    params(("id" = EndpointId, Path)),
    responses((status = 200, description = "How it went", body = CallView)),
)]
pub(crate) async fn ping_endpoint(
    State(app): State<Arc<App>>,
    InPath(id): InPath<EndpointId>,
    caller: Caller,
    _: NoBody,
) -> Result<Json<CallView>> {
    let endpoint = app.own_endpoint(id, &caller).await?;
    app.call(&endpoint, &Message::ping(Uuid::now_v7(), app.deps.clock.now())).await
}

/// The calls of an endpoint, newest first; each is kept for 30 days.
#[utoipa::path(
    get, path = "/webhooks/{id}/attempts", operation_id = "list_webhook_attempts", tag = "webhooks",
    params(
        ("id" = EndpointId, Path),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 if absent", minimum = 1, maximum = 200),
    ),
    responses((status = 200, description = "A page", body = Page<AttemptView>)),
)]
pub(crate) async fn list_attempts(
    State(app): State<Arc<App>>,
    InPath(id): InPath<EndpointId>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Page<AttemptView>>> {
    let (paging, _) = Paging::<AttemptId>::read(&uri, "webhook-attempts", &[])?;
    let endpoint = app.own_endpoint(id, &caller).await?;
    let rows = app.deps.store.list_attempts(endpoint.id, paging.after, paging.rows()).await?;
    let Page { items, next } = paging.page(rows, |attempt: &Attempt| attempt.call.id);
    Ok(Json(Page { items: items.into_iter().map(AttemptView::of).collect(), next }))
}

/// Send the message of an earlier call again, whatever came of it.
///
/// It has the same `webhook-id` and body, so a receiver that took it before knows it for a repeat. Of a submission that was redriven
/// since, what it came to before cannot be sent again (404).
#[utoipa::path(
    post, path = "/webhooks/{id}/attempts/{attempt}/replay", operation_id = "replay_webhook_attempt", tag = "webhooks",
    params(("id" = EndpointId, Path), ("attempt" = AttemptId, Path)),
    responses((status = 200, description = "How it went", body = CallView)),
)]
pub(crate) async fn replay_attempt(
    State(app): State<Arc<App>>,
    Path((id, attempt)): Path<(String, String)>,
    caller: Caller,
    _: NoBody,
) -> Result<Json<CallView>> {
    let (Ok(id), Ok(attempt)) = (id.parse(), attempt.parse()) else { return Err(ApiError::not_found()) };
    let endpoint = app.own_endpoint(id, &caller).await?;
    let message = app.message_of(&endpoint, attempt).await?.ok_or_else(ApiError::not_found)?;
    app.call(&endpoint, &message).await
}

impl App {
    async fn call(&self, endpoint: &Endpoint, message: &Message) -> Result<Json<CallView>> {
        if endpoint.disabled_at.is_some() {
            return Err(ApiError::plain(Code::EndpointDisabled));
        }
        let (_, call) = self.deps.webhooks.send(endpoint, message).await;
        Ok(Json(CallView::of(call)))
    }

    /// What an earlier call said.
    async fn message_of(&self, endpoint: &Endpoint, attempt: AttemptId) -> Result<Option<Message>> {
        let Some(Attempt { call, .. }) = self.attempt(endpoint.id, attempt).await? else { return Ok(None) };
        let (store, owner) = (&self.deps.store, Some(&endpoint.owner));
        Ok(match (call.transfer, call.submission) {
            (Some(transfer), _) => {
                store.get_transfer(transfer, owner).await?.and_then(|transfer| Message::of(&transfer))
            }
            // One that was redriven since cannot say again what it said.
            (None, Some(submission)) => store
                .get_submission(submission, owner)
                .await?
                .and_then(|submission| Message::of_submission(&submission))
                .filter(|message| message.id == call.message),
            (None, None) => Some(Message::ping(call.id.0, self.deps.clock.now())),
        })
    }

    /// The first of those that are not newer.
    async fn attempt(&self, endpoint: EndpointId, id: AttemptId) -> Result<Option<Attempt>> {
        let next = id.0.as_u128().checked_add(1).map(|next| AttemptId(Uuid::from_u128(next)));
        let found = self.deps.store.list_attempts(endpoint, next, 1).await?;
        Ok(found.into_iter().find(|attempt| attempt.call.id == id))
    }
}
