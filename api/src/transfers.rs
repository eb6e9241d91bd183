//! `/transactions`, which is what transfers are called in HTTP and nowhere else.
//!
//! Order of a payment: key → shape of the body (everything wrong with it at once) → the accounts that it names → booking, in
//! one commit with whatever else is being paid. Whatever is refused has moved nothing. Only the owner of an account pays from
//! it; both owners see the transfer.

mod answer;
pub(crate) mod changes;
mod read;
pub(crate) mod receipt;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use herald_domain::channel::Channel;
use herald_domain::id::TransferId;
use herald_domain::money::view::{BookedView, TransferView};
use herald_domain::money::{BadHandle, NewTransfer, Transfer, TransferKind, TransferState};
use herald_domain::store::TransferFilter;
use herald_domain::view::Page;
use uuid::Uuid;

use crate::App;
use crate::accounts::KnownAccount;
use crate::awaiting::{Asking, Awaited};
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::http::body::JsonBody;
use crate::http::context::RequestContext;
use crate::http::id::InPath;
use crate::http::json::{Findings, Pointer};
use crate::http::query::{Params, bad};
use crate::idempotency;
use crate::paging::Paging;
use crate::views::TransferRequest;

pub(crate) use read::{amount, reference};

/// Pay, or hold what is to be paid later.
///
/// The money has moved when the answer comes. What the services make of it (notification, fraud, statement, rewards, webhook)
/// is pushed at `ws_url` (WebSocket) and `events_url` (Server-Sent Events), each usable as it is for 24 hours; `status_url`
/// gives the same by polling. A transfer that is looked at for fraud first is `pending`, as one with a hold is.
#[utoipa::path(
    post, path = "/transactions", operation_id = "create_transfer", tag = "money",
    params(("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, no spaces. The same key with the same request moves nothing again; it gets the transfer as it stands now, with `Idempotency-Replayed: true` and a fresh ticket. Keys never expire")),
    request_body(content = TransferRequest, example = json!({"from": "alice", "to": "shop", "amount": 1250, "currency": "INR", "reference": "order 17"})),
    responses((
        status = 201, description = "Booked", body = BookedView,
        headers(("Location" = String, description = "`/transactions/{id}`"), ("Idempotency-Replayed" = String, description = "`true` if this request was done before")),
    )),
)]
pub(crate) async fn create_transfer(
    State(app): State<Arc<App>>,
    context: RequestContext,
    caller: Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let key = idempotency::required_key(&headers)?;
    let mut findings = Findings::default();
    let payment = read::payment(&mut findings, body);
    let accounts = app.parties(&mut findings, &payment).await?;
    findings.finish()?;
    // Whatever is missing was found.
    let (Some((from, to)), Some(amount), Some(currency)) = (accounts, payment.amount, payment.currency) else {
        return Err(ApiError::not_found());
    };
    if from.owner != caller.owner {
        return Err(ApiError::not_found());
    }
    let new = NewTransfer {
        id: TransferId(Uuid::now_v7()),
        kind: TransferKind::Payment,
        from: from.id,
        to: to.id,
        amount,
        currency,
        hold: payment.hold,
        reference: payment.reference,
        note: payment.note,
        parent: None,
        asked_by: caller.owner.clone(),
        idempotency: None,
        traceparent: Some(context.trace.traceparent().to_owned()),
    };
    app.book(new, key, &caller, &context).await
}

