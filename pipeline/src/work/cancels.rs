//! Hears of cancels while they are made, so that a run is stopped at once and not at its lease's next renewal.
//!
//! Invariant: what is heard only wakes the renewal; the row decides (rules R1 and R3). Whoever begins to listen is woken once
//! the partition is bound, and so sees a cancel that was made before; so is everybody after messages may have been lost.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use herald_domain::broker::{Broker, LiveSignal, LiveSubscription};
use herald_domain::channel::Channel;
use herald_domain::event::LiveMessage;
use herald_domain::id::{LeaseToken, SubmissionId};
use herald_domain::owner::Partition;
use herald_domain::submission::{Claim, LEASE_MS, Status};
use tokio::sync::Notify;

use crate::patience::retry_pauses;

/// A run that is over before has no need to be stopped: it costs the broker nothing.
pub(super) const LISTEN_AFTER: Duration = Duration::from_millis(250);
const RENEW_EVERY: Duration = Duration::from_millis(LEASE_MS / 3);
/// While nothing can be heard, the row is asked this often.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// What ends a run from outside.
const ENDS: [Status; 2] = [Status::Cancelled, Status::Finished];

/// Who listens.
#[derive(Clone, Default)]
pub(super) struct Cancels(Arc<Shared>);

#[derive(Default)]
struct Shared {
    listeners: Mutex<HashMap<LeaseToken, Listener>>,
    /// Somebody came or went.
    changed: Notify,
    /// The broker is away: nothing will be heard.
    deaf: AtomicBool,
}

struct Listener {
    id: SubmissionId,
    partition: Partition,
    woken: Arc<Notify>,
    /// It has been woken since its partition was bound.
    heard: bool,
}

/// One that listens until dropped.
pub(super) struct Listening {
    all: Cancels,
    token: LeaseToken,
    woken: Arc<Notify>,
}

impl Cancels {
    pub(super) fn listen(&self, claim: &Claim) -> Listening {
        let woken = Arc::new(Notify::new());
        let (id, partition) = (claim.submission.id, claim.submission.owner.partition());
        self.listeners().insert(claim.token, Listener { id, partition, woken: woken.clone(), heard: false });
        self.0.changed.notify_one();
        Listening { all: self.clone(), token: claim.token, woken }
    }

    /// Hears, until dropped or the broker is closed.
    pub(super) async fn hear(&self, broker: &dyn Broker) {
        self.0.deaf.store(true, Ordering::Relaxed);
        for pause in retry_pauses() {
            match broker.subscribe_live().await {
                Ok(subscription) => {
                    self.0.deaf.store(false, Ordering::Relaxed);
                    return self.attend(subscription).await;
                }
                Err(error) => tracing::warn!(error = %error, "cannot listen for cancels yet; trying again"),
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn attend(&self, mut subscription: Box<dyn LiveSubscription>) {
        let mut bound = BTreeSet::new();
        loop {
            self.bind_as_wanted(&mut *subscription, &mut bound).await;
            tokio::select! {
                () = self.0.changed.notified() => {}
                signal = subscription.next() => match signal {
                    Some(signal) => self.on_signal(&signal),
                    None => return self.0.deaf.store(true, Ordering::Relaxed),
                },
            }
        }
    }

    async fn bind_as_wanted(&self, subscription: &mut dyn LiveSubscription, bound: &mut BTreeSet<Partition>) {
        let wanted: BTreeSet<_> = self.listeners().values().map(|listener| listener.partition).collect();
        for &partition in bound.difference(&wanted) {
            if let Err(error) = subscription.unbind(partition).await {
                tracing::debug!(error = %error, "a partition that nobody needs stays bound");
            }
        }
        for &partition in wanted.difference(bound) {
            // The wish is kept, and `Restored` follows.
            if let Err(error) = subscription.bind(partition).await {
                tracing::debug!(error = %error, "a partition is not bound yet");
            }
        }
        *bound = wanted;
        // Only now can nothing slip by between the look at the row and the wait.
        for listener in self.listeners().values_mut().filter(|one| !one.heard && bound.contains(&one.partition)) {
            listener.heard = true;
            listener.woken.notify_one();
        }
    }

    fn on_signal(&self, signal: &LiveSignal) {
        match signal {
            // A cancel of what is judged again gives its verdict back: that run is to be stopped too.
            LiveSignal::Message(LiveMessage::Event(event)) if ENDS.iter().any(|end| event.name == end.event_name()) => {
                self.wake(|listener| event.channel == Channel::Submission(listener.id));
            }
            LiveSignal::Message(_) => {}
            LiveSignal::Lost => {
                self.0.deaf.store(true, Ordering::Relaxed);
                self.wake(|_| true);
            }
            LiveSignal::Restored => {
                self.0.deaf.store(false, Ordering::Relaxed);
                self.wake(|_| true);
            }
            LiveSignal::Lagged => self.wake(|_| true),
        }
    }

    fn wake(&self, which: impl Fn(&Listener) -> bool) {
        self.listeners().values().filter(|listener| which(listener)).for_each(|listener| listener.woken.notify_one());
    }

    fn listeners(&self) -> MutexGuard<'_, HashMap<LeaseToken, Listener>> {
        self.0.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listening {
    /// Returns when the row should be asked: at the latest when the lease has to be renewed.
    pub(super) async fn next(&self) {
        let pace = if self.all.0.deaf.load(Ordering::Relaxed) { ASK_EVERY } else { RENEW_EVERY };
        // The time out is the usual case.
        let _ = tokio::time::timeout(pace, self.woken.notified()).await;
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.all.listeners().remove(&self.token);
        self.all.0.changed.notify_one();
    }
}
