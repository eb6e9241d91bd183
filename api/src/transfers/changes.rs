//! What becomes of a transfer afterwards: a hold is captured or voided, a payment refunded.
//!
//! The payee captures and refunds, both may void. An admin may for anybody.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use herald_domain::id::TransferId;
use herald_domain::money::view::{BookedView, TransferView};
use herald_domain::owner::Owner;
use herald_domain::store::{HoldChange, NewRefund};
use uuid::Uuid;

use super::answer::Named;
use super::read;
use crate::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::http::body::{NoBody, OptionalBody};
use crate::http::context::RequestContext;
use crate::http::id::InPath;
use crate::http::json::{Findings, Pointer};
use crate::idempotency;
use crate::views::{CaptureRequest, RefundRequest};

/// Capture a hold: take the money, or part of it.
///
/// The payee's to do. What is not captured is released. The same capture again is no error.
#[utoipa::path(
    post, path = "/transactions/{id}/capture", operation_id = "capture_transfer", tag = "money",
    params(("id" = TransferId, Path)),
    request_body(content = Option<CaptureRequest>, example = json!({"amount": 1000})),
    responses((status = 200, description = "Captured, now or before", body = TransferView)),
)]
pub(crate) async fn capture_transfer(
    State(app): State<Arc<App>>,
    InPath(id): InPath<TransferId>,
    caller: Caller,
    OptionalBody(body): OptionalBody,
) -> Result<Json<TransferView>> {
    let mut findings = Findings::default();
    let root = Pointer::root();
    let mut fields = findings.object(&root, body, &["amount"]).unwrap_or_default();
    let amount = read::amount_if_any(&mut findings, &root, fields.remove("amount"));
    findings.finish()?;
    app.change_hold(id, &caller, &HoldChange::Capture(amount)).await
}

/// Void a hold: give it up.
///
/// Either party's to do. Voiding twice is no error.
#[utoipa::path(
    post, path = "/transactions/{id}/void", operation_id = "void_transfer", tag = "money",
    params(("id" = TransferId, Path)),
    responses((status = 200, description = "Voided, now or before", body = TransferView)),
)]
pub(crate) async fn void_transfer(
    State(app): State<Arc<App>>,
    InPath(id): InPath<TransferId>,
    caller: Caller,
    _body: NoBody,
) -> Result<Json<TransferView>> {
    app.change_hold(id, &caller, &HoldChange::Void).await
}

/// Give a payment back, or part of it.
///
/// The payee's to do, by a transfer of its own, as often as something is left.
#[utoipa::path(
    post, path = "/transactions/{id}/refund", operation_id = "refund_transfer", tag = "money",
    params(
        ("id" = TransferId, Path, description = "The payment's"),
        ("Idempotency-Key" = String, Header, description = "As for `POST /transactions`"),
    ),
    request_body(content = Option<RefundRequest>, example = json!({"amount": 250, "note": "one was broken"})),
    responses((
        status = 201, description = "The refund, a transfer of its own", body = BookedView,
        headers(("Location" = String, description = "`/transactions/{id}` of the refund"), ("Idempotency-Replayed" = String, description = "`true` if this request was done before")),
    )),
)]
pub(crate) async fn refund_transfer(
    State(app): State<Arc<App>>,
    InPath(original): InPath<TransferId>,
    context: RequestContext,
    caller: Caller,
    headers: HeaderMap,
    OptionalBody(body): OptionalBody,
) -> Result<Response> {
    let key = idempotency::required_key(&headers)?;
    let mut findings = Findings::default();
    let root = Pointer::root();
    let mut fields = findings.object(&root, body, &["amount", "note"]).unwrap_or_default();
    let amount = read::amount_if_any(&mut findings, &root, fields.remove("amount"));
    let note = read::note(&mut findings, &root, fields.remove("note"));
    findings.finish()?;
    let refund = NewRefund {
        id: TransferId(Uuid::now_v7()),
        original,
        amount,
        idempotency: Some(idempotency::of(key, &("refund", original, amount, &note))),
        note,
        asked_by: caller.owner.clone(),
        traceparent: Some(context.trace.traceparent().to_owned()),
    };
    let moved = app.deps.bookings.refund(&refund, caller.is_admin()).await?;
    app.answer_booked(moved, Named::InPath, &caller, &context).await
}

impl App {
    async fn change_hold(&self, id: TransferId, caller: &Caller, change: &HoldChange) -> Result<Json<TransferView>> {
        tracing::Span::current().record("transfer.id", tracing::field::display(id));
        let party: Option<&Owner> = (!caller.is_admin()).then_some(&caller.owner);
        let moved = self.deps.bookings.change_hold(id, party, change).await?;
        self.answer_changed(moved).await
    }
}
