//! Queues, their consumers and what these hold.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use herald_domain::broker::{BrokerError, Result};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::locked;

/// What happens to a message for which there is no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Overflow {
    /// It is refused.
    Refuse,
    /// It is taken, and the oldest goes.
    DropHead,
}

/// Queues of one sort, each made when it is first named.
pub(crate) struct Queues<M> {
    all: Mutex<HashMap<String, Arc<Queue<M>>>>,
    limit: usize,
    overflow: Overflow,
}

impl<M> Queues<M> {
    pub(crate) fn new(limit: usize, overflow: Overflow) -> Self {
        Self { all: Mutex::default(), limit, overflow }
    }

    pub(crate) fn of(&self, name: &str) -> Arc<Queue<M>> {
        let mut all = locked(&self.all);
        if let Some(queue) = all.get(name) {
            return queue.clone();
        }
        let queue = Arc::new(Queue::new(self.limit, self.overflow));
        all.insert(name.to_owned(), queue.clone());
        queue
    }

    pub(crate) fn depth(&self, name: &str) -> u64 {
        locked(&self.all).get(name).map_or(0, |queue| queue.depth())
    }
}

struct Ready<M> {
    message: M,
    redelivered: bool,
}

pub(crate) struct Queue<M> {
    ready: Mutex<VecDeque<Ready<M>>>,
    /// Told once for each message that becomes ready.
    arrived: Notify,
    limit: usize,
    overflow: Overflow,
}

impl<M> Queue<M> {
    fn new(limit: usize, overflow: Overflow) -> Self {
        Self { ready: Mutex::default(), arrived: Notify::new(), limit, overflow }
    }

    pub(crate) fn publish(&self, message: M) -> Result<()> {
        let mut ready = locked(&self.ready);
        if ready.len() >= self.limit {
            match self.overflow {
                Overflow::Refuse => return Err(BrokerError::Refused("queue full".to_owned())),
                Overflow::DropHead => drop(ready.pop_front()),
            }
        }
        ready.push_back(Ready { message, redelivered: false });
        drop(ready);
        self.arrived.notify_one();
        Ok(())
    }

    fn depth(&self) -> u64 {
        locked(&self.ready).len() as u64
    }

    /// Back to the front in their order, whatever the limit: they were accepted once.
    fn give_back(&self, messages: Vec<M>) {
        for message in messages.into_iter().rev() {
            locked(&self.ready).push_front(Ready { message, redelivered: true });
            self.arrived.notify_one();
        }
    }

    /// Safe to cancel: a message is taken in the same poll that returns it.
    async fn take(&self) -> Ready<M> {
        loop {
            let arrived = self.arrived.notified();
            if let Some(ready) = self.take_now() {
                return ready;
            }
            arrived.await;
        }
    }

    fn take_now(&self) -> Option<Ready<M>> {
        locked(&self.ready).pop_front()
    }
}

/// Takes from one queue; what it has handed out is bounded by its prefetch.
pub(crate) struct Taker<M> {
    queue: Arc<Queue<M>>,
    /// One permit for each message that may be unsettled.
    prefetch: Arc<Semaphore>,
    stop: CancellationToken,
}

impl<M> Taker<M> {
    pub(crate) fn new(queue: Arc<Queue<M>>, prefetch: u16, stop: CancellationToken) -> Self {
        Self { queue, prefetch: Arc::new(Semaphore::new(prefetch.max(1).into())), stop }
    }

    /// What waits, at least one and at most `most`. Safe to cancel: all of it is taken in the poll that returns it.
    pub(crate) async fn next(&self, most: usize) -> Option<Held<M>> {
        let taken = async {
            let permit = self.prefetch.clone().acquire_owned().await.ok()?;
            let first = self.queue.take().await;
            let mut held = Held {
                redelivered: first.redelivered,
                messages: vec![first.message],
                queue: self.queue.clone(),
                permit,
            };
            while held.messages.len() < most
                && let Ok(permit) = self.prefetch.clone().try_acquire_owned()
                && let Some(ready) = self.queue.take_now()
            {
                held.permit.merge(permit);
                held.messages.push(ready.message);
            }
            Some(held)
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            held = taken => held,
        }
    }

    pub(crate) fn close(&self) {
        self.stop.cancel();
    }
}

/// Messages that are settled together; dropped unsettled, they go back.
pub(crate) struct Held<M> {
    /// None once settled.
    messages: Vec<M>,
    /// Of the first.
    redelivered: bool,
    queue: Arc<Queue<M>>,
    permit: OwnedSemaphorePermit,
}

impl<M> Held<M> {
    pub(crate) fn messages(&self) -> &[M] {
        &self.messages
    }

    pub(crate) fn redelivered(&self) -> bool {
        self.redelivered
    }

    pub(crate) fn settle(mut self) {
        self.messages.clear();
    }
}

impl<M> Drop for Held<M> {
    fn drop(&mut self) {
        self.queue.give_back(std::mem::take(&mut self.messages));
    }
}
