//! The worker loop: acquire permit → take delivery → claim lease → run while renewing the lease → record → settle.
//! What "run" means comes from a [`Judge`]; leases, fencing, attempts, events and progress are this module's own.
//!
//! Invariants: never more deliveries than permits; a delivery is acked only after what it led to is recorded (or there was
//! nothing to do); a run whose lease is gone is killed and writes nothing.

mod cancels;
mod job;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use herald_domain::broker::{Delivery, WorkConsumer};
use herald_domain::submission::{Claim, Judgement};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

pub use steps::{Steps, Stopped};

use cancels::Cancels;

use crate::Deps;
use crate::patience::retry_pauses;

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

#[derive(Clone, Debug)]
pub struct WorkConfig {
    /// The pool that this worker belongs to; it consumes exactly one.
    pub class: String,
    /// Submissions at once, and the prefetch.
    pub slots: u16,
    /// How long running submissions may go on after shutdown has been asked for; then they are given back.
    pub grace: Duration,
}

/// Works until `shutdown` fires, then finishes (or, past the grace period, gives back) what is running. Returns how many
/// submissions had to be given back.
pub async fn run_worker(deps: Deps, config: WorkConfig, judge: Arc<dyn Judge>, shutdown: CancellationToken) -> usize {
    let Some(mut consumer) = consume(&deps, &config, &shutdown).await else { return 0 };
    let permits = Arc::new(Semaphore::new(config.slots.into()));
    let running = TaskTracker::new();
    let kill = CancellationToken::new();
    let (cancels, hearing) = listen_for_cancels(&deps);
    while let Some((permit, delivery)) = next(&mut *consumer, &permits, &shutdown).await {
        let (deps, class, judge, kill) = (deps.clone(), config.class.clone(), judge.clone(), kill.clone());
        let (shutdown, cancels) = (shutdown.clone(), cancels.clone());
        running.spawn(async move {
            job::work_on(deps, class, judge, delivery, Stops { kill, shutdown, cancels }).await;
            drop(permit);
        });
    }
    consumer.close().await;
    let left = drain(&running, &kill, config.grace).await;
    drop(hearing);
    left
}

/// What may stop a job.
struct Stops {
    /// The grace period is over.
    kill: CancellationToken,
    shutdown: CancellationToken,
    cancels: Cancels,
}

/// Hears until the guard is dropped.
fn listen_for_cancels(deps: &Deps) -> (Cancels, AbortOnDropHandle<()>) {
    let cancels = Cancels::default();
    let (hearer, broker) = (cancels.clone(), deps.broker.clone());
    let task = tokio::spawn(async move { hearer.hear(&*broker).await });
    (cancels, AbortOnDropHandle::new(task))
}

/// Starts consuming; the broker may be away for a while.
async fn consume(deps: &Deps, config: &WorkConfig, shutdown: &CancellationToken) -> Option<Box<dyn WorkConsumer>> {
    let mut pauses = retry_pauses();
    loop {
        match deps.broker.consume_work(&config.class, config.slots).await {
            Ok(consumer) => return Some(consumer),
            Err(error) => tracing::warn!(class = %config.class, error = %error, "cannot consume yet; trying again"),
        }
        let pause = pauses.next().unwrap_or(Duration::from_secs(2));
        tokio::select! {
            () = shutdown.cancelled() => return None,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// A permit first, then a delivery: never take more than can be worked on.
async fn next(
    consumer: &mut dyn WorkConsumer,
    permits: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Option<(OwnedSemaphorePermit, Box<dyn Delivery>)> {
    tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        taken = async {
            let permit = permits.clone().acquire_owned().await.ok()?;
            let delivery = consumer.next().await?;
            Some((permit, delivery))
        } => taken,
    }
}

async fn drain(running: &TaskTracker, kill: &CancellationToken, grace: Duration) -> usize {
    running.close();
    if tokio::time::timeout(grace, running.wait()).await.is_ok() {
        return 0;
    }
    let left = running.len();
    tracing::warn!(left, "the grace period is over: giving the running submissions back");
    kill.cancel();
    running.wait().await;
    left
}
