//! `GET /submissions/{id}/verdicts`: what a submission was judged to be, each time that it was.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use herald_domain::id::SubmissionId;
use herald_domain::verdict::VerdictRecord;
use herald_domain::view::Page;

use crate::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::http::id::InPath;
use crate::http::query::Params;

/// Every verdict that a submission has had, newest first.
///
/// There is more than one where its problem was judged again. While that goes on, the list has the verdicts before.
#[utoipa::path(
    get, path = "/submissions/{id}/verdicts", operation_id = "list_verdicts", tag = "judge",
    params(("id" = SubmissionId, Path)),
    responses((status = 200, description = "All of them; the list is never cut", body = Page<VerdictRecord>)),
)]
pub(crate) async fn list_verdicts(
    State(app): State<Arc<App>>,
    InPath(id): InPath<SubmissionId>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Page<VerdictRecord>>> {
    Params::read(&uri, &[])?;
    let submission = app.deps.store.get_submission(id, Some(&caller.owner)).await?.ok_or_else(ApiError::not_found)?;
    let stands = VerdictRecord::of(&submission);
    // Between the two reads the verdict that stands may have become one that is kept.
    let before = |kept: &VerdictRecord| stands.as_ref().is_none_or(|stands| stands.attempt != kept.attempt);
    let kept: Vec<_> = app.deps.store.kept_verdicts(id).await?.into_iter().filter(before).collect();
    Ok(Json(Page { items: stands.into_iter().chain(kept).collect(), next: None }))
}
