//! `/webhooks`: where a user's own servers want to be told of what happens to his money and his submissions, and how each call of them went.
//!
//! Only its owner sees an endpoint. A secret is shown when it is made and never again. What a person asks for here and now (a
//! ping, a replay) is called from this process; what happens by itself is the webhook service's.

mod calls;
mod read;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use herald_domain::id::EndpointId;
use herald_domain::view::Page;
use herald_domain::webhook::{Endpoint, MAX_ENDPOINTS, NewEndpoint, WebhookSecret};
use uuid::Uuid;

use crate::App;
use crate::caller::Caller;
use crate::error::{ApiError, Code, Result};
use crate::http::body::{JsonBody, NoBody};
use crate::http::id::InPath;
use crate::http::json::Findings;
use crate::http::query::Params;
use crate::paging::Paging;
use crate::views::{EndpointRequest, EndpointView, NewEndpointView};

pub(crate) use calls::{__path_list_attempts, __path_ping_endpoint, __path_replay_attempt};
pub(crate) use calls::{list_attempts, ping_endpoint, replay_attempt};

/// How long a secret that was replaced signs beside the new one.
const OVERLAP: Duration = Duration::from_secs(24 * 3_600);

/// Name a URL that is to be told.
///
/// Messages are signed as Standard Webhooks 1.0.0 says. The secret is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/webhooks", operation_id = "create_webhook", tag = "webhooks",
    request_body(content = EndpointRequest, example = json!({"url": "https://shop.example/hooks", "events": ["transfer.*"]})),
    responses((
        status = 201, description = "Made", body = NewEndpointView,
        headers(("Location" = String, description = "`/webhooks/{id}`")),
    )),
)]
pub(crate) async fn create_endpoint(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let mut findings = Findings::default();
    let asked = read::endpoint(&mut findings, body, app.deps.webhooks.guard());
    findings.finish()?;
    // What is missing was found.
    let EndpointRequest { url, events } = asked.ok_or_else(ApiError::not_found)?;
    let there = app.deps.store.list_endpoints(&caller.owner, None, MAX_ENDPOINTS).await?;
    if there.len() >= MAX_ENDPOINTS as usize {
        return Err(ApiError::plain(Code::TooManyEndpoints));
    }
    let secret = WebhookSecret::new(&rand::random());
    let new = NewEndpoint { id: EndpointId(Uuid::now_v7()), owner: caller.owner, url, events, secret: secret.clone() };
    let endpoint = app.deps.store.register_endpoint(&new).await?;
    tracing::info!(endpoint.id = %endpoint.id, "webhook endpoint made");
    let location = format!("/webhooks/{}", endpoint.id);
    let view = NewEndpointView { secret: secret.reveal(), about: EndpointView::of(endpoint) };
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(view)).into_response())
}

/// One's own endpoints, newest first.
#[utoipa::path(
    get, path = "/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 if absent", minimum = 1, maximum = 200),
    ),
    responses((status = 200, description = "A page", body = Page<EndpointView>)),
)]
pub(crate) async fn list_endpoints(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Page<EndpointView>>> {
    let (paging, _) = Paging::<EndpointId>::read(&uri, "webhooks", &[])?;
    let rows = app.deps.store.list_endpoints(&caller.owner, paging.after, paging.rows()).await?;
    let Page { items, next } = paging.page(rows, |endpoint: &Endpoint| endpoint.id);
    Ok(Json(Page { items: items.into_iter().map(EndpointView::of).collect(), next }))
}

/// An endpoint of one's own.
#[utoipa::path(
    get, path = "/webhooks/{id}", operation_id = "get_webhook", tag = "webhooks",
    params(("id" = EndpointId, Path)),
    responses((status = 200, description = "As it stands", body = EndpointView)),
)]
pub(crate) async fn get_endpoint(
    State(app): State<Arc<App>>,
    InPath(id): InPath<EndpointId>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<EndpointView>> {
    Params::read(&uri, &[])?;
    Ok(Json(EndpointView::of(app.own_endpoint(id, &caller).await?)))
}

/// Remove an endpoint, with the list of its calls.
#[utoipa::path(
    delete, path = "/webhooks/{id}", operation_id = "delete_webhook", tag = "webhooks",
    params(("id" = EndpointId, Path)),
    responses((status = 204, description = "Removed")),
)]
pub(crate) async fn delete_endpoint(
    State(app): State<Arc<App>>,
    InPath(id): InPath<EndpointId>,
    caller: Caller,
) -> Result<StatusCode> {
    if !app.deps.store.delete_endpoint(id, Some(&caller.owner)).await? {
        return Err(ApiError::not_found());
    }
    tracing::info!(endpoint.id = %id, "webhook endpoint removed");
    Ok(StatusCode::NO_CONTENT)
}

/// Replace an endpoint's secret.
///
/// For 24 hours both sign each message, so that the receiver can change over in its own time.
#[utoipa::path(
    post, path = "/webhooks/{id}/rotate", operation_id = "rotate_webhook_secret", tag = "webhooks",
    params(("id" = EndpointId, Path)),
    responses((status = 200, description = "The new secret, shown only here", body = NewEndpointView)),
)]
pub(crate) async fn rotate_secret(
    State(app): State<Arc<App>>,
    InPath(id): InPath<EndpointId>,
    caller: Caller,
    _: NoBody,
) -> Result<Json<NewEndpointView>> {
    let secret = WebhookSecret::new(&rand::random());
    let overlap_ms = u64::try_from(OVERLAP.as_millis()).unwrap_or(u64::MAX);
    let rotated = app.deps.store.rotate_secret(id, Some(&caller.owner), &secret, overlap_ms).await?;
    let endpoint = rotated.ok_or_else(ApiError::not_found)?;
    tracing::info!(endpoint.id = %id, "webhook secret replaced");
    Ok(Json(NewEndpointView { secret: secret.reveal(), about: EndpointView::of(endpoint) }))
}

impl App {
    /// The endpoint, if it is the caller's.
    async fn own_endpoint(&self, id: EndpointId, caller: &Caller) -> Result<Endpoint> {
        self.deps.store.get_endpoint(id, Some(&caller.owner)).await?.ok_or_else(ApiError::not_found)
    }
}
