//! `GET /submissions` (JSON and CSV) and `DELETE /submissions/{id}`.

mod table;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, LINK, VARY};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use herald_domain::id::SubmissionId;
use herald_domain::owner::Owner;
use herald_domain::store::{Cancelled, SubmissionFilter};
use herald_domain::submission::{Status, Verdict};
use herald_domain::view::{Page, StatusView};
use herald_pipeline::announce;

use crate::App;
use crate::caller::Caller;
use crate::error::{ApiError, Code, Result};
use crate::http::context::RequestContext;
use crate::http::id::InPath;
use crate::http::query::{Params, bad};
use crate::paging::Paging;
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
        owner: owner(&params, &caller)?,
        problem: params.text("problem").map(str::to_owned),
        verdict: params.word("verdict", Verdict::ALL)?,
        status: params.word("status", Status::ALL)?,
    };
    let as_table = wants_table(&params, &headers)?;
    let rows = app.deps.store.list_submissions(&filter, paging.after, paging.rows()).await?;
    let rows = rows.into_iter().map(SubmissionView::of).collect();
    let page = paging.page(rows, |row: &SubmissionView| row.id);
    let mut response = if as_table { table_response(&page, &uri, &context)? } else { Json(page).into_response() };
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept, Authorization, Herald-User"));
    Ok(response)
}

/// Whose submissions: `None` is everybody's.
fn owner(params: &Params, caller: &Caller) -> Result<Option<Owner>> {
    match params.text("user") {
        None | Some("me") => Ok(Some(caller.owner.clone())),
        Some("*") if caller.is_admin() => Ok(None),
        Some("*") => Err(ApiError::plain(Code::AdminRequired)),
        Some(name) => {
            Owner::user(name).map_err(|error| bad("user", error.to_string()))?;
            caller.may_ask_about(name).map(Some).ok_or_else(|| ApiError::plain(Code::AdminRequired))
        }
    }
}

fn wants_table(params: &Params, headers: &HeaderMap) -> Result<bool> {
    match params.text("format") {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(_) => Err(bad("format", "must be one of json, csv".to_owned())),
        None => Ok(table::is_preferred(headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()))),
    }
}

fn table_response(page: &Page<SubmissionView>, uri: &Uri, context: &RequestContext) -> Result<Response> {
    let text = table::write(&page.items).map_err(|error| ApiError::plain(Code::InternalError).caused_by(error))?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"submissions.csv\""));
    if let Some(next) = &page.next {
        // All parameters as they were, but the cursor.
        let query = uri.query().unwrap_or_default();
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
        let query = kept.map(str::to_owned).chain([format!("cursor={next}")]).collect::<Vec<_>>().join("&");
        let link = format!("<{}/submissions?{query}>; rel=\"next\"", context.base_url);
        if let Ok(link) = HeaderValue::try_from(link) {
            headers.insert(LINK, link);
        }
    }
    Ok(response)
}

/// Cancel a submission.
///
/// What runs is killed. Cancelling twice is no error; after a verdict there is nothing to cancel (409).
#[utoipa::path(
    delete, path = "/submissions/{id}", operation_id = "cancel_submission", tag = "judge",
    params(("id" = SubmissionId, Path)),
    responses((status = 200, description = "Cancelled, now or before", body = StatusView)),
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
