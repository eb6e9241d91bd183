//! Which path leads to which handler, and through which layers: observation → panics → gate → (caller) → handler.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::{ApiError, Code};
use crate::transfers::{changes, receipt};
use crate::{
    App, accounts, admin, caller, docs, gate, health, languages, observe, problems, status, submissions, submit,
    tickets, transfers, webhooks,
};

pub(crate) fn build(app: &Arc<App>) -> Router {
    let routes = open().merge(of_callers(app)).merge(of_payers(app)).merge(of_admins(app)).fallback(no_such_path);
    guard(app, routes.with_state(app.clone()))
}

pub(crate) fn guard(app: &Arc<App>, routes: Router) -> Router {
    routes
        .layer(from_fn_with_state(app.clone(), gate::cors::layer))
        .layer(CatchPanicLayer::custom(observe::panicked))
        .layer(from_fn_with_state(app.clone(), observe::layer))
}

/// What anybody may read.
fn open() -> Router<Arc<App>> {
    Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/openapi.json", get(docs::openapi))
        .route("/docs", get(docs::redirect))
        .route("/docs/", get(docs::index))
        .route("/docs/errors", get(docs::errors))
        .route("/docs/{*file}", get(docs::file))
        .method_not_allowed_fallback(method_not_allowed)
}

/// What wants a caller.
fn of_callers(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/submit", post(submit::create_submission))
        .route("/status/{id}", get(status::get_status))
        .route("/submissions", get(submissions::list_submissions))
        .route("/submissions/batch", post(submit::create_submissions))
        .route("/submissions/{id}", delete(submissions::cancel_submission))
        .route("/submissions/{id}/verdicts", get(submissions::verdicts::list_verdicts))
        .route("/problems", get(problems::list_problems))
        .route("/problems/{slug}", get(problems::get_problem))
        .route("/languages", get(languages::list_languages))
        .route("/tickets", post(tickets::create_ticket))
        .method_not_allowed_fallback(method_not_allowed)
        .route_layer(from_fn_with_state(app.clone(), caller::layer))
}

/// Money, which wants a caller too.
fn of_payers(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/accounts", get(accounts::list_accounts).post(accounts::create_account))
        .route("/accounts/{id}", get(accounts::get_account))
        .route("/accounts/{id}/statement", get(accounts::statement::get_statement))
        .route("/transactions", get(transfers::list_transfers).post(transfers::create_transfer))
        .route("/transactions/{id}", get(transfers::get_transfer))
        .route("/transactions/{id}/receipt", get(receipt::get_receipt))
        .route("/transactions/{id}/capture", post(changes::capture_transfer))
        .route("/transactions/{id}/void", post(changes::void_transfer))
        .route("/transactions/{id}/refund", post(changes::refund_transfer))
        .route("/webhooks", get(webhooks::list_endpoints).post(webhooks::create_endpoint))
        .route("/webhooks/{id}", get(webhooks::get_endpoint).delete(webhooks::delete_endpoint))
        .route("/webhooks/{id}/rotate", post(webhooks::rotate_secret))
        .route("/webhooks/{id}/ping", post(webhooks::ping_endpoint))
        .route("/webhooks/{id}/attempts", get(webhooks::list_attempts))
        .route("/webhooks/{id}/attempts/{attempt}/replay", post(webhooks::replay_attempt))
        .method_not_allowed_fallback(method_not_allowed)
        .route_layer(from_fn_with_state(app.clone(), caller::layer))
}

/// What wants a caller of scope admin.
fn of_admins(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/admin/keys", get(admin::list_keys).post(admin::create_key))
        .route("/admin/keys/{id}", delete(admin::revoke_key))
        .route("/admin/problems", post(admin::problems::import_problem))
        .route(
            "/admin/problems/{slug}/rejudge",
            get(admin::rejudging::count_rejudge).post(admin::rejudging::rejudge_problem),
        )
        .route("/admin/dead-letters", get(admin::list_dead_letters))
        .route("/admin/dead-letters/redrive", post(admin::redrive_all))
        .route("/admin/dead-letters/{id}/redrive", post(admin::redrive))
        .route("/admin/processes", get(admin::list_processes))
        .route("/admin/ledger/check", get(admin::ledger::check))
        .route("/admin/reconcile", post(admin::ledger::reconcile))
        .route("/accounts/{id}/fund", post(accounts::funding::fund_account))
        .method_not_allowed_fallback(method_not_allowed)
        .route_layer(from_fn(caller::admins_only))
        .route_layer(from_fn_with_state(app.clone(), caller::layer))
}

async fn no_such_path() -> ApiError {
    ApiError::plain(Code::NoSuchPath)
}

/// The `Allow` header is axum's own.
async fn method_not_allowed() -> ApiError {
    ApiError::plain(Code::MethodNotAllowed)
}
