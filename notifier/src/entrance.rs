//! What a WebSocket and an event stream have in common on the way in: origin, ticket, cursor, room, first frame.
//!
//! Invariant: whatever can be refused is refused here, as HTTP, before a connection is taken over.

use axum::extract::Query;
use axum::http::{HeaderMap, Uri};
use herald_domain::channel::Entity;
use herald_domain::ticket::Grant;
use herald_push::session::Tickets;
use herald_push::{Landed, Subscription, hub};
use serde::Deserialize;

use crate::App;
use crate::connections::Place;
use crate::counters::Transport;
use crate::refusal::Refusal;

#[derive(Deserialize, Default)]
struct Params {
    ticket: Option<String>,
    after: Option<String>,
}

/// Someone who may stay.
pub(crate) struct Entered {
    pub subscription: Subscription,
    pub place: Place,
    pub landed: Landed,
}

/// Lets a request in, or says why not. `last_event_id` is what an event stream's client sends on its own when it reconnects.
pub(crate) async fn enter(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
    last_event_id: Option<&str>,
    transport: Transport,
) -> Result<Entered, Refusal> {
    if !app.origins.allow(headers) {
        return Err(Refusal::Origin);
    }
    let Query(params) = Query::<Params>::try_from_uri(uri).map_err(|_| Refusal::NoTicket)?;
    let grant = app.tickets.check(&params.ticket.ok_or(Refusal::NoTicket)?)?;
    // The header is what the client saw last; the query is what it was opened with.
    let given = |text: &&str| !text.is_empty();
    let after = last_event_id.filter(given).or(params.after.as_deref().filter(given));
    if let Some(after) = after {
        hub::cursor_for(&grant.channel, after)?;
    }
    let config = &app.config;
    let (most, most_of_user) = (config.max_connections, config.max_connections_per_user);
    let place = app.connections.enter(&grant.owner, grant.key, most, most_of_user)?;
    let _connecting = app.connecting.try_acquire().map_err(|_| Refusal::Overloaded)?;
    let mut subscription = app.hub.subscribe(&grant, after).await?;
    let landed = subscription.take_landed();
    tell(&grant, &landed, transport, after.is_some());
    Ok(Entered { subscription, place, landed })
}

/// Says who watches what, so that a submission or a transfer can be followed to its watchers.
fn tell(grant: &Grant, landed: &Landed, transport: Transport, resumes: bool) {
    let (submission, transfer) = match grant.channel.entity() {
        Some(Entity::Submission(id)) => (Some(id), None),
        Some(Entity::Transfer(id)) => (None, Some(id)),
        None => (None, None),
    };
    let span = tracing::info_span!(
        "push.session",
        channel = %grant.channel,
        submission.id = submission.map(tracing::field::display),
        transfer.id = transfer.map(tracing::field::display),
        traceparent = landed.traceparent,
        transport = transport.as_str(),
    );
    span.in_scope(|| tracing::info!(resumes, "subscriber connected"));
}
