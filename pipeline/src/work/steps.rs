//! How a running job tells of its steps: events through the store, progress as a hint.
//!
//! Progress is conflated, not queued: a judge that finishes cases faster than they can be shown never waits, and what is
//! shown is always the newest. Output is shown piece by piece, at most twenty a second, and never kept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use herald_domain::channel::Channel;
use herald_domain::event::{Progress, raw};
use herald_domain::id::LeaseToken;
use herald_domain::submission::{CaseResult, OutputStream, Status, Submission, Tests};
use herald_domain::view::{OutputChunk, ProgressData};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::output::Written;
use crate::{Deps, announce, announce_progress};

/// Counts and cases are written to the row at most this often, so a snapshot or poll is at most this old.
const SAVE_EVERY: Duration = Duration::from_millis(250);
/// Progress of one submission is published at most this often.
const PUBLISH_EVERY: Duration = Duration::from_millis(20);
/// Output of one run is published at most this often.
const SHOW_EVERY: Duration = Duration::from_millis(50);

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
    written: Mutex<Written>,
    wrote: Notify,
    /// Of the progress published so far.
    seq: AtomicU64,
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
            written: Mutex::default(),
            wrote: Notify::new(),
            seq: AtomicU64::new(0),
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

    /// The program has written this, after `at` bytes of the stream: shown soon, and kept nowhere. Never waits.
    pub fn output(&self, stream: OutputStream, at: u64, bytes: &[u8]) {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push(stream, at, bytes);
        self.wrote.notify_one();
    }

    /// Fires when the run must be killed.
    pub fn stopped(&self) -> &CancellationToken {
        &self.stopped
    }

    /// Publishes what [`Steps::case`] and [`Steps::output`] are told, and saves the former, until dropped.
    pub(super) async fn tell(&self) {
        tokio::join!(self.tell_cases(), self.tell_output());
    }

    async fn tell_cases(&self) {
        let Some((deps, submission, token)) = &self.job else { return };
        let mut so_far = self.so_far.subscribe();
        let mut saved = None::<Instant>;
        while so_far.changed().await.is_ok() {
            let now = so_far.borrow_and_update().clone();
            if now.cases.is_empty() {
                continue;
            }
            self.publish(deps, submission, now.tests, now.cases.last().cloned(), None);
            if saved.is_none_or(|at| at.elapsed() >= SAVE_EVERY) {
                saved = Some(Instant::now());
                self.save(deps, submission, *token, &now).await;
            }
            tokio::time::sleep(PUBLISH_EVERY).await;
        }
    }

    async fn tell_output(&self) {
        let Some((deps, submission, _)) = &self.job else { return };
        loop {
            self.wrote.notified().await;
            while let Some(chunk) = self.next_chunk() {
                let tests = self.so_far.borrow().tests;
                self.publish(deps, submission, tests, None, Some(chunk));
                tokio::time::sleep(SHOW_EVERY).await;
            }
        }
    }

    fn next_chunk(&self) -> Option<OutputChunk> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    fn publish(
        &self,
        deps: &Deps,
        submission: &Submission,
        tests: Tests,
        case: Option<CaseResult>,
        output: Option<OutputChunk>,
    ) {
        let data = ProgressData { id: submission.id, status: Status::Running, tests, case, output };
        let progress = Progress {
            channel: Channel::Submission(submission.id),
            audience: vec![submission.owner.clone()],
            attempt: submission.attempt,
            seq: self.seq.fetch_add(1, Ordering::Relaxed) + 1,
            data: raw(&data),
        };
        announce_progress(&*deps.broker, progress);
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
