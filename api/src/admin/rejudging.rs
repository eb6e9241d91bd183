//! Judging a problem's submissions again, by the version that is current now.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use herald_domain::clock::moment;
use herald_domain::id::{MessageId, SubmissionId};
use herald_domain::store::{Rejudge, Rejudged};
use herald_pipeline::announce;
use uuid::Uuid;

use crate::App;
use crate::error::{ApiError, Code, Result};
use crate::http::body::NoBody;
use crate::http::id::InPath;
use crate::http::query::{Params, bad};
use crate::paging::Paging;
use crate::views::{RejudgeCountView, RejudgeView};

/// What judging a problem's submissions again would come to.
///
/// `submissions` says how many finished ones another version than the current has judged; with `again`, how many are finished.
#[utoipa::path(
    get, path = "/admin/problems/{slug}/rejudge", operation_id = "count_rejudge", tag = "admin",
    params(
        ("slug" = String, Path, example = "a-plus-b"),
        ("since" = Option<String>, Query, description = "Only what was submitted at this time or later: a date, or a date and time (RFC 3339)", example = "2026-11-01T00:00:00Z"),
        ("again" = Option<bool>, Query, description = "Those too that the current version has judged"),
    ),
    responses((status = 200, description = "How many there are; nothing is changed", body = RejudgeCountView)),
)]
pub(crate) async fn count_rejudge(
    State(app): State<Arc<App>>,
    InPath(slug): InPath<String>,
    uri: Uri,
) -> Result<Json<RejudgeCountView>> {
    let asked = asked(slug, &Params::read(&uri, &["since", "again"])?)?;
    let count = app.deps.store.count_rejudge(&asked).await?.ok_or_else(|| unknown(&asked.problem))?;
    Ok(Json(RejudgeCountView::of(asked.problem, count)))
}

/// Judge a problem's submissions again, a page at a time.
///
/// Each finished one that another version than the current has judged is queued behind all fresh work; its verdict is kept
/// (`GET /submissions/{id}/verdicts`), and who watches is told of both. Call again with `next` until that is null. A page is
/// one transaction; begun anew after a break, the whole takes effect once for each submission (with `again`: once more).
#[utoipa::path(
    post, path = "/admin/problems/{slug}/rejudge", operation_id = "rejudge_problem", tag = "admin",
    params(
        ("slug" = String, Path, example = "a-plus-b"),
        ("since" = Option<String>, Query, description = "Only what was submitted at this time or later: a date, or a date and time (RFC 3339)", example = "2026-11-01T00:00:00Z"),
        ("again" = Option<bool>, Query, description = "Those too that the current version has judged"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "How many submissions to look at: 1 to 200; 50 if absent", minimum = 1, maximum = 200),
    ),
    responses((status = 200, description = "How many of the page are queued again", body = RejudgeView)),
)]
pub(crate) async fn rejudge_problem(
    State(app): State<Arc<App>>,
    InPath(slug): InPath<String>,
    uri: Uri,
    _body: NoBody,
) -> Result<Json<RejudgeView>> {
    let (paging, params) = Paging::<SubmissionId>::read(&uri, "rejudge", &["since", "again"])?;
    let asked = asked(slug, &params)?;
    let messages: Vec<_> = (0..paging.limit()).map(|_| MessageId(Uuid::now_v7())).collect();
    let done = app.deps.store.rejudge(&asked, paging.after, &messages).await?;
    let Rejudged { events, outbox, next } = done.ok_or_else(|| unknown(&asked.problem))?;
    outbox.into_iter().for_each(|row| app.deps.relay.hand_over(row));
    events.iter().for_each(|event| announce(&*app.deps.broker, event));
    tracing::info!(problem.slug = %asked.problem, count = events.len(), "submissions are judged again");
    Ok(Json(RejudgeView { rejudged: events.len() as u64, next: next.map(|id| paging.cursor(&id)) }))
}

fn asked(problem: String, params: &Params) -> Result<Rejudge> {
    let since =
        params.text("since").map(|text| moment(text).map_err(|error| bad("since", error.to_string()))).transpose()?;
    let again = params.word("again", &[true, false])?.unwrap_or(false);
    Ok(Rejudge { problem, since, again })
}

fn unknown(problem: &str) -> ApiError {
    let (short, _) = herald_domain::text::cut(problem, 64);
    ApiError::new(Code::NotFound, format!("there is no problem '{short}'; GET /problems lists what there is"))
}
