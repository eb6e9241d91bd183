//! Signals, drain, and the order in which a process ends.
//!
//! SIGTERM or SIGINT fires `shutdown`: stop accepting, tell subscribers to go elsewhere, finish requests. When the servers
//! are done, `stop` ends the background tasks (relay, hub, sweeper). A second signal ends the process at once.

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
    /// Fires when all servers are done: background tasks end.
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
}

impl Lifecycle {
    /// A lifecycle whose `shutdown` fires on SIGTERM and SIGINT.
    pub fn on_signals() -> std::io::Result<Self> {
        let lifecycle = Self::default();
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

    /// Ends the background tasks; `false` if some had to be left.
    pub async fn finish(&self) -> bool {
        self.stop.cancel();
        self.tasks.close();
        let done = tokio::time::timeout(STOP_WITHIN, self.tasks.wait()).await.is_ok();
        if !done {
            tracing::error!(left = self.tasks.len(), "background tasks did not end in time");
        }
        done
    }
}
