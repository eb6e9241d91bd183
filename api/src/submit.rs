//! `POST /submit` and `POST /submissions/batch`: from a body to a committed submission.
//!
//! Order: headers → shape of the body (everything wrong with it at once) → what it names (problem, language) → room in the
//! queue → commit. A repeated `Idempotency-Key` gets its first answer even where a new submission would be refused now.

mod read;
mod resolve;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use herald_domain::id::MessageId;
use herald_domain::store::{Accepted, Intake};
use herald_domain::submission::{Idempotency, NewSubmission, Submission};
use herald_domain::view::AcceptedView;
use uuid::Uuid;

use crate::App;
use crate::caller::Caller;
use crate::error::{ApiError, Code, Result};
use crate::http::body::JsonBody;
use crate::http::context::RequestContext;
use crate::http::json::{Findings, Pointer};
use crate::idempotency;
use crate::links::status_path;
use crate::views::{BatchItem, BatchRequest, BatchView, SubmitRequest};

pub(crate) use resolve::KnownProblems;

/// Submit a program.
///
/// It is durable when the answer comes. What happens next is pushed at `ws_url` (WebSocket) and `events_url` (Server-Sent
/// Events), each usable as it is for 24 hours; `status_url` gives the same by polling.
#[utoipa::path(
    post, path = "/submit", operation_id = "create_submission", tag = "judge",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters, no spaces. The same key with the same request gets the first answer again, with `Idempotency-Replayed: true` and a fresh ticket; keys never expire")),
    request_body(content = SubmitRequest, example = json!({"problem": "a-plus-b", "language": "python", "source": "a, b = map(int, input().split())\nprint(a + b)\n"})),
    responses((
        status = 202, description = "Accepted and stored", body = AcceptedView,
        headers(("Location" = String, description = "`/status/{id}`"), ("Idempotency-Replayed" = String, description = "`true` if this request was accepted before")),
        example = json!({"id": "01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d", "status": "queued", "channel": "submission:01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d", "status_url": "http://127.0.0.1:8080/status/01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d", "ws_url": "ws://127.0.0.1:8080/ws/p/148?ticket=…", "events_url": "http://127.0.0.1:8080/events/p/148?ticket=…", "ticket": "…"}),
    )),
)]
pub(crate) async fn create_submission(
    State(app): State<Arc<App>>,
    context: RequestContext,
    caller: Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let key = idempotency::key(&headers)?;
    let mut findings = Findings::default();
    let request = read::submission(&mut findings, &Pointer::root(), body);
    let mut new = app.resolve(&mut findings, &Pointer::root(), &request, &caller, &context).await?;
    new.idempotency = key.map(|key| idempotency::of(key, &request));
    if let Some(refusal) = app.refusal(findings, 1).await? {
        return app.replay(new, refusal, &caller, &context).await;
    }
    let accepted = app.deps.intake.accept(new).await?;
    app.answer(accepted, &caller, &context)
}

/// Submit up to 100 programs at once.
///
/// If any is invalid, none is stored. Each item of the answer stands for the submission at the same place.
#[utoipa::path(
    post, path = "/submissions/batch", operation_id = "create_submissions", tag = "judge",
    params(("Idempotency-Key" = Option<String>, Header, description = "As for `POST /submit`, for the batch as a whole")),
    request_body(content = BatchRequest, example = json!({"submissions": [{"problem": "hello", "language": "python", "source": "print('Hello, World!')"}, {"language": "c", "source": "int main(void) { return 0; }"}]})),
    responses((
        status = 202, description = "Each submission accepted and stored, or refused by itself", body = BatchView,
        headers(("Idempotency-Replayed" = String, description = "`true` if this batch was accepted before")),
    )),
)]
pub(crate) async fn create_submissions(
    State(app): State<Arc<App>>,
    context: RequestContext,
    caller: Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let key = idempotency::key(&headers)?;
    let mut findings = Findings::default();
    let batch = BatchRequest { submissions: read::batch(&mut findings, body) };
    let whole = idempotency::fingerprint(&batch);
    let mut news = Vec::with_capacity(batch.submissions.len());
    for (n, request) in batch.submissions.iter().enumerate() {
        let at = Pointer::root().field("submissions").item(n);
        let mut new = app.resolve(&mut findings, &at, request, &caller, &context).await?;
        // A space cannot stand in a client's key, so an item's key meets no other's.
        new.idempotency =
            key.as_ref().map(|key| Idempotency { key: format!("{key} {n}"), request_hash: whole.clone() });
        news.push(new);
    }
    let refusal = app.refusal(findings, news.len() as u64).await?;
    if key.is_some()
        && let Some(replayed) = app.batch_before(&news, &caller, &context).await?
    {
        return Ok(replayed);
    }
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    let outcomes = app.deps.intake.accept_all(news).await?;
    app.queue.accepted(outcomes.iter().filter(|outcome| matches!(outcome, Accepted::Created(_))).count() as u64);
    app.batch_answer(outcomes, &caller, &context)
}

