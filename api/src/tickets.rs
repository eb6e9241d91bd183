//! `POST /tickets`: a grant to watch a channel, for those who do not have one from a POST.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use herald_domain::channel::{Channel, ParseError};
use herald_domain::owner::Owner;

use crate::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::http::body::JsonBody;
use crate::http::context::RequestContext;
use crate::http::json::{Findings, Pointer};
use crate::views::{TicketRequest, TicketView};

/// Get a ticket for a channel.
///
/// For `user:` it must be used within 60 seconds; for `submission:` and `transfer:` it lasts 24 hours, over any number of
/// connections.
#[utoipa::path(
    post, path = "/tickets", operation_id = "create_ticket", tag = "push",
    request_body(content = TicketRequest, example = json!({"channel": "user:me"})),
    responses((status = 200, description = "The ticket and where it opens the channel", body = TicketView)),
)]
pub(crate) async fn create_ticket(
    State(app): State<Arc<App>>,
    context: RequestContext,
    caller: Caller,
    JsonBody(body): JsonBody,
) -> Result<Json<TicketView>> {
    let mut findings = Findings::default();
    let root = Pointer::root();
    let at = root.field("channel");
    let mut fields = findings.object(&root, body, &["channel"]).unwrap_or_default();
    let known = "user:me, user:<name>, submission:<id> or transfer:<id>";
    let text = findings.required(&at, fields.remove("channel"), known);
    findings.finish()?;
    let (channel, owner) = app.channel(&text.unwrap_or_default(), &caller, &at).await?;
    Ok(Json(app.ticket(channel, &owner, &caller, &context)))
}

impl App {
    /// The channel and whose it is, if the caller may watch it.
    async fn channel(&self, text: &str, caller: &Caller, at: &Pointer) -> Result<(Channel, Owner)> {
        match text.split_once(':') {
            Some(("user", "me")) => Ok((Channel::User(caller.owner.clone()), caller.owner.clone())),
            Some(("user", name)) => {
                let owner = caller.may_ask_about(name).ok_or_else(ApiError::not_found)?;
                Ok((Channel::User(owner.clone()), owner))
            }
            Some(("submission", id)) => {
                let id = id.parse().map_err(|_| ApiError::not_found())?;
                let found = self.deps.store.get_submission(id, Some(&caller.owner)).await?;
                let submission = found.ok_or_else(ApiError::not_found)?;
                Ok((Channel::Submission(id), submission.owner))
            }
            Some(("transfer", id)) => {
                let id = id.parse().map_err(|_| ApiError::not_found())?;
                let found = self.deps.store.get_transfer(id, Some(&caller.owner)).await?;
                found.ok_or_else(ApiError::not_found)?;
                Ok((Channel::Transfer(id), caller.owner.clone()))
            }
            _ => {
                let mut findings = Findings::default();
                findings.add(at, ParseError::Channel.to_string());
                findings.finish()?;
                Err(ApiError::not_found())
            }
        }
    }
}
