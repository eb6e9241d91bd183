//! The worker's row in `processes`: what `GET /languages`, Operations and `doctor` know of it.

use std::sync::Arc;
use std::time::Duration;

use herald_domain::clock::Clock;
use herald_domain::id::ProcessId;
use herald_domain::process::{ProcessInfo, REFRESH_MS};
use herald_domain::store::Store;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::judge::SandboxJudge;
use crate::languages::Languages;

pub(crate) struct Presence {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub process: ProcessId,
    pub class: String,
    pub slots: u16,
    pub languages: Arc<Languages>,
    pub judge: Arc<SandboxJudge>,
    /// Told when the languages have changed.
    pub changed: Arc<Notify>,
}

impl Presence {
    /// Refreshes the row until stopped, then removes it. A store that is away is no reason to stop working.
    pub(crate) async fn keep(&self, stop: &CancellationToken) {
        loop {
            self.refresh().await;
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.changed.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(REFRESH_MS)) => {}
            }
        }
        if let Err(error) = self.store.remove_process(self.process).await {
            tracing::debug!(error = %error, "the process's row could not be removed; it ages out by itself");
        }
    }

    pub(crate) async fn refresh(&self) {
        if let Err(error) = self.store.refresh_process(&self.info()).await {
            tracing::warn!(error = %error, "the process's row could not be refreshed");
        }
    }

    fn info(&self) -> ProcessInfo {
        let doing = match self.judge.busy() {
            0 => "waiting for work".to_owned(),
            1 => "judging 1 submission".to_owned(),
            busy => format!("judging {busy} submissions"),
        };
        ProcessInfo {
            id: self.process,
            kind: "worker".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            class: Some(self.class.clone()),
            slots: Some(self.slots.into()),
            languages: self.languages.infos(),
            doing,
            seen_at: self.clock.now(),
        }
    }
}