impl App {
    /// Why a new submission cannot be taken: by itself, or for want of room. What is wrong by itself is an error at once;
    /// what depends on the state of the fleet comes back as a value, since it does not concern a replay.
    async fn refusal(&self, findings: Findings, more: u64) -> Result<Option<ApiError>> {
        let passing = findings.only(Code::LanguageUnavailable);
        match findings.finish() {
            Ok(()) => match self.queue.has_room(&self.deps.store, more).await {
                Ok(()) => Ok(None),
                Err(full) => Ok(Some(full)),
            },
            Err(refusal) if passing => Ok(Some(refusal)),
            Err(refusal) => Err(refusal),
        }
    }

    /// What became of submissions with these keys before. With no room for any user, the store creates nothing: it answers
    /// a replay, a reused key, or a refusal.
    async fn decided_before(&self, news: &[NewSubmission]) -> Result<Vec<Accepted>> {
        let message = || MessageId(Uuid::now_v7());
        let batch: Vec<_> = news.iter().map(|new| Intake { submission: new.clone(), message: message() }).collect();
        Ok(self.deps.store.accept_submissions(&batch, 0).await?)
    }

    /// The first answer to a request that would be refused today, or the refusal.
    async fn replay(
        &self,
        new: NewSubmission,
        refusal: ApiError,
        caller: &Caller,
        context: &RequestContext,
    ) -> Result<Response> {
        if new.idempotency.is_none() {
            return Err(refusal);
        }
        match self.decided_before(&[new]).await?.pop() {
            Some(before @ (Accepted::Replayed(_) | Accepted::KeyReused)) => self.answer(before, caller, context),
            _ => Err(refusal),
        }
    }

    /// The answer to a batch whose key was used before; `None`: it was not, or not all of it was accepted then.
    async fn batch_before(
        &self,
        news: &[NewSubmission],
        caller: &Caller,
        context: &RequestContext,
    ) -> Result<Option<Response>> {
        let before = self.decided_before(news).await?;
        if before.iter().any(|outcome| matches!(outcome, Accepted::KeyReused)) {
            return Err(ApiError::plain(Code::IdempotencyKeyReused));
        }
        let all = before.iter().all(|outcome| matches!(outcome, Accepted::Replayed(_)));
        if all { self.batch_answer(before, caller, context).map(Some) } else { Ok(None) }
    }

    fn answer(&self, accepted: Accepted, caller: &Caller, context: &RequestContext) -> Result<Response> {
        match accepted {
            Accepted::Created(created) => {
                self.queue.accepted(1);
                Ok(self.accepted_response(&created.submission, false, caller, context))
            }
            Accepted::Replayed(submission) => Ok(self.accepted_response(&submission, true, caller, context)),
            Accepted::KeyReused => Err(ApiError::plain(Code::IdempotencyKeyReused)),
            Accepted::TooManyOpen { open } => Err(too_many_open(open)),
        }
    }

    fn accepted_response(
        &self,
        submission: &Submission,
        replayed: bool,
        caller: &Caller,
        context: &RequestContext,
    ) -> Response {
        tracing::Span::current().record("submission.id", tracing::field::display(submission.id));
        tracing::info!(replayed, "submission accepted");
        let body = Json(self.accepted(submission, caller, context));
        let mut response = (StatusCode::ACCEPTED, [(LOCATION, status_path(submission))], body).into_response();
        idempotency::tell(&mut response, replayed);
        response
    }

    fn batch_answer(&self, outcomes: Vec<Accepted>, caller: &Caller, context: &RequestContext) -> Result<Response> {
        // Where nothing at all was taken, the whole answer is the refusal.
        if let [Accepted::TooManyOpen { open }, rest @ ..] = &outcomes[..]
            && rest.iter().all(|outcome| matches!(outcome, Accepted::TooManyOpen { .. }))
        {
            return Err(too_many_open(*open));
        }
        let replayed = outcomes.iter().all(|outcome| matches!(outcome, Accepted::Replayed(_)));
        let item = |outcome| match outcome {
            Accepted::Created(created) => self.batch_item(&created.submission, caller, context),
            Accepted::Replayed(submission) => self.batch_item(&submission, caller, context),
            Accepted::KeyReused => refused(&ApiError::plain(Code::IdempotencyKeyReused), context),
            Accepted::TooManyOpen { open } => refused(&too_many_open(open), context),
        };
        let items = outcomes.into_iter().map(item).collect();
        let mut response = (StatusCode::ACCEPTED, Json(BatchView { items })).into_response();
        idempotency::tell(&mut response, replayed);
        Ok(response)
    }

    fn batch_item(&self, submission: &Submission, caller: &Caller, context: &RequestContext) -> BatchItem {
        tracing::info!(submission.id = %submission.id, "submission accepted");
        BatchItem::Accepted(self.accepted(submission, caller, context))
    }
}

fn refused(error: &ApiError, context: &RequestContext) -> BatchItem {
    BatchItem::Refused { error: error.details(context) }
}

fn too_many_open(open: u64) -> ApiError {
    let code = Code::TooManyOpen;
    ApiError::new(code, format!("you have {open} unfinished submissions; {}", code.next_step()))
}
