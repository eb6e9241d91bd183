//! Watching by asking: `GET /status/{id}`, answered at once, or held open by the server until the end (long-poll).

use herald_domain::id::SubmissionId;
use herald_domain::view::StatusView;

use super::http::Call;
use super::{Client, Result};

/// The submission as it stands now.
pub async fn status(client: &Client, id: SubmissionId) -> Result<StatusView> {
    client.get(&format!("/status/{id}")).await
}

/// The submission once it has ended. Each request waits at the server (RFC 7240 `wait`), which may grant less than is asked.
pub async fn ended(client: &Client, id: SubmissionId) -> Result<StatusView> {
    let path = format!("/status/{id}");
    loop {
        let status: StatusView = client.call(Call::get(&path).header("prefer", "wait=20")).await?;
        if status.status.is_final() {
            return Ok(status);
        }
        // A server that does not wait is not to be hammered; one that does has waited long enough for this not to matter.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
