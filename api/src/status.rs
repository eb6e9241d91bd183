//! `GET /status/{id}`: how a submission stands.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use herald_domain::channel::Channel;
use herald_domain::id::SubmissionId;
use herald_domain::submission::{Outputs, Status, Submission};
use herald_domain::view::StatusView;

use crate::App;
use crate::awaiting::{Asking, Awaited};
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::http::id::InPath;

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
    let asking = Asking::of(&headers);
    let read = || async {
        let read = app.deps.store.get_submission(id, Some(&caller.owner)).await?;
        read.ok_or_else(ApiError::not_found)
    };
    let submission = app.await_entity(&asking, &Channel::Submission(id), &caller.owner, read).await?;
    let response = if asking.knows(&submission) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(app.whole(&submission).await?).into_response()
    };
    Ok(asking.tell(&submission, response))
}

impl Awaited for Submission {
    fn offset(&self) -> u64 {
        self.offset
    }

    fn is_settled(&self) -> bool {
        self.status.is_final()
    }
}

impl App {
    /// The submission with its outputs.
    pub(crate) async fn whole(&self, submission: &Submission) -> Result<StatusView> {
        let finished = submission.status == Status::Finished;
        let outputs = if finished { self.deps.store.get_outputs(submission.id).await? } else { Outputs::default() };
        Ok(StatusView::full(submission, outputs))
    }
}
