//! `POST /accounts`, `GET /accounts`, `GET /accounts/{id}` and what stands below an account.
//!
//! Everywhere an account is named by its id or its handle. Only its owner sees it; anybody may pay into it.

pub(crate) mod funding;
mod known;
pub(crate) mod statement;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use herald_domain::id::AccountId;
use herald_domain::money::view::AccountView;
use herald_domain::money::{Account, AccountKind, AccountName, Handle, NewAccount};
use herald_domain::store::Opened;
use herald_domain::view::Page;
use uuid::Uuid;

use crate::App;
use crate::caller::Caller;
use crate::error::{ApiError, Code, Result};
use crate::http::body::JsonBody;
use crate::http::id::InPath;
use crate::http::json::{Findings, Node, Pointer};
use crate::http::query::Params;
use crate::paging::Paging;
use crate::views::AccountRequest;

pub(crate) use known::{KnownAccount, KnownAccounts};

/// Open an account.
///
/// Opening one's own account again is no error.
#[utoipa::path(
    post, path = "/accounts", operation_id = "create_account", tag = "money",
    request_body(content = AccountRequest, example = json!({"handle": "alice", "currency": "INR", "kind": "user"})),
    responses(
        (status = 201, description = "Opened", body = AccountView, headers(("Location" = String, description = "`/accounts/{id}`"))),
        (status = 200, description = "It was there before", body = AccountView),
    ),
)]
pub(crate) async fn create_account(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let mut findings = Findings::default();
    let asked = read(&mut findings, body);
    findings.finish()?;
    // What is missing was found.
    let AccountRequest { handle, currency, kind } = asked.ok_or_else(ApiError::not_found)?;
    let kind = kind.unwrap_or(AccountKind::User);
    let new = NewAccount { id: AccountId(Uuid::now_v7()), handle, owner: caller.owner, currency, kind };
    let (status, account) = match app.deps.store.open_account(&new).await? {
        Opened::Now(account) => (StatusCode::CREATED, account),
        Opened::Before(account) => (StatusCode::OK, account),
        Opened::HandleTaken => return Err(ApiError::plain(Code::HandleTaken)),
    };
    let location = format!("/accounts/{}", account.id);
    Ok((status, [(LOCATION, location)], Json(AccountView::from(&account))).into_response())
}

fn read(findings: &mut Findings, body: Node) -> Option<AccountRequest> {
    let root = Pointer::root();
    let mut fields = findings.object(&root, body, &["handle", "currency", "kind"])?;
    let handle: Option<Handle> = findings.word(&root.field("handle"), fields.remove("handle"), "a name of your choice");
    if handle.as_ref().is_some_and(Handle::is_reserved) {
        findings.add(&root.field("handle"), "names that begin so are the server's own; choose another");
    }
    let currency = findings.word(&root.field("currency"), fields.remove("currency"), "three letters, such as INR");
    let kind = match fields.remove("kind") {
        None => None,
        Some(node) => match findings.text(&root.field("kind"), node).as_deref() {
            None => None,
            Some("user") => Some(AccountKind::User),
            Some("merchant") => Some(AccountKind::Merchant),
            Some(_) => {
                findings.add(&root.field("kind"), "must be one of user, merchant");
                None
            }
        },
    };
    Some(AccountRequest { handle: handle?, currency: currency?, kind })
}

/// One's own accounts, by handle.
#[utoipa::path(
    get, path = "/accounts", operation_id = "list_accounts", tag = "money",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 if absent", minimum = 1, maximum = 200),
    ),
    responses((status = 200, description = "A page", body = Page<AccountView>)),
)]
pub(crate) async fn list_accounts(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Page<AccountView>>> {
    let (paging, _) = Paging::<Handle>::read(&uri, "accounts", &[])?;
    let rows = app.deps.store.list_accounts(&caller.owner, paging.after.as_ref(), paging.rows()).await?;
    let rows = rows.iter().map(AccountView::from).collect();
    Ok(Json(paging.page(rows, |row: &AccountView| row.handle.clone())))
}

/// An account of one's own, with what is in it.
#[utoipa::path(
    get, path = "/accounts/{id}", operation_id = "get_account", tag = "money",
    params(("id" = String, Path, description = "Id or handle", example = "alice")),
    responses((status = 200, description = "As it stands, in minor units", body = AccountView)),
)]
pub(crate) async fn get_account(
    State(app): State<Arc<App>>,
    InPath(name): InPath<AccountName>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<AccountView>> {
    Params::read(&uri, &[])?;
    Ok(Json(AccountView::from(&app.own_account(&name, &caller).await?)))
}

impl App {
    /// The account, if it is the caller's.
    async fn own_account(&self, name: &AccountName, caller: &Caller) -> Result<Account> {
        let found = self.deps.store.find_account(name).await?;
        found.filter(|account| account.owner == caller.owner).ok_or_else(ApiError::not_found)
    }
}
