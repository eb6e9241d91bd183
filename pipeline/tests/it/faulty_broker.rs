//! A broker that can be away, delivers more than it was asked for, and gives messages up: what the in-process one never does.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use herald_broker_memory::{MemoryBroker, MemoryConfig};
use herald_domain::broker::*;
use herald_domain::event::LiveMessage;
use herald_domain::money::Service;
use tokio::sync::Semaphore;

pub struct FaultyBroker {
    inner: MemoryBroker,
    away: AtomicBool,
    /// Consumers that were closed, not merely dropped.
    pub closed: Arc<AtomicUsize>,
    pub fallen: Arc<FallenMessages>,
}

impl FaultyBroker {
    pub fn new() -> Self {
        let inner = MemoryBroker::new(MemoryConfig::default());
        Self { inner, away: AtomicBool::default(), closed: Arc::default(), fallen: Arc::default() }
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
        if self.is_away() { refused(messages.len()) } else { self.inner.publish_work(messages).await }
    }

    async fn consume_work(&self, class: &str, _prefetch: u16) -> Result<Box<dyn WorkConsumer>> {
        let inner = self.inner.consume_work(class, u16::MAX).await?;
        Ok(Box::new(Consumer { inner, closed: self.closed.clone() }))
    }

    async fn work_depth(&self, class: &str) -> Result<u64> {
        if self.is_away() { Err(away()) } else { self.inner.work_depth(class).await }
    }

    async fn publish_transfers(&self, messages: &[TransferMessage]) -> Vec<Result<()>> {
        if self.is_away() { refused(messages.len()) } else { self.inner.publish_transfers(messages).await }
    }

    async fn wake_service(&self, service: Service, messages: &[TransferMessage]) -> Vec<Result<()>> {
        if self.is_away() { refused(messages.len()) } else { self.inner.wake_service(service, messages).await }
    }

    async fn consume_service(&self, service: Service, prefetch: u16) -> Result<Box<dyn ServiceConsumer>> {
        self.inner.consume_service(service, prefetch).await
    }

    async fn service_depth(&self, service: Service) -> Result<u64> {
        if self.is_away() { Err(away()) } else { self.inner.service_depth(service).await }
    }

    fn publish_live(&self, message: &LiveMessage) -> bool {
        !self.is_away() && self.inner.publish_live(message)
    }

    async fn subscribe_live(&self) -> Result<Box<dyn LiveSubscription>> {
        self.inner.subscribe_live().await
    }

    async fn describe(&self) -> Result<String> {
        self.inner.describe().await
    }

    fn status(&self) -> BrokerStatus {
        BrokerStatus { connected: !self.is_away(), ..self.inner.status() }
    }

    async fn next_fallen(&self) -> Result<Box<dyn Fallen>> {
        Ok(Box::new(self.fallen.clone().next().await))
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

fn away() -> BrokerError {
    BrokerError::Unavailable("away".into())
}

fn refused(count: usize) -> Vec<Result<()>> {
    std::iter::repeat_with(|| Err(away())).take(count).collect()
}

struct Consumer {
    inner: Box<dyn WorkConsumer>,
    closed: Arc<AtomicUsize>,
}

#[async_trait]
impl WorkConsumer for Consumer {
    async fn next(&mut self) -> Option<Box<dyn Delivery>> {
        self.inner.next().await
    }

    async fn close(&mut self) {
        self.closed.fetch_add(1, Ordering::SeqCst);
        self.inner.close().await;
    }
}

/// A dead queue: what is dropped before it was taken comes again.
pub struct FallenMessages {
    waiting: Mutex<VecDeque<Vec<u8>>>,
    arrived: Semaphore,
    pub taken: AtomicUsize,
}

impl Default for FallenMessages {
    fn default() -> Self {
        Self { waiting: Mutex::default(), arrived: Semaphore::new(0), taken: AtomicUsize::default() }
    }
}

impl FallenMessages {
    pub fn fall(&self, body: Vec<u8>) {
        self.waiting.lock().unwrap().push_back(body);
        self.arrived.add_permits(1);
    }

    async fn next(self: Arc<Self>) -> FallenMessage {
        self.arrived.acquire().await.unwrap().forget();
        let body = self.waiting.lock().unwrap().pop_front();
        FallenMessage { body, queue: self }
    }
}

struct FallenMessage {
    /// None once taken.
    body: Option<Vec<u8>>,
    queue: Arc<FallenMessages>,
}

#[async_trait]
impl Fallen for FallenMessage {
    fn queue(&self) -> &str {
        "judge.any"
    }

    fn body(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }

    async fn taken(mut self: Box<Self>) -> Result<()> {
        self.body = None;
        self.queue.taken.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

impl Drop for FallenMessage {
    fn drop(&mut self) {
        if let Some(body) = self.body.take() {
            self.queue.fall(body);
        }
    }
}
