//! Keeps one queue consumed through reconnects, and hands the deliveries out one by one.
//!
//! Invariant: no more deliveries are unsettled than the prefetch allows. A task of its own does the consuming, so that whoever
//! waits for a delivery may stop waiting at any moment. Ends by an explicit cancel: a consumer that is merely forgotten can take
//! lapin's connection with it.

use std::sync::Arc;

use futures::StreamExt;
use herald_domain::money::Service;
use lapin::Consumer;
use lapin::message::Delivery;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::backoff::Backoff;
use crate::link::Link;
use crate::session::{OwnChannel, Session};
use crate::settle::{Inbound, Settlement};
use crate::tasks::Tasks;
use crate::topology::{BURIAL, Topology};
use crate::trouble::Trouble;

/// What is consumed.
#[derive(Clone)]
pub(crate) enum Source {
    Work { class: String },
    Service { service: Service },
    Dead,
}

impl Source {
    fn queue(&self, topology: &Topology) -> ShortString {
        match self {
            Self::Work { class } => topology.work_queue(class),
            Self::Service { service } => topology.service_queue(*service),
            Self::Dead => topology.dead(),
        }
    }

    /// The queue may never have been, or have been deleted under us.
    async fn declare(&self, topology: &Topology, channel: &OwnChannel) -> Result<(), Trouble> {
        match self {
            Self::Work { class } => topology.declare_work(channel, std::slice::from_ref(class)).await,
            Self::Service { service } => topology.declare_services(channel, std::slice::from_ref(service)).await,
            Self::Dead => topology.declare_dead(channel).await,
        }
    }
}

/// A delivery on its way to whoever settles it.
pub(crate) struct Taken {
    pub(crate) delivery: Delivery,
    pub(crate) settlement: Settlement,
}

impl Taken {
    /// `None` if it can no longer be settled.
    fn handed_out(mut self) -> Option<Self> {
        self.settlement.hand_out();
        self.settlement.is_usable().then_some(self)
    }
}

/// The receiving end. Dropping it cancels the consumer and gives back what was not handed out.
pub(crate) struct Intake {
    taken: mpsc::Receiver<Taken>,
    /// Closed once the consumer is cancelled.
    ended: watch::Receiver<()>,
    stop: CancellationToken,
    _stop_when_dropped: DropGuard,
}

/// What an intake needs of its broker.
#[derive(Clone)]
pub(crate) struct IntakeDeps {
    pub(crate) link: Link,
    pub(crate) topology: Topology,
    pub(crate) tasks: Tasks,
}

impl Intake {
    /// Returns at once; consuming starts as soon as there is a session. Ends when `stop` fires.
    pub(crate) fn start(deps: &IntakeDeps, source: Source, prefetch: u16, stop: CancellationToken) -> Self {
        let prefetch = prefetch.max(1);
        let (sender, taken) = mpsc::channel(prefetch.into());
        let (alive, ended) = watch::channel(());
        let pump = Pump { deps: deps.clone(), source, prefetch, taken: sender, stop: stop.clone(), told: None };
        deps.tasks.spawn(async move {
            pump.run().await;
            drop(alive);
        });
        Self { taken, ended, _stop_when_dropped: stop.clone().drop_guard(), stop }
    }

    /// The next delivery that can still be settled. Safe to cancel. `None` after the end.
    pub(crate) async fn next(&mut self) -> Option<Taken> {
        loop {
            let taken = self.taken.recv().await?;
            if let Some(taken) = taken.handed_out() {
                return Some(taken);
            }
        }
    }

    /// As [`Self::next`], but `None` if there is none now.
    pub(crate) fn next_now(&mut self) -> Option<Taken> {
        std::iter::from_fn(|| self.taken.try_recv().ok()).find_map(Taken::handed_out)
    }

    /// Cancels the consumer and gives back what was not handed out.
    pub(crate) async fn close(&mut self) {
        self.stop.cancel();
        self.taken.close();
        while self.taken.recv().await.is_some() {}
        // An error is what we wait for: the pump's end.
        let _ = self.ended.changed().await;
    }
}

