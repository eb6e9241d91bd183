//! The sweeper: what no message told of. Wakes work that has come due, refills a queue that was lost, ends what nobody takes,
//! and keeps house in the store. Any number of processes may sweep at once.

use std::time::Duration;

use herald_domain::broker::WorkMessage;
use herald_domain::id::MessageId;
use herald_domain::store::{StoreError, Wake};
use time::OffsetDateTime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Deps, announce};

/// The most rows in one pass.
const BATCH: u32 = 1_000;
/// A due row that has waited this long while its queue is empty has lost its message.
const LOST_AFTER_MS: u64 = 10_000;
/// Slow passes (refill, expiry) are done every so many fast ones.
const SLOW_EVERY: u64 = 5;
/// Nothing is expired before the store has answered so many fast passes in a row (a minute): after a day in which everything
/// was off, an outage, or a leap of its clock, the workers come first.
const CALM_PASSES: u64 = 60;
/// A store's clock that gains this much on ours has been set, or the machine has slept.
const LEAP: time::Duration = time::Duration::seconds(30);
/// Between two housekeepings, and after one that failed.
const HOUSE_EVERY: Duration = Duration::from_secs(3_600);
const HOUSE_AGAIN: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
pub struct SweepConfig {
    /// Between two fast passes.
    pub every: Duration,
    /// A submission that was not started within this is ended with `internal_error` (`no_worker`).
    pub max_queue_age_ms: u64,
    /// No other process uses the store: leases and outbox claims that it finds at start are a dead process's, and its
    /// in-process queue is empty.
    pub alone: bool,
}

/// What a dead process left, and has not been taken over yet.
#[derive(PartialEq, Eq)]
enum Left {
    Everything,
    /// The leases are ended; what is due has to be woken.
    Messages,
    Nothing,
}

pub struct Sweeper {
    deps: Deps,
    config: SweepConfig,
}

impl Sweeper {
    pub fn new(deps: Deps, config: SweepConfig) -> Self {
        Self { deps, config }
    }

    /// Sweeps until `stop` fires.
    pub async fn run(self, stop: CancellationToken) {
        let _vital = stop.clone().drop_guard();
        tokio::join!(self.sweep(&stop), self.keep_house(&stop));
    }

    async fn sweep(&self, stop: &CancellationToken) {
        let mut every = tokio::time::interval(self.config.every);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut left = if self.config.alone { Left::Everything } else { Left::Nothing };
        let (mut calm, mut seen) = (0, None);
        for pass in 0.. {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = every.tick() => {}
            }
            let mut well = self.logged("take over", self.take_over(&mut left).await);
            well &= self.logged("wake", self.wake_due().await);
            if pass % SLOW_EVERY == 0 {
                well &= self.logged("refill", self.refill().await);
                well &= self.is_steady(&mut seen).await;
                if well && calm >= CALM_PASSES {
                    well &= self.logged("expire", self.expire_unclaimed().await);
                }
            }
            calm = if well { calm + 1 } else { 0 };
        }
    }

    /// By itself, for it may take minutes after a long time off.
    async fn keep_house(&self, stop: &CancellationToken) {
        loop {
            let Some(outcome) = stop.run_until_cancelled(self.deps.store.maintain()).await else { return };
            let pause = if self.logged("maintain", outcome) { HOUSE_EVERY } else { HOUSE_AGAIN };
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// After a crash of the only process: its leases and claims are void, and everything due is woken at once, whatever is
    /// in the queue already. Leases are ended once: those given out later are this process's own.
    async fn take_over(&self, left: &mut Left) -> Result<(), StoreError> {
        if *left == Left::Everything {
            let leases = self.deps.store.expire_leases().await?;
            if leases > 0 {
                tracing::info!(leases, "took over the work of the process before");
            }
            *left = Left::Messages;
        }
        if *left == Left::Messages {
            self.deps.store.release_outbox().await?;
            for class in self.deps.store.open_classes().await? {
                self.publish(&self.deps.store.due_rows(&class, 0, BATCH).await?).await;
            }
            *left = Left::Nothing;
        }
        Ok(())
    }

    async fn wake_due(&self) -> Result<(), StoreError> {
        let wakes = self.deps.store.due_wakes(BATCH).await?;
        self.publish(&wakes).await;
        Ok(())
    }

    /// Where a class's queue is empty although rows have been due for a while, their messages are gone: make new ones.
    async fn refill(&self) -> Result<(), StoreError> {
        for class in self.deps.store.open_classes().await? {
            if !matches!(self.deps.broker.work_depth(&class).await, Ok(0)) {
                continue;
            }
            let rows = self.deps.store.due_rows(&class, LOST_AFTER_MS, BATCH).await?;
            if !rows.is_empty() {
                tracing::warn!(class = %class, rows = rows.len(), "the queue was empty while work was due: refilling it");
            }
            self.publish(&rows).await;
        }
        Ok(())
    }

    /// Whether the store's clock has gone on like ours since the last look.
    async fn is_steady(&self, seen: &mut Option<(OffsetDateTime, Instant)>) -> bool {
        let Ok(now) = self.deps.store.store_now().await else { return false };
        let before = seen.replace((now, Instant::now()));
        before.is_none_or(|(then, at)| now - then < LEAP + at.elapsed())
    }

    async fn expire_unclaimed(&self) -> Result<(), StoreError> {
        for event in self.deps.store.expire_unclaimed(self.config.max_queue_age_ms, BATCH).await? {
            tracing::error!(channel = %event.channel, "no worker took the submission in time: it ends as internal_error");
            announce(&*self.deps.broker, &event);
        }
        Ok(())
    }

    async fn publish(&self, wakes: &[Wake]) {
        if wakes.is_empty() {
            return;
        }
        let messages: Vec<_> = wakes
            .iter()
            .map(|wake| WorkMessage {
                id: Some(MessageId(Uuid::now_v7())),
                submission: wake.submission,
                class: wake.class.clone(),
                traceparent: None,
            })
            .collect();
        let failed = self.deps.broker.publish_work(&messages).await.iter().filter(|outcome| outcome.is_err()).count();
        metrics::counter!("herald_sweeper_woken_total").increment((messages.len() - failed) as u64);
        tracing::debug!(woken = messages.len() - failed, failed, "due work woken");
    }

    /// A pass that fails is done again by the next one.
    fn logged(&self, what: &str, outcome: Result<(), StoreError>) -> bool {
        if let Err(error) = &outcome {
            tracing::warn!(pass = what, error = %error, "the sweeper could not finish a pass; it will try again");
        }
        outcome.is_ok()
    }
}
