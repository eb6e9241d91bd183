//! `/livez`: the process answers. `/readyz`: it can do its work.
//!
//! A broker that is away does not make the API unready: POSTs go on, and the outbox keeps what is owed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use herald_domain::store::StoreError;

use crate::App;
use crate::error::{ApiError, Code, Result};
use crate::http::query::Params;
use crate::views::HealthView;

/// A store that has not answered by then counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the process is alive.
#[utoipa::path(
    get, path = "/livez", operation_id = "get_liveness", tag = "health", security(()),
    responses((status = 200, description = "It is", body = HealthView, example = json!({"status": "ok"}))),
)]
pub(crate) async fn livez() -> Json<HealthView> {
    Json(HealthView { status: "ok".to_owned(), checks: BTreeMap::new() })
}

/// Whether requests should be sent here.
#[utoipa::path(
    get, path = "/readyz", operation_id = "get_readiness", tag = "health", security(()),
    params(("verbose" = Option<String>, Query, description = "Say more of each check")),
    responses((
        status = 200, description = "They should; `degraded` where the broker is away, since POSTs go on", body = HealthView,
        example = json!({"status": "ok", "checks": {"broker": "ok", "store": "ok"}}),
    )),
)]
pub(crate) async fn readyz(State(app): State<Arc<App>>, uri: Uri) -> Result<Json<HealthView>> {
    Params::read(&uri, &["verbose"])?;
    let verbose = uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("verbose")));
    if app.shutdown.is_cancelled() {
        return Err(ApiError::new(Code::NotReady, "the process is shutting down; send requests to another"));
    }
    app.ping().await?;
    let broker = app.broker_check(verbose);
    let status = if broker.is_none() { "ok" } else { "degraded" };
    let mut checks = BTreeMap::from([
        ("store".to_owned(), "ok".to_owned()),
        ("broker".to_owned(), broker.unwrap_or_else(|| "ok".to_owned())),
    ]);
    if verbose {
        app.add_details(&mut checks).await?;
    }
    Ok(Json(HealthView { status: status.to_owned(), checks }))
}

impl App {
    async fn ping(&self) -> Result<()> {
        let away = |cause: String| ApiError::new(Code::NotReady, "the store is not available").caused_by(cause);
        match tokio::time::timeout(PATIENCE, self.deps.store.ping()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(StoreError::Unavailable(cause))) => Err(away(cause.to_string())),
            Ok(Err(other)) => Err(away(other.to_string())),
            Err(_elapsed) => Err(away("no answer in time".to_owned())),
        }
    }

    /// What is the matter with the broker; in words for the operator only where more was asked for.
    fn broker_check(&self, verbose: bool) -> Option<String> {
        let status = self.deps.broker.status();
        let brief = match (status.connected, status.blocked) {
            (true, false) => return None,
            (true, true) => "blocked",
            (false, _) => "not connected",
        };
        let trouble = self.deps.broker.trouble().filter(|_| verbose);
        Some(trouble.map_or_else(|| brief.to_owned(), |trouble| format!("{brief}: {trouble}")))
    }

    async fn add_details(&self, checks: &mut BTreeMap<String, String>) -> Result<()> {
        checks.insert("store".to_owned(), format!("ok: {}", self.deps.store.describe().await?));
        checks.insert("outbox".to_owned(), format!("{} waiting", self.deps.store.count_outbox().await?));
        checks.insert("open".to_owned(), format!("{} unfinished submissions", self.deps.store.count_open().await?));
        Ok(())
    }
}