struct Pump {
    deps: IntakeDeps,
    source: Source,
    prefetch: u16,
    taken: mpsc::Sender<Taken>,
    stop: CancellationToken,
    told: Option<Trouble>,
}

/// Why one consumer ended.
enum End {
    /// We were asked to.
    Stopped,
    /// Its session or its queue is gone.
    Lost,
}

impl Pump {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        let stop = self.stop.clone();
        loop {
            let session = tokio::select! {
                () = stop.cancelled() => return,
                session = self.deps.link.next_session() => session,
            };
            let Some(session) = session else { return };
            match self.attach(&session).await {
                Ok((inbound, consumer)) => {
                    backoff.reset();
                    self.told = None;
                    if matches!(self.consume(inbound, consumer).await, End::Stopped) {
                        return;
                    }
                    if session.is_alive() {
                        self.bury(&stop).await;
                    }
                }
                Err(trouble) => self.tell(&session, trouble),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(backoff.next()) => {}
            }
        }
    }

    /// The queue was deleted under us.
    async fn bury(&self, stop: &CancellationToken) {
        let queue = self.source.queue(&self.deps.topology);
        tracing::warn!(%queue, "the broker cancelled the consumer: declaring and consuming the queue again");
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(BURIAL) => {}
        }
    }

    async fn attach(&self, session: &Session) -> Result<(Arc<Inbound>, Consumer), Trouble> {
        let channel = session.channel().await?;
        self.source.declare(&self.deps.topology, &channel).await?;
        let queue = self.source.queue(&self.deps.topology);
        let what = format!("consuming '{queue}'");
        channel.answered(&what, channel.basic_qos(self.prefetch, BasicQosOptions { global: false })).await?;
        let consumer = channel.basic_consume(queue, "".into(), BasicConsumeOptions::default(), FieldTable::default());
        let consumer = channel.answered(&what, consumer).await?;
        Ok((Arc::new(Inbound::new(channel)), consumer))
    }

    async fn consume(&self, inbound: Arc<Inbound>, mut consumer: Consumer) -> End {
        loop {
            // Room first: what lies unread from a session before must not be overtaken without bound.
            let room = tokio::select! {
                biased;
                () = self.stop.cancelled() => return self.cancel(inbound, consumer).await,
                () = inbound.channel.lost() => return End::Lost,
                room = self.taken.reserve() => room,
            };
            let Ok(room) = room else { return self.cancel(inbound, consumer).await };
            let delivery = tokio::select! {
                biased;
                () = self.stop.cancelled() => return self.cancel(inbound, consumer).await,
                () = inbound.channel.lost() => return End::Lost,
                delivery = consumer.next() => delivery,
            };
            // An error or the end of the stream: the connection, the channel or the queue is gone.
            let Some(Ok(delivery)) = delivery else { return End::Lost };
            room.send(self.take(&inbound, delivery));
        }
    }

    fn take(&self, inbound: &Arc<Inbound>, delivery: Delivery) -> Taken {
        let settlement = Settlement::new(&delivery, inbound.clone(), self.deps.tasks.clone());
        Taken { delivery, settlement }
    }

    /// In so many words, and what arrives meanwhile goes back.
    async fn cancel(&self, inbound: Arc<Inbound>, mut consumer: Consumer) -> End {
        let give_back = async {
            inbound.channel.basic_cancel(consumer.tag(), BasicCancelOptions::default()).await?;
            while let Some(Ok(delivery)) = consumer.next().await {
                drop(self.take(&inbound, delivery));
            }
            Ok(())
        };
        // If it fails, the connection is lost, and the broker takes everything back by itself.
        let _ = inbound.channel.answered("cancelling a consumer", give_back).await;
        End::Stopped
    }

    /// The loss of the connection is the link's to tell.
    fn tell(&mut self, session: &Session, trouble: Trouble) {
        if session.is_alive() && !self.told.as_ref().is_some_and(|told| told.is_like(&trouble)) {
            let queue = self.source.queue(&self.deps.topology);
            tracing::error!(%queue, error = %trouble, "the queue cannot be consumed; trying on");
            self.told = Some(trouble);
        }
    }
}
