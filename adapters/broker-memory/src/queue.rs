//! One class's queue, its consumers and their deliveries.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use herald_domain::broker::{BrokerError, Delivery, Result, WorkConsumer, WorkMessage};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::locked;

struct Ready {
    message: WorkMessage,
    redelivered: bool,
}

pub(crate) struct ClassQueue {
    ready: Mutex<VecDeque<Ready>>,
    /// Told once for each message that becomes ready.
    arrived: Notify,
    limit: usize,
}

impl ClassQueue {
    pub(crate) fn new(limit: usize) -> Self {
        Self { ready: Mutex::default(), arrived: Notify::new(), limit }
    }

    pub(crate) fn publish(&self, message: &WorkMessage) -> Result<()> {
        let mut ready = locked(&self.ready);
        if ready.len() >= self.limit {
            return Err(BrokerError::Refused("queue full".to_owned()));
        }
        ready.push_back(Ready { message: message.clone(), redelivered: false });
        drop(ready);
        self.arrived.notify_one();
        Ok(())
    }

    pub(crate) fn depth(&self) -> u64 {
        locked(&self.ready).len() as u64
    }

    /// Back to the front, whatever the limit: it was accepted once.
    fn give_back(&self, message: WorkMessage) {
        locked(&self.ready).push_front(Ready { message, redelivered: true });
        self.arrived.notify_one();
    }

    /// Safe to cancel: a message is taken in the same poll that returns it.
    async fn take(&self) -> Ready {
        loop {
            let arrived = self.arrived.notified();
            if let Some(ready) = locked(&self.ready).pop_front() {
                return ready;
            }
            arrived.await;
        }
    }
}

pub(crate) struct Consumer {
    queue: Arc<ClassQueue>,
    /// One permit for each delivery that may be unsettled.
    prefetch: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Consumer {
    pub(crate) fn new(queue: Arc<ClassQueue>, prefetch: u16, stop: CancellationToken) -> Self {
        Self { queue, prefetch: Arc::new(Semaphore::new(prefetch.max(1).into())), stop }
    }
}

#[async_trait]
impl WorkConsumer for Consumer {
    async fn next(&mut self) -> Option<Box<dyn Delivery>> {
        let taken = async {
            let permit = self.prefetch.clone().acquire_owned().await.ok()?;
            let Ready { message, redelivered } = self.queue.take().await;
            Some(HeldDelivery { message, redelivered, settled: false, queue: self.queue.clone(), _permit: permit })
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            delivery = taken => delivery.map(|delivery| Box::new(delivery) as _),
        }
    }

    async fn close(&mut self) {
        self.stop.cancel();
    }
}

struct HeldDelivery {
    message: WorkMessage,
    redelivered: bool,
    settled: bool,
    queue: Arc<ClassQueue>,
    _permit: OwnedSemaphorePermit,
}

#[async_trait]
impl Delivery for HeldDelivery {
    fn message(&self) -> &WorkMessage {
        &self.message
    }

    fn redelivered(&self) -> bool {
        self.redelivered
    }

    async fn ack(mut self: Box<Self>) -> Result<()> {
        self.settled = true;
        Ok(())
    }
}

impl Drop for HeldDelivery {
    fn drop(&mut self) {
        if !self.settled {
            self.queue.give_back(self.message.clone());
        }
    }
}
