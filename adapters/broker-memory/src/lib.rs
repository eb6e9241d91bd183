//! The `Broker` port inside one process, for `herald up`: no server, no durability. What is lost with the process is made
//! again from the store (rule R1: the obligation is a row; a message only wakes).
//!
//! Invariants: a message is in exactly one place (a class's queue, or one delivery); a delivery that is dropped unsettled goes
//! back to the front; publishing live never waits for a subscriber. Must never grow without bound: queues refuse what exceeds
//! their limit, subscriptions drop and say [`LiveSignal::Lagged`](herald_domain::broker::LiveSignal::Lagged).

mod live;
mod queue;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use herald_domain::broker::{
    Broker, BrokerError, BrokerStatus, Fallen, LiveSubscription, Result, WorkConsumer, WorkMessage,
};
use herald_domain::event::LiveMessage;
use tokio_util::sync::CancellationToken;

use live::Subscriptions;
use queue::{ClassQueue, Consumer};

/// Bounds of the in-process broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryConfig {
    /// Messages that may be ready in one class's queue; more are refused.
    pub queue_limit: usize,
    /// Live messages that may wait for one subscription; more are dropped.
    pub live_buffer: usize,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self { queue_limit: 100_000, live_buffer: 10_000 }
    }
}

/// A handle on the broker; clones share its queues.
#[derive(Clone)]
pub struct MemoryBroker {
    config: MemoryConfig,
    queues: Arc<Mutex<HashMap<String, Arc<ClassQueue>>>>,
    subscriptions: Arc<Subscriptions>,
    closed: CancellationToken,
}

impl MemoryBroker {
    pub fn new(config: MemoryConfig) -> Self {
        Self { config, queues: Arc::default(), subscriptions: Arc::default(), closed: CancellationToken::new() }
    }

    fn queue(&self, class: &str) -> Arc<ClassQueue> {
        let mut queues = locked(&self.queues);
        if let Some(queue) = queues.get(class) {
            return queue.clone();
        }
        let queue = Arc::new(ClassQueue::new(self.config.queue_limit));
        queues.insert(class.to_owned(), queue.clone());
        queue
    }

    fn ensure_open(&self) -> Result<()> {
        if self.closed.is_cancelled() { Err(BrokerError::Unavailable(Box::new(Closed))) } else { Ok(()) }
    }
}

#[async_trait]
impl Broker for MemoryBroker {
    async fn publish_work(&self, messages: &[WorkMessage]) -> Vec<Result<()>> {
        messages
            .iter()
            .map(|message| self.ensure_open().and_then(|()| self.queue(&message.class).publish(message)))
            .collect()
    }

    async fn consume_work(&self, class: &str, prefetch: u16) -> Result<Box<dyn WorkConsumer>> {
        self.ensure_open()?;
        Ok(Box::new(Consumer::new(self.queue(class), prefetch, self.closed.child_token())))
    }

    async fn work_depth(&self, class: &str) -> Result<u64> {
        self.ensure_open()?;
        Ok(locked(&self.queues).get(class).map_or(0, |queue| queue.depth()))
    }

    fn publish_live(&self, message: &LiveMessage) -> bool {
        if self.closed.is_cancelled() {
            return false;
        }
        self.subscriptions.publish(message);
        true
    }

    async fn subscribe_live(&self) -> Result<Box<dyn LiveSubscription>> {
        self.ensure_open()?;
        Ok(Box::new(self.subscriptions.clone().subscribe(self.config.live_buffer, self.closed.clone())))
    }

    fn status(&self) -> BrokerStatus {
        BrokerStatus { connected: !self.closed.is_cancelled(), blocked: false }
    }

    /// Nothing falls: there is no delivery limit here, and no body that could fail to be read.
    async fn next_fallen(&self) -> Result<Box<dyn Fallen>> {
        self.closed.cancelled().await;
        Err(BrokerError::Unavailable(Box::new(Closed)))
    }

    async fn close(&self) {
        self.closed.cancel();
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the broker has been closed")]
struct Closed;

/// The lists guarded here are whole between any two statements, so a panic elsewhere leaves nothing half-done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
