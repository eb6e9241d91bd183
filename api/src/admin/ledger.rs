//! Looking after the books: whether they agree, and what was left undone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use herald_domain::money::Service;
use herald_pipeline::wake_missing;

use crate::App;
use crate::error::Result;
use crate::http::body::NoBody;
use crate::http::query::Params;
use crate::views::{LedgerCheckView, ReconcileView};

/// Who asks does not want to wait as long as the services do: what is settled for longer and has its message on the way is
/// told twice, which is harmless.
const MISSED_AFTER: Duration = Duration::from_secs(2);

/// Whether the ledger agrees with itself.
///
/// Every invariant, looked at in one snapshot while work goes on: entries sum to zero, counters and running balances fit the
/// entries, holds fit what is held, refunds never exceed what was paid, receipts are numbered without a gap, and no effect is
/// without its transfer.
#[utoipa::path(
    get, path = "/admin/ledger/check", operation_id = "check_ledger", tag = "admin",
    responses((status = 200, description = "What was looked at and what is wrong", body = LedgerCheckView)),
)]
pub(crate) async fn check(State(app): State<Arc<App>>, uri: Uri) -> Result<Json<LedgerCheckView>> {
    Params::read(&uri, &[])?;
    Ok(Json(LedgerCheckView::from(app.deps.store.check_ledger().await?)))
}

/// Look for what was left undone, and have it done.
///
/// Each service looks for itself once a minute; this is the same at once, for all of them: holds past their time end, and
/// services are told of settled transfers that they have made nothing of.
#[utoipa::path(
    post, path = "/admin/reconcile", operation_id = "reconcile", tag = "admin",
    responses((status = 200, description = "What was found", body = ReconcileView)),
)]
pub(crate) async fn reconcile(State(app): State<Arc<App>>, _: NoBody) -> Result<Json<ReconcileView>> {
    let expired_holds = app.deps.bookings.expire_holds().await?;
    let deps = herald_pipeline::Deps { store: app.deps.store.clone(), broker: app.deps.broker.clone() };
    let mut missing = BTreeMap::new();
    for service in Service::ALL {
        missing.insert(service.to_string(), wake_missing(&deps, *service, MISSED_AFTER).await?);
    }
    let breaches = app.deps.store.check_ledger().await?.breaches;
    Ok(Json(ReconcileView { expired_holds, missing, breaches }))
}
