//! `POST /accounts/{id}/fund`: money enters.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use herald_domain::id::TransferId;
use herald_domain::money::view::BookedView;
use herald_domain::money::{AccountName, NewTransfer, TransferKind};
use herald_pipeline::{funding_account, open_budget_account};
use uuid::Uuid;

use crate::App;
use crate::accounts::KnownAccount;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::http::body::JsonBody;
use crate::http::context::RequestContext;
use crate::http::id::InPath;
use crate::http::json::{Findings, Pointer};
use crate::idempotency;
use crate::transfers::{amount, reference};
use crate::views::FundRequest;

/// Put money into an account, anybody's.
///
/// A transfer of kind `funding` from the account `funding.<currency>`, which alone may be overdrawn: what it lacks is what has
/// entered. The account `rewards.<currency>`, from which rewards are paid, is opened by the first money that is put into it.
#[utoipa::path(
    post, path = "/accounts/{id}/fund", operation_id = "fund_account", tag = "money",
    params(
        ("id" = String, Path, description = "Id or handle", example = "alice"),
        ("Idempotency-Key" = String, Header, description = "As for `POST /transactions`"),
    ),
    request_body(content = FundRequest, example = json!({"amount": 1000000, "reference": "opening balance"})),
    responses((
        status = 201, description = "Booked", body = BookedView,
        headers(("Location" = String, description = "`/transactions/{id}`"), ("Idempotency-Replayed" = String, description = "`true` if this request was done before")),
    )),
)]
pub(crate) async fn fund_account(
    State(app): State<Arc<App>>,
    InPath(name): InPath<AccountName>,
    context: RequestContext,
    caller: Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let key = idempotency::required_key(&headers)?;
    let mut findings = Findings::default();
    let root = Pointer::root();
    let mut fields = findings.object(&root, body, &["amount", "reference"]).unwrap_or_default();
    let amount = amount(&mut findings, &root, fields.remove("amount"));
    let reference = reference(&mut findings, &root, fields.remove("reference"));
    findings.finish()?;
    // What is missing was found.
    let amount = amount.ok_or_else(ApiError::not_found)?;
    let to = app.fundable(&name).await?.ok_or_else(ApiError::not_found)?;
    let from = funding_account(&*app.deps.store, to.currency).await?;
    let new = NewTransfer {
        id: TransferId(Uuid::now_v7()),
        kind: TransferKind::Funding,
        from: from.id,
        to: to.id,
        amount,
        currency: to.currency,
        hold: None,
        reference,
        note: None,
        parent: None,
        asked_by: caller.owner.clone(),
        idempotency: None,
        traceparent: Some(context.trace.traceparent().to_owned()),
    };
    app.book(new, key, &caller, &context).await
}

impl App {
    async fn fundable(&self, name: &AccountName) -> Result<Option<KnownAccount>> {
        let store = &*self.deps.store;
        let found = self.accounts.find(store, name).await?;
        match name {
            AccountName::Handle(handle) if found.is_none() && open_budget_account(store, handle).await? => {
                self.accounts.find(store, name).await
            }
            _ => Ok(found),
        }
    }
}
