//! Live partitions: every subscription has a bounded buffer of its own, so that a slow one costs the others nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use herald_domain::broker::{LiveSignal, LiveSubscription, Result};
use herald_domain::event::LiveMessage;
use herald_domain::owner::Partition;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::locked;

/// All subscriptions of the broker.
#[derive(Default)]
pub(crate) struct Subscriptions(Mutex<Table>);

#[derive(Default)]
struct Table {
    entries: HashMap<u64, Entry>,
    last_id: u64,
}

struct Entry {
    bound: BTreeSet<Partition>,
    messages: mpsc::Sender<LiveMessage>,
    lagged: Arc<AtomicBool>,
}

impl Subscriptions {
    pub(crate) fn publish(&self, message: &LiveMessage) {
        let partitions = message.partitions();
        let table = locked(&self.0);
        for entry in table.entries.values().filter(|entry| partitions.iter().any(|p| entry.bound.contains(p))) {
            if entry.messages.try_send(message.clone()).is_err() {
                entry.lagged.store(true, Ordering::Release);
            }
        }
    }

    pub(crate) fn subscribe(self: Arc<Self>, buffer: usize, closed: CancellationToken) -> Subscription {
        let (sender, messages) = mpsc::channel(buffer.max(1));
        let lagged = Arc::new(AtomicBool::new(false));
        let mut table = locked(&self.0);
        table.last_id += 1;
        let id = table.last_id;
        table.entries.insert(id, Entry { bound: BTreeSet::new(), messages: sender, lagged: lagged.clone() });
        drop(table);
        Subscription { id, all: self, messages, lagged, closed }
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut BTreeSet<Partition>)) {
        if let Some(entry) = locked(&self.0).entries.get_mut(&id) {
            change(&mut entry.bound);
        }
    }
}

pub(crate) struct Subscription {
    id: u64,
    all: Arc<Subscriptions>,
    messages: mpsc::Receiver<LiveMessage>,
    /// Messages were dropped and the subscriber has not been told yet.
    lagged: Arc<AtomicBool>,
    closed: CancellationToken,
}

#[async_trait]
impl LiveSubscription for Subscription {
    async fn bind(&mut self, partition: Partition) -> Result<()> {
        self.all.change(self.id, |bound| {
            bound.insert(partition);
        });
        Ok(())
    }

    async fn unbind(&mut self, partition: Partition) -> Result<()> {
        self.all.change(self.id, |bound| {
            bound.remove(&partition);
        });
        Ok(())
    }

    /// `Lagged` comes before the messages that still fill the buffer: the sooner the store is read, the better.
    async fn next(&mut self) -> Option<LiveSignal> {
        if self.lagged.swap(false, Ordering::AcqRel) {
            return Some(LiveSignal::Lagged);
        }
        tokio::select! {
            biased;
            () = self.closed.cancelled() => None,
            message = self.messages.recv() => message.map(LiveSignal::Message),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        locked(&self.all.0).entries.remove(&self.id);
    }
}
