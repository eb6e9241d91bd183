//! The live feed: owns the process's one live subscription, so that a bind that takes its time holds nobody up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use herald_domain::broker::{Broker, LiveSignal, LiveSubscription};
use herald_domain::owner::Partition;
use rand::RngExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const FIRST_RETRY: Duration = Duration::from_millis(50);
const LONGEST_RETRY: Duration = Duration::from_secs(1);

/// What the hub wants of the feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wish {
    Bind(Partition),
    Unbind(Partition),
}

/// What the feed tells the hub.
pub(crate) enum Report {
    Bound(Partition),
    /// The partition is not bound; ask again.
    Refused(Partition),
    Signal(LiveSignal),
}

pub(crate) struct Feed {
    broker: Arc<dyn Broker>,
    wishes: mpsc::Receiver<Wish>,
    reports: mpsc::Sender<Report>,
    bound: BTreeSet<Partition>,
}

/// The hub is gone.
struct Deserted;

impl Feed {
    pub(crate) fn new(broker: Arc<dyn Broker>, wishes: mpsc::Receiver<Wish>, reports: mpsc::Sender<Report>) -> Self {
        Self { broker, wishes, reports, bound: BTreeSet::new() }
    }

    /// Runs until `shutdown` fires or the hub is gone.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let _vital = shutdown.clone().drop_guard();
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = self.keep_subscribed() => {}
        }
    }

    async fn keep_subscribed(&mut self) -> Result<(), Deserted> {
        let mut again = false;
        loop {
            let mut subscription = self.subscribe().await?;
            if again {
                self.report(Report::Signal(LiveSignal::Restored)).await?;
            }
            self.serve(&mut *subscription).await?;
            self.report(Report::Signal(LiveSignal::Lost)).await?;
            again = true;
        }
    }

    /// A subscription bound to everything that was bound before.
    async fn subscribe(&mut self) -> Result<Box<dyn LiveSubscription>, Deserted> {
        let mut delay = FIRST_RETRY;
        loop {
            match self.try_subscribe().await {
                Ok(subscription) => return Ok(subscription),
                Err(error) => tracing::warn!(%error, "cannot subscribe to live partitions; it is tried again"),
            }
            self.report(Report::Signal(LiveSignal::Lost)).await?;
            let jitter = rand::rng().random_range(0.5..1.0);
            tokio::time::sleep(delay.mul_f64(jitter)).await;
            delay = (delay * 2).min(LONGEST_RETRY);
        }
    }

    async fn try_subscribe(&self) -> herald_domain::broker::Result<Box<dyn LiveSubscription>> {
        let mut subscription = self.broker.subscribe_live().await?;
        for partition in &self.bound {
            subscription.bind(*partition).await?;
        }
        Ok(subscription)
    }

    /// Passes signals on and fulfils wishes until the subscription ends.
    async fn serve(&mut self, subscription: &mut dyn LiveSubscription) -> Result<(), Deserted> {
        loop {
            tokio::select! {
                wish = self.wishes.recv() => {
                    let wish = wish.ok_or(Deserted)?;
                    self.fulfil(subscription, wish).await?;
                }
                signal = subscription.next() => match signal {
                    Some(signal) => self.report(Report::Signal(signal)).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn fulfil(&mut self, subscription: &mut dyn LiveSubscription, wish: Wish) -> Result<(), Deserted> {
        match wish {
            Wish::Bind(partition) => match subscription.bind(partition).await {
                Ok(()) => {
                    self.bound.insert(partition);
                    self.report(Report::Bound(partition)).await
                }
                Err(error) => {
                    tracing::warn!(%error, %partition, "cannot bind a live partition; it is tried again");
                    self.report(Report::Refused(partition)).await
                }
            },
            Wish::Unbind(partition) => {
                self.bound.remove(&partition);
                if let Err(error) = subscription.unbind(partition).await {
                    // Costs only messages that nobody here wants.
                    tracing::debug!(%error, %partition, "cannot unbind a live partition");
                }
                Ok(())
            }
        }
    }

    async fn report(&self, report: Report) -> Result<(), Deserted> {
        self.reports.send(report).await.map_err(|_| Deserted)
    }
}
