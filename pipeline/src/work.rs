//! The worker loop: acquire permit → take delivery → claim lease → run while renewing the lease → record → settle.
//! What "run" means comes from a [`Judge`]; leases, fencing, attempts, events and progress are this module's own.

use async_trait::async_trait;
use herald_domain::submission::{CaseResult, Claim, Judgement, Tests};
use tokio_util::sync::CancellationToken;

/// Judges one claimed submission. Called at most `slots` times at once; a panic is caught and counts as a failed attempt.
#[async_trait]
pub trait Judge: Send + Sync + 'static {
    /// Compiles, runs, checks. `Ok` is recorded as the verdict (also `internal_error`, where trying again would not
    /// help); `Err` ends the attempt and the submission is tried again later. When `steps.stopped()` fires, the run is to be
    /// killed at once: its result would be thrown away (cancelled, fenced or past the grace period).
    async fn judge(&self, claim: &Claim, steps: &Steps) -> Result<Judgement, AttemptFailed>;
}

/// An attempt that came to nothing, through no fault of the submitted program.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AttemptFailed(pub String);

/// The lease is gone: stop.
#[derive(Debug, thiserror::Error)]
#[error("the lease is gone")]
pub struct Stopped;

/// How a [`Judge`] tells of its steps.
pub struct Steps {
    stopped: CancellationToken,
}

impl Steps {
    /// Compiled: the cases begin. Stores and pushes `submission.running`.
    pub async fn running(&self, _total: Option<u32>) -> Result<(), Stopped> {
        Ok(())
    }

    /// A case has been run: pushes progress at once, stores counts and cases at most every 250 ms. Never waits.
    pub fn case(&self, _tests: Tests, _case: CaseResult) {}

    /// Fires when the run must be killed.
    pub fn stopped(&self) -> &CancellationToken {
        &self.stopped
    }

    /// For tests of a [`Judge`]: goes nowhere.
    pub fn detached() -> Self {
        Self { stopped: CancellationToken::new() }
    }
}
