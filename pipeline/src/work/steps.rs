//! How a running job tells of its steps: events through the store, progress as a hint.
//!
//! Progress is conflated, not queued: a judge that finishes cases faster than they can be shown never waits, and what is
//! shown is always the newest.

use std::sync::OnceLock;
use std::time::Duration;

use herald_domain::channel::Channel;
use herald_domain::event::{Progress, raw};
use herald_domain::id::LeaseToken;
use herald_domain::submission::{CaseResult, Status, Submission, Tests};
use herald_domain::view::ProgressData;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{Deps, announce, announce_progress};

/// Counts and cases are written to the row at most this often, so a snapshot or poll is at most this old.
const SAVE_EVERY: Duration = Duration::from_millis(250);
/// Progress of one submission is published at most this often.
const PUBLISH_EVERY: Duration = Duration::from_millis(20);

/// Stop: the lease is gone, or the store takes no step of this run.
#[derive(Debug, thiserror::Error)]
#[error("the lease is gone")]
pub struct Stopped;

/// Counts and cases so far.
#[derive(Clone, Default)]
struct SoFar {
    tests: Tests,
    cases: Vec<CaseResult>,
}

/// How a [`crate::work::Judge`] tells of its steps.
pub struct Steps {
    stopped: CancellationToken,
    so_far: watch::Sender<SoFar>,
    refusal: OnceLock<String>,
    /// None for a detached one.
    job: Option<(Deps, Submission, LeaseToken)>,
}

impl Steps {
    pub(super) fn new(deps: Deps, submission: Submission, token: LeaseToken, stopped: CancellationToken) -> Self {
        Self { stopped, job: Some((deps, submission, token)), ..Self::detached() }
    }

    /// For tests of a [`crate::work::Judge`]: tells nobody.
    pub fn detached() -> Self {
        Self {
            stopped: CancellationToken::new(),
            so_far: watch::Sender::new(SoFar::default()),
            refusal: OnceLock::new(),
            job: None,
        }
    }

    /// Compiled: the cases begin. Stores and pushes `submission.running`.
    pub async fn running(&self, total: Option<u32>) -> Result<(), Stopped> {
        self.so_far.send_modify(|so_far| so_far.tests.total = total);
        let Some((deps, submission, token)) = &self.job else { return Ok(()) };
        match crate::patience::insist(&self.stopped, || deps.store.start_running(submission.id, *token, total)).await {
            Some(Ok(Some(event))) => {
                announce(&*deps.broker, &event);
                Ok(())
            }
            Some(Ok(None)) => {
                self.stopped.cancel();
                Err(Stopped)
            }
            Some(Err(error)) => {
                let _ = self.refusal.set(format!("the store refused a step: {error}"));
                Err(Stopped)
            }
            None => Err(Stopped),
        }
    }

    /// Why the store refused a step, if it did: then the attempt ends, though the lease is held.
    pub(super) fn refusal(&self) -> Option<String> {
        self.refusal.get().cloned()
    }

    /// A case has been run: pushes progress at once, stores counts and cases at most every 250 ms. Never waits.
    pub fn case(&self, tests: Tests, case: CaseResult) {
        self.so_far.send_modify(|so_far| {
            so_far.tests = tests;
            so_far.cases.push(case);
        });
    }

    /// Fires when the run must be killed.
    pub fn stopped(&self) -> &CancellationToken {
        &self.stopped
    }

    /// Publishes and saves what [`Steps::case`] is told, until dropped.
    pub(super) async fn tell(&self) {
        let Some((deps, submission, token)) = &self.job else { return };
        let mut so_far = self.so_far.subscribe();
        let (mut seq, mut saved) = (0, None::<Instant>);
        while so_far.changed().await.is_ok() {
            let now = so_far.borrow_and_update().clone();
            if now.cases.is_empty() {
                continue;
            }
            seq += 1;
            announce_progress(&*deps.broker, progress(submission, seq, &now));
            if saved.is_none_or(|at| at.elapsed() >= SAVE_EVERY) {
                saved = Some(Instant::now());
                self.save(deps, submission, *token, &now).await;
            }
            tokio::time::sleep(PUBLISH_EVERY).await;
        }
    }

    /// A hint for snapshots: if it cannot be written now, the next one or the verdict will be.
    async fn save(&self, deps: &Deps, submission: &Submission, token: LeaseToken, so_far: &SoFar) {
        match deps.store.save_progress(submission.id, token, so_far.tests, &so_far.cases).await {
            Ok(true) => {}
            Ok(false) => self.stopped.cancel(),
            Err(error) => tracing::debug!(error = %error, "progress could not be saved"),
        }
    }
}

fn progress(submission: &Submission, seq: u64, so_far: &SoFar) -> Progress {
    let data = ProgressData {
        id: submission.id,
        status: Status::Running,
        tests: so_far.tests,
        case: so_far.cases.last().cloned(),
    };
    Progress {
        channel: Channel::Submission(submission.id),
        audience: vec![submission.owner.clone()],
        attempt: submission.attempt,
        seq,
        data: raw(&data),
    }
}
