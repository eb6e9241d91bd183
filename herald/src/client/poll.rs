//! Watching by asking: `GET /status/{id}` at an interval, or held open by the server (long-poll).

use std::time::Duration;

use herald_domain::id::SubmissionId;
use herald_domain::view::StatusView;

use super::http::Call;
use super::{Client, Result};

/// What a long-poll asks for; the server may grant less.
const WAIT_SECS: u64 = 20;

/// The submission as it stands now.
pub async fn status(client: &Client, id: SubmissionId) -> Result<StatusView> {
    client.get(&format!("/status/{id}")).await
}

/// The submission when it next changes, or as it stands when the server's patience ends. `known` is the ETag of the state
/// that the caller has; the returned one is for the next call. `None`: nothing has changed meanwhile.
pub async fn changed(
    client: &Client,
    id: SubmissionId,
    known: &mut Option<String>,
    wait: bool,
) -> Result<Option<StatusView>> {
    let path = format!("/status/{id}");
    let mut call = Call::get(&path);
    if wait {
        call = call.header("prefer", format!("wait={WAIT_SECS}"));
    }
    if let Some(tag) = known.as_ref() {
        call = call.header("if-none-match", tag.clone());
    }
    let reply = client.send(call).await?;
    if reply.status == hyper::StatusCode::NOT_MODIFIED {
        return Ok(None);
    }
    *known = reply.headers.get(hyper::header::ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    client.read(&reply).map(Some)
}

/// The submission once it has ended, by long-polls; `pause` between two that bring nothing new.
pub async fn ended(client: &Client, id: SubmissionId, pause: Duration) -> Result<StatusView> {
    let mut known = None;
    loop {
        match changed(client, id, &mut known, true).await? {
            Some(view) if view.status.is_final() => return Ok(view),
            Some(_) => {}
            None => tokio::time::sleep(pause).await,
        }
    }
}