/// Transfers, newest first.
///
/// Those that one pays or is paid by, unless `user` says otherwise, which only an admin may.
#[utoipa::path(
    get, path = "/transactions", operation_id = "list_transfers", tag = "money",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 if absent", minimum = 1, maximum = 200),
        ("account" = Option<String>, Query, description = "Id or handle of an account on either side"),
        ("state" = Option<TransferState>, Query),
        ("reference" = Option<String>, Query, description = "Exactly this reference"),
        ("user" = Option<String>, Query, description = "`me`, a user's name, or `*` for all users; others than oneself need an admin key"),
    ),
    responses((status = 200, description = "A page", body = Page<TransferView>)),
)]
pub(crate) async fn list_transfers(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Page<TransferView>>> {
    let (paging, params) =
        Paging::<TransferId>::read(&uri, "transactions", &["account", "state", "reference", "user"])?;
    let mut filter = TransferFilter {
        party: caller.asks_about(&params)?,
        account: None,
        state: params.word("state", TransferState::ALL)?,
        reference: params.text("reference").map(str::to_owned),
    };
    if let Some(account) = app.account_of(&params).await? {
        // Nothing was ever paid from or into an account that there is not.
        let Some(account) = account else { return Ok(Json(Page { items: Vec::new(), next: None })) };
        filter.account = Some(account.id);
    }
    let rows = app.deps.store.list_transfers(&filter, paging.after, paging.rows()).await?;
    let Page { items, next } = paging.page(rows, |transfer: &Transfer| transfer.id);
    Ok(Json(Page { items: app.with_effects(&items).await?, next }))
}

/// A transfer, and what each service has made of it.
///
/// The ETag changes with every event of the transfer's channel.
#[utoipa::path(
    get, path = "/transactions/{id}", operation_id = "get_transfer", tag = "money",
    params(
        ("id" = TransferId, Path, description = "From the answer to `POST /transactions`"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: wait up to N seconds (at most 30) until neither the transfer nor a service is pending or, with If-None-Match, until the ETag is another", example = "wait=20"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an earlier answer: 304 while it is still that"),
    ),
    responses(
        (
            status = 200, description = "As it stands", body = TransferView,
            headers(
                ("ETag" = String, description = "Weak; made of `offset`"),
                ("Retry-After" = Option<i32>, description = "While something is pending"),
                ("Preference-Applied" = Option<String>, description = "The wait that was applied"),
            ),
        ),
        (status = 304, description = "Still as under the ETag given"),
    ),
)]
pub(crate) async fn get_transfer(
    State(app): State<Arc<App>>,
    InPath(id): InPath<TransferId>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response> {
    let asking = Asking::of(&headers);
    let read = || async {
        // First the row: whatever the effects tell beyond it comes with a later offset, so nobody misses it.
        let read = app.deps.store.get_transfer(id, Some(&caller.owner)).await?;
        app.whole_transfer(&read.ok_or_else(ApiError::not_found)?).await
    };
    let view = app.await_entity(&asking, &Channel::Transfer(id), &caller.owner, read).await?;
    let known = asking.knows(&view);
    let response = if known { StatusCode::NOT_MODIFIED.into_response() } else { Json(&view).into_response() };
    Ok(asking.tell(&view, response))
}

impl Awaited for TransferView {
    fn offset(&self) -> u64 {
        self.offset
    }

    fn is_settled(&self) -> bool {
        !self.is_pending()
    }
}

impl App {
    /// Payer and payee; notes what is wrong with them.
    async fn parties(
        &self,
        findings: &mut Findings,
        payment: &read::Payment,
    ) -> Result<Option<(KnownAccount, KnownAccount)>> {
        let mut found = [None, None];
        for (place, (field, name)) in found.iter_mut().zip([("from", &payment.from), ("to", &payment.to)]) {
            let at = Pointer::root().field(field);
            let Some(name) = name else { continue };
            *place = self.accounts.find(&*self.deps.store, name).await?;
            match (place, payment.currency) {
                (None, _) => findings.add(&at, format!("there is no account '{name}'")),
                (Some(account), Some(currency)) if account.currency != currency => {
                    findings.add(&at, format!("'{name}' is an account in {}, not in {currency}", account.currency));
                }
                _ => {}
            }
        }
        let [Some(from), Some(to)] = found else { return Ok(None) };
        if from.id == to.id {
            findings.add(&Pointer::root().field("to"), "an account cannot pay itself");
        }
        Ok(Some((from, to)))
    }

    /// The account that the list is asked for; `Some(None)`: there is no such account.
    async fn account_of(&self, params: &Params) -> Result<Option<Option<KnownAccount>>> {
        let Some(text) = params.text("account") else { return Ok(None) };
        let name = text.parse().map_err(|error: BadHandle| bad("account", error.to_string()))?;
        self.accounts.find(&*self.deps.store, &name).await.map(Some)
    }
}
