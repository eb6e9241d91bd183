//! The `Broker` port inside one process, for `herald up`: no server, no durability. What is lost with the process is made
//! again from the store (rule R1: the obligation is a row; a message only wakes).
//!
//! Invariants: a message is in exactly one place (a queue, or one delivery or batch); what is dropped unsettled goes back to the
//! front; publishing live never waits for a subscriber. Must never grow without bound: a class's queue refuses what exceeds its
//! limit, a service's drops its oldest (the rows bring the work back), subscriptions drop and say
//! [`LiveSignal::Lagged`](herald_domain::broker::LiveSignal::Lagged).

mod consume;
mod live;
mod queue;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use herald_domain::broker::{
    Broker, BrokerError, BrokerStatus, Fallen, LiveSubscription, Result, ServiceConsumer, TransferMessage,
    WorkConsumer, WorkMessage,
};
use herald_domain::event::LiveMessage;
use herald_domain::money::Service;
use tokio_util::sync::CancellationToken;

use consume::{ServiceTaker, WorkTaker};
use live::Subscriptions;
use queue::{Overflow, Queues, Taker};

/// Bounds of the in-process broker, and whom it serves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryConfig {
    /// Services that are told of transfers.
    pub services: Vec<Service>,
    /// Messages that may be ready in one queue. More are refused by a class's queue; a service's drops the oldest for them.
    pub queue_limit: usize,
    /// Live messages that may wait for one subscription; more are dropped.
    pub live_buffer: usize,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self { services: Service::ALL.to_vec(), queue_limit: 100_000, live_buffer: 10_000 }
    }
}

/// A handle on the broker; clones share its queues.
#[derive(Clone)]
pub struct MemoryBroker {
    config: MemoryConfig,
    classes: Arc<Queues<WorkMessage>>,
    services: Arc<Queues<TransferMessage>>,
    subscriptions: Arc<Subscriptions>,
    closed: CancellationToken,
}

impl MemoryBroker {
    pub fn new(config: MemoryConfig) -> Self {
        Self {
            classes: Arc::new(Queues::new(config.queue_limit, Overflow::Refuse)),
            services: Arc::new(Queues::new(config.queue_limit, Overflow::DropHead)),
            config,
            subscriptions: Arc::default(),
            closed: CancellationToken::new(),
        }
    }

    /// A copy to the queue of every configured service that the step concerns.
    fn tell(&self, message: &TransferMessage) -> Result<()> {
        self.ensure_open()?;
        let told = Service::ALL.iter().filter(|service| self.config.services.contains(service));
        told.filter(|service| service.concerns(message.step.kind, message.step.state))
            .try_for_each(|service| self.services.of(service.as_str()).publish(message.clone()))
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
            .map(|message| self.ensure_open().and_then(|()| self.classes.of(&message.class).publish(message.clone())))
            .collect()
    }

    async fn consume_work(&self, class: &str, prefetch: u16) -> Result<Box<dyn WorkConsumer>> {
        self.ensure_open()?;
        Ok(Box::new(WorkTaker(Taker::new(self.classes.of(class), prefetch, self.closed.child_token()))))
    }

    async fn work_depth(&self, class: &str) -> Result<u64> {
        self.ensure_open()?;
        Ok(self.classes.depth(class))
    }

    async fn publish_transfers(&self, messages: &[TransferMessage]) -> Vec<Result<()>> {
        messages.iter().map(|message| self.tell(message)).collect()
    }

    async fn wake_service(&self, service: Service, messages: &[TransferMessage]) -> Vec<Result<()>> {
        let queue = self.services.of(service.as_str());
        messages.iter().map(|message| self.ensure_open().and_then(|()| queue.publish(message.clone()))).collect()
    }

    async fn consume_service(&self, service: Service, prefetch: u16) -> Result<Box<dyn ServiceConsumer>> {
        self.ensure_open()?;
        Ok(Box::new(ServiceTaker(Taker::new(self.services.of(service.as_str()), prefetch, self.closed.child_token()))))
    }

    async fn service_depth(&self, service: Service) -> Result<u64> {
        self.ensure_open()?;
        Ok(self.services.depth(service.as_str()))
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

    async fn describe(&self) -> Result<String> {
        Ok(format!("in this process, Herald {}", env!("CARGO_PKG_VERSION")))
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
