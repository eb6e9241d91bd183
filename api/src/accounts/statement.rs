//! `GET /accounts/{id}/statement`, as JSON and as a table.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use herald_domain::money::AccountName;
use herald_domain::money::view::StatementLineView;
use herald_domain::view::Page;

use crate::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::http::context::RequestContext;
use crate::http::id::InPath;
use crate::paging::Paging;
use crate::table::{Form, Row, harmless, moment};

/// The statement of an account of one's own, newest line first.
///
/// Each line has the balance after it. As CSV with `Accept: text/csv` or `format=csv`; the next page is then in the `Link`
/// header.
#[utoipa::path(
    get, path = "/accounts/{id}/statement", operation_id = "get_statement", tag = "money",
    params(
        ("id" = String, Path, description = "Id or handle", example = "alice"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 if absent", minimum = 1, maximum = 200),
        ("format" = Option<String>, Query, description = "`json` or `csv`; comes before Accept", example = "csv"),
    ),
    responses((
        status = 200, description = "A page; amounts in minor units",
        content((Page<StatementLineView> = "application/json"), (String = "text/csv")),
        headers(("Link" = Option<String>, description = "CSV only: the next page, `rel=\"next\"`")),
    )),
)]
pub(crate) async fn get_statement(
    State(app): State<Arc<App>>,
    InPath(name): InPath<AccountName>,
    context: RequestContext,
    caller: Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response> {
    let (paging, params) = Paging::<u64>::read(&uri, "statement", &["format"])?;
    let form = Form::asked_for(&params, &headers)?;
    let account = app.own_account(&name, &caller).await?;
    let lines = app.deps.store.statement(account.id, paging.after, paging.rows()).await?;
    let lines = lines.into_iter().map(StatementLineView::from).collect();
    form.answer(paging.page(lines, |line: &StatementLineView| line.n), &uri, &context)
}

impl Row for StatementLineView {
    const NAME: &'static str = "statement";
    const COLUMNS: &'static [&'static str] =
        &["n", "at", "transfer", "kind", "other", "amount", "balance", "reference", "note"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.n.to_string(),
            moment(Some(self.at)),
            self.transfer.to_string(),
            self.kind.to_string(),
            self.other.to_string(),
            self.amount.to_string(),
            self.balance.to_string(),
            harmless(self.reference.as_deref().unwrap_or_default()),
            harmless(self.note.as_deref().unwrap_or_default()),
        ]
    }
}
