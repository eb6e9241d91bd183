//! A broker that can be away: what a test needs of an outage that the in-process one cannot have.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use herald_broker_memory::{MemoryBroker, MemoryConfig};
use herald_domain::broker::*;
use herald_domain::event::LiveMessage;

pub struct FaultyBroker {
    inner: MemoryBroker,
    away: AtomicBool,
}

impl FaultyBroker {
    pub fn new() -> Self {
        Self { inner: MemoryBroker::new(MemoryConfig::default()), away: AtomicBool::new(false) }
    }

    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    fn is_away(&self) -> bool {
        self.away.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Broker for FaultyBroker {
    async fn publish_work(&self, messages: &[WorkMessage]) -> Vec<Result<()>> {
        if self.is_away() {
            return messages.iter().map(|_| Err(BrokerError::Unavailable("away".into()))).collect();
        }
        self.inner.publish_work(messages).await
    }

    async fn consume_work(&self, class: &str, prefetch: u16) -> Result<Box<dyn WorkConsumer>> {
        self.inner.consume_work(class, prefetch).await
    }

    async fn work_depth(&self, class: &str) -> Result<u64> {
        if self.is_away() { Err(BrokerError::Unavailable("away".into())) } else { self.inner.work_depth(class).await }
    }

    fn publish_live(&self, message: &LiveMessage) -> bool {
        !self.is_away() && self.inner.publish_live(message)
    }

    async fn subscribe_live(&self) -> Result<Box<dyn LiveSubscription>> {
        self.inner.subscribe_live().await
    }

    fn status(&self) -> BrokerStatus {
        BrokerStatus { connected: !self.is_away(), ..self.inner.status() }
    }

    async fn next_fallen(&self) -> Result<Box<dyn Fallen>> {
        self.inner.next_fallen().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
