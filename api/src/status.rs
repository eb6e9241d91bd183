//! `GET /status/{id}`: plain, conditional (`If-None-Match`), and waiting (`Prefer: wait=N`).
//!
//! The ETag is the channel's offset, so it changes with every stored event and with nothing else. Progress within `running`
//! is no event: the body's counts may differ under one ETag, which is why the tag is weak and why the answer is `no-store`
//! (a browser that revalidated by itself would show old counts for new). Who wants every count watches the socket.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{ETAG, IF_NONE_MATCH, RETRY_AFTER, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use herald_domain::channel::Channel;
use herald_domain::id::SubmissionId;
use herald_domain::submission::{Outputs, Status, Submission};
use herald_domain::view::StatusView;
use tokio::time::{Duration, Instant, sleep, timeout_at};

use crate::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::http::id::InPath;
use crate::http::prefer::Wait;

/// Before asking again where the hub woke for nothing (it stops, or cannot know).
const PAUSE: Duration = Duration::from_millis(20);

/// State, verdict and figures of a submission.
///
/// The ETag changes with every event of the submission's channel, not with progress within `running`.
#[utoipa::path(
    get, path = "/status/{id}", operation_id = "get_status", tag = "judge",
    params(
        ("id" = SubmissionId, Path, description = "From the answer to `POST /submit`"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: wait up to N seconds (at most 30) until the submission is final, or, with If-None-Match, until the ETag is another", example = "wait=20"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an earlier answer: 304 while it is still that"),
    ),
    responses(
        (
            status = 200, description = "As it stands", body = StatusView,
            headers(
                ("ETag" = String, description = "Weak; made of `offset`"),
                ("Retry-After" = Option<i32>, description = "While the submission is not final"),
                ("Preference-Applied" = Option<String>, description = "The wait that was applied"),
            ),
        ),
        (status = 304, description = "Still as under the ETag given"),
    ),
)]
pub(crate) async fn get_status(
    State(app): State<Arc<App>>,
    InPath(id): InPath<SubmissionId>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response> {
    let wait = Wait::of(&headers);
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let submission = app.await_status(id, &caller, known, wait).await?;
    let mut response = if known.is_some_and(|tags| names(tags, submission.offset)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(app.whole(&submission).await?).into_response()
    };
    let answered = response.headers_mut();
    answered.insert(VARY, HeaderValue::from_static("Prefer, Authorization, Herald-User"));
    if let Ok(tag) = HeaderValue::try_from(etag(submission.offset)) {
        answered.insert(ETAG, tag);
    }
    if !submission.status.is_final() {
        answered.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Some(wait) = wait {
        answered.insert(HeaderName::from_static("preference-applied"), wait.applied());
    }
    Ok(response)
}

impl App {
    /// The submission with its outputs.
    pub(crate) async fn whole(&self, submission: &Submission) -> Result<StatusView> {
        let finished = submission.status == Status::Finished;
        let outputs = if finished { self.deps.store.get_outputs(submission.id).await? } else { Outputs::default() };
        Ok(StatusView::full(submission, outputs))
    }

    /// The submission now or, if the client would rather wait, once it is what it waits for or the time is over.
    async fn await_status(
        &self,
        id: SubmissionId,
        caller: &Caller,
        known: Option<&str>,
        wait: Option<Wait>,
    ) -> Result<Submission> {
        let deadline = wait.map(|wait| Instant::now() + wait.duration());
        let mut seen = None;
        loop {
            let read = self.deps.store.get_submission(id, Some(&caller.owner)).await?;
            let submission = read.ok_or_else(ApiError::not_found)?;
            let awaited = match known {
                Some(tags) => !names(tags, submission.offset),
                None => submission.status.is_final(),
            };
            let Some(deadline) = deadline.filter(|deadline| !awaited && *deadline > Instant::now()) else {
                return Ok(submission);
            };
            let woken_for_nothing = seen.replace(submission.offset) == Some(submission.offset);
            let channel = Channel::Submission(id);
            let news = async {
                if woken_for_nothing {
                    sleep(PAUSE).await;
                }
                // The hub also knows what was committed between the read above and this call.
                self.deps.hub.wait_beyond(&channel, &submission.owner, submission.offset).await;
            };
            tokio::select! {
                // Woken or out of time, the store decides: it may know what no hint told of.
                _ = timeout_at(deadline, news) => {}
                () = self.shutdown.cancelled() => return Ok(submission),
            }
        }
    }
}

fn etag(offset: u64) -> String {
    format!("W/\"{offset}\"")
}

/// Whether a list of entity tags names this offset (weak comparison, RFC 9110 8.8.3.2).
fn names(tags: &str, offset: u64) -> bool {
    let wanted = etag(offset);
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == &wanted[2..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_compared_weakly() {
        for tags in ["W/\"3\"", "\"3\"", "\"1\", W/\"3\"", "*"] {
            assert!(names(tags, 3), "{tags}");
        }
        for tags in ["", "3", "\"30\"", "W/\"4\""] {
            assert!(!names(tags, 3), "{tags}");
        }
    }
}
