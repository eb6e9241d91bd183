//! Signals, drain, and the order in which a process ends.
//!
//! SIGTERM or SIGINT fires `shutdown`: stop accepting, tell subscribers to go elsewhere, finish requests. When the servers
//! are done, `stop` ends the background tasks (relay, hub, sweeper). A second signal ends the process at once. A background
//! task that panics fires `stop` by itself: then the process drains and fails, for whoever restarts it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long background tasks may take to end once nothing needs them any more.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// The two tokens and the tasks that hang on them; cheap to clone.
#[derive(Clone, Default)]
pub struct Lifecycle {
    /// Fires on the first signal: stop accepting.
    pub shutdown: CancellationToken,
    /// Fires when all servers are done: background tasks end. Fired by a background task that panics.
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
    /// A background task ended before it should.
    lamed: Arc<AtomicBool>,
}

impl Lifecycle {
    /// A lifecycle whose `shutdown` fires on SIGTERM and SIGINT.
    pub fn on_signals() -> std::io::Result<Self> {
        let lifecycle = Self::default();
        tokio::spawn(lifecycle.clone().end_if_lamed());
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let shutdown = lifecycle.shutdown.clone();
        // Not tracked: it waits for a second signal for as long as the process lives.
        tokio::spawn(async move {
            for signal in ["first", "second"] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if signal == "first" {
                    tracing::info!("shutting down; a second signal ends at once");
                    shutdown.cancel();
                }
            }
            std::process::exit(1);
        });
        Ok(lifecycle)
    }

    /// A process that has lost one of its background tasks does not go on without it.
    async fn end_if_lamed(self) {
        self.stop.cancelled().await;
        if !self.shutdown.is_cancelled() {
            tracing::error!(
                "a background task has failed: shutting down, for the process cannot do its work without it"
            );
            self.lamed.store(true, Ordering::SeqCst);
            self.shutdown.cancel();
        }
    }

    /// Ends the background tasks; `false` if some had to be left, or one had failed before.
    pub async fn finish(&self) -> bool {
        self.stop.cancel();
        self.tasks.close();
        let done = tokio::time::timeout(STOP_WITHIN, self.tasks.wait()).await.is_ok();
        if !done {
            tracing::error!(left = self.tasks.len(), "background tasks did not end in time");
        }
        done && !self.lamed.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn vital(stop: CancellationToken, fails: bool) {
        let _vital = stop.clone().drop_guard();
        assert!(!fails, "a fault");
        stop.cancelled().await;
    }

    #[tokio::test]
    async fn a_background_task_that_panics_shuts_the_process_down_as_failed() {
        let life = Lifecycle::on_signals().unwrap();
        life.tasks.spawn(vital(life.stop.clone(), true));
        life.shutdown.cancelled().await;
        assert!(!life.finish().await);
    }

    #[tokio::test]
    async fn an_ordered_end_is_no_failure() {
        let life = Lifecycle::on_signals().unwrap();
        life.tasks.spawn(vital(life.stop.clone(), false));
        life.shutdown.cancel();
        assert!(life.finish().await);
    }
}
