//! `GET /submissions` (JSON and CSV) and `DELETE /submissions/{id}`.

pub(crate) mod verdicts;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use herald_domain::id::SubmissionId;
use herald_domain::store::{Cancelled, SubmissionFilter};
use herald_domain::submission::{Status, Verdict};
use herald_domain::view::{Page, StatusView};
use herald_pipeline::announce;

use crate::App;
use crate::caller::Caller;
use crate::error::{ApiError, Code, Result};
use crate::http::context::RequestContext;
use crate::http::id::InPath;
use crate::paging::Paging;
use crate::table::{Form, Row, harmless, known, moment};
use crate::views::SubmissionView;

/// Submissions, newest first.
///
/// One's own, unless `user` says otherwise, which only an admin may. As CSV with `Accept: text/csv` or `format=csv`; the
/// next page is then in the `Link` header.
#[utoipa::path(
    get, path = "/submissions", operation_id = "list_submissions", tag = "judge",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 if absent", minimum = 1, maximum = 200),
        ("problem" = Option<String>, Query, description = "Slug of a problem"),
        ("user" = Option<String>, Query, description = "`me`, a user's name, or `*` for all users; others than oneself need an admin key"),
        ("verdict" = Option<Verdict>, Query),
        ("status" = Option<Status>, Query),
        ("format" = Option<String>, Query, description = "`json` or `csv`; comes before Accept", example = "csv"),
    ),
    responses((
        status = 200, description = "A page",
        content((Page<SubmissionView> = "application/json"), (String = "text/csv")),
        headers(("Link" = Option<String>, description = "CSV only: the next page, `rel=\"next\"`")),
    )),
)]
pub(crate) async fn list_submissions(
    State(app): State<Arc<App>>,
    context: RequestContext,
    caller: Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response> {
    let (paging, params) =
        Paging::<SubmissionId>::read(&uri, "submissions", &["problem", "user", "verdict", "status", "format"])?;
    let filter = SubmissionFilter {
        owner: caller.asks_about(&params)?,
        problem: params.text("problem").map(str::to_owned),
        verdict: params.word("verdict", Verdict::ALL)?,
        status: params.word("status", Status::ALL)?,
    };
    let form = Form::asked_for(&params, &headers)?;
    let rows = app.deps.store.list_submissions(&filter, paging.after, paging.rows()).await?;
    let rows = rows.into_iter().map(SubmissionView::of).collect();
    form.answer(paging.page(rows, |row: &SubmissionView| row.id), &uri, &context)
}

impl Row for SubmissionView {
    const NAME: &'static str = "submissions";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "user",
        "problem",
        "language",
        "status",
        "verdict",
        "reason",
        "score",
        "passed",
        "run",
        "total",
        "time_ms",
        "wall_ms",
        "memory_kb",
        "attempt",
        "created_at",
        "finished_at",
    ];

    fn cells(&self) -> Vec<String> {
        let s = self;
        vec![
            s.id.to_string(),
            harmless(&s.user),
            harmless(s.problem.as_deref().unwrap_or_default()),
            harmless(&s.language),
            s.status.to_string(),
            known(s.verdict),
            harmless(s.reason.as_deref().unwrap_or_default()),
            known(s.score),
            s.tests.passed.to_string(),
            s.tests.run.to_string(),
            known(s.tests.total),
            known(s.time_ms),
            known(s.wall_ms),
            known(s.memory_kb),
            s.attempt.to_string(),
            moment(Some(s.created_at)),
            moment(s.finished_at),
        ]
    }
}

/// Cancel a submission.
///
/// What runs is killed. Cancelling twice is no error; after a verdict there is nothing to cancel (409). What is judged again gets the
/// verdict back that it had.
#[utoipa::path(
    delete, path = "/submissions/{id}", operation_id = "cancel_submission", tag = "judge",
    params(("id" = SubmissionId, Path)),
    responses((status = 200, description = "Cancelled, now or before; or finished as it was", body = StatusView)),
)]
pub(crate) async fn cancel_submission(
    State(app): State<Arc<App>>,
    InPath(id): InPath<SubmissionId>,
    caller: Caller,
) -> Result<Json<StatusView>> {
    tracing::Span::current().record("submission.id", tracing::field::display(id));
    match app.deps.store.cancel_submission(id, Some(&caller.owner)).await? {
        Cancelled::Now(submission, event) => {
            announce(&*app.deps.broker, &event.0);
            tracing::info!("submission cancelled");
            Ok(Json(app.whole(&submission).await?))
        }
        Cancelled::Before(submission) => Ok(Json(app.whole(&submission).await?)),
        Cancelled::Finished(_) => Err(ApiError::plain(Code::AlreadyFinished)),
        Cancelled::Unknown => Err(ApiError::not_found()),
    }
}
