//! The process's row in the store, refreshed while it lives.

use std::sync::Arc;
use std::time::Duration;

use herald_domain::id::ProcessId;
use herald_domain::process::{ProcessInfo, REFRESH_MS};
use herald_domain::store::Store;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Refreshes the row until `stop` fires, then removes it.
pub async fn keep_row(store: Arc<dyn Store>, info: ProcessInfo, stop: CancellationToken) {
    let _vital = stop.clone().drop_guard();
    let mut every = tokio::time::interval(Duration::from_millis(REFRESH_MS));
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = every.tick() => {}
        }
        if let Err(error) = store.refresh_process(&info).await {
            tracing::debug!(error = %error, "the process row could not be refreshed");
        }
    }
    let _ = store.remove_process(info.id).await;
}

/// The row of a process that judges nothing.
pub fn row(kind: &str) -> ProcessInfo {
    ProcessInfo {
        id: ProcessId(Uuid::now_v7()),
        kind: kind.to_owned(),
        version: crate::VERSION.to_owned(),
        class: None,
        slots: None,
        languages: Vec::new(),
        doing: String::new(),
        seen_at: time::OffsetDateTime::UNIX_EPOCH,
    }
}
