//! `GET /transactions/{id}/receipt`: the numbered paper of what has moved, as a page or a PDF.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, Uri};
use axum::response::{IntoResponse, Response};
use herald_domain::id::TransferId;
use herald_domain::money::{Effect, EffectState, Service, Transfer};
use herald_services::statement::{self, Receipt};

use crate::App;
use crate::caller::Caller;
use crate::error::{ApiError, Code, Result};
use crate::http::id::InPath;
use crate::http::query::{Params, bad};

/// Which paper.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Html,
    Pdf,
}

/// The receipt of a transfer.
///
/// The statement service numbers it, so it is there a moment after the transfer was settled. It never changes: what was given
/// back later has a receipt of its own.
#[utoipa::path(
    get, path = "/transactions/{id}/receipt", operation_id = "get_receipt", tag = "money",
    params(
        ("id" = TransferId, Path),
        ("format" = Option<String>, Query, description = "`html` or `pdf`; comes before Accept", example = "pdf"),
    ),
    responses((
        status = 200, description = "The receipt",
        content((String = "text/html"), (Vec<u8> = "application/pdf")),
    )),
)]
pub(crate) async fn get_receipt(
    State(app): State<Arc<App>>,
    InPath(id): InPath<TransferId>,
    caller: Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response> {
    let form = asked_for(&Params::read(&uri, &["format"])?, &headers)?;
    let transfer = app.deps.store.get_transfer(id, Some(&caller.owner)).await?.ok_or_else(ApiError::not_found)?;
    let effects = app.deps.store.get_effects(&[id]).await?;
    let receipt = issued(&transfer, &effects).ok_or_else(|| ApiError::plain(Code::NoReceipt))?;
    let name = |end: &str| format!("inline; filename=\"receipt-{}.{end}\"", receipt.number);
    let answer = |kind: &'static str, end: &str| -> [(HeaderName, String); 2] {
        [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name(end))]
    };
    Ok(match form {
        Form::Html => (answer("text/html; charset=utf-8", "html"), statement::html(&receipt)).into_response(),
        Form::Pdf => (answer("application/pdf", "pdf"), statement::pdf(&receipt)).into_response(),
    })
}

fn asked_for(params: &Params, headers: &HeaderMap) -> Result<Form> {
    match params.text("format") {
        Some("html") => Ok(Form::Html),
        Some("pdf") => Ok(Form::Pdf),
        Some(_) => Err(bad("format", "must be html or pdf".to_owned())),
        None => {
            let accepts = headers.get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
            Ok(if accepts.contains("application/pdf") && !accepts.contains("text/html") {
                Form::Pdf
            } else {
                Form::Html
            })
        }
    }
}

/// By the number that the statement service was given.
fn issued<'a>(transfer: &'a Transfer, effects: &[Effect]) -> Option<Receipt<'a>> {
    let made = |effect: &&Effect| effect.service == Service::Statement && effect.state == EffectState::Done;
    let effect = effects.iter().find(made)?;
    let detail: serde_json::Value = serde_json::from_str(effect.detail.get()).ok()?;
    Some(Receipt { number: detail.get("receipt")?.as_u64()?, issued_at: effect.at?, transfer })
}
