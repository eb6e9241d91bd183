//! A broker that is away, slow to bind, or loses its connection.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use herald_domain::broker::{
    Broker, BrokerError, BrokerStatus, Fallen, LiveSignal, LiveSubscription, Result, ServiceConsumer, TransferMessage,
    WorkConsumer, WorkMessage,
};
use herald_domain::event::LiveMessage;
use herald_domain::money::Service;
use herald_domain::owner::Partition;
use tokio::sync::{mpsc, watch};

use crate::world::{SOON, World, quick};

/// Does what the test says.
struct Scripted {
    /// Whether it can be subscribed to, and binds.
    up: watch::Sender<bool>,
    bound: watch::Sender<usize>,
    signals: Mutex<Option<mpsc::Sender<LiveSignal>>>,
}

impl Scripted {
    fn new(up: bool) -> Arc<Self> {
        Arc::new(Self { up: watch::Sender::new(up), bound: watch::Sender::new(0), signals: Mutex::default() })
    }

    async fn signal(&self, signal: LiveSignal) {
        let sender = self.signals.lock().unwrap().clone().expect("it is subscribed to");
        sender.send(signal).await.unwrap();
    }
}

fn away() -> BrokerError {
    BrokerError::Unavailable("scripted".into())
}

#[async_trait]
impl Broker for Scripted {
    async fn publish_work(&self, _: &[WorkMessage]) -> Vec<Result<()>> {
        vec![]
    }
    async fn consume_work(&self, _: &str, _: u16) -> Result<Box<dyn WorkConsumer>> {
        Err(away())
    }
    async fn work_depth(&self, _: &str) -> Result<u64> {
        Ok(0)
    }
    async fn publish_transfers(&self, _: &[TransferMessage]) -> Vec<Result<()>> {
        vec![]
    }
    async fn wake_service(&self, _: Service, _: &[TransferMessage]) -> Vec<Result<()>> {
        vec![]
    }
    async fn consume_service(&self, _: Service, _: u16) -> Result<Box<dyn ServiceConsumer>> {
        Err(away())
    }
    async fn service_depth(&self, _: Service) -> Result<u64> {
        Ok(0)
    }
    fn publish_live(&self, message: &LiveMessage) -> bool {
        let signal = LiveSignal::Message(message.clone());
        self.signals.lock().unwrap().as_ref().is_some_and(|sender| sender.try_send(signal).is_ok())
    }
    async fn subscribe_live(&self) -> Result<Box<dyn LiveSubscription>> {
        if !*self.up.borrow() {
            return Err(away());
        }
        let (sender, signals) = mpsc::channel(64);
        *self.signals.lock().unwrap() = Some(sender);
        Ok(Box::new(Scroll { up: self.up.subscribe(), bound: self.bound.clone(), signals }))
    }
    async fn describe(&self) -> Result<String> {
        Ok("scripted".into())
    }
    fn status(&self) -> BrokerStatus {
        BrokerStatus { connected: *self.up.borrow(), blocked: false }
    }
    async fn next_fallen(&self) -> Result<Box<dyn Fallen>> {
        std::future::pending().await
    }
    async fn close(&self) {
        self.signals.lock().unwrap().take();
    }
}

struct Scroll {
    up: watch::Receiver<bool>,
    bound: watch::Sender<usize>,
    signals: mpsc::Receiver<LiveSignal>,
}

#[async_trait]
impl LiveSubscription for Scroll {
    async fn bind(&mut self, _: Partition) -> Result<()> {
        // Hangs while the broker is away.
        self.up.wait_for(|up| *up).await.map_err(|_| away())?;
        self.bound.send_modify(|bound| *bound += 1);
        Ok(())
    }
    async fn unbind(&mut self, _: Partition) -> Result<()> {
        self.bound.send_modify(|bound| *bound -= 1);
        Ok(())
    }
    async fn next(&mut self) -> Option<LiveSignal> {
        self.signals.recv().await
    }
}

#[tokio::test]
async fn a_broker_that_is_away_from_the_start_costs_a_second_and_loses_nothing() {
    let broker = Scripted::new(false);
    let world = World::with_broker(quick(), broker.clone()).await;
    let work = world.submit("alice").await;
    let mut watch = work.watch(None).await;
    work.finish().await;
    assert_eq!(watch.events_until(4).await, [2, 3, 4]);
    broker.up.send_replace(true);
    tokio::time::timeout(SOON, broker.bound.subscribe().wait_for(|bound| *bound == 1)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_bind_that_hangs_keeps_nobody_waiting() {
    let broker = Scripted::new(true);
    let world = World::with_broker(quick(), broker.clone()).await;
    let first = world.submit("alice").await;
    let mut watch = first.watch(None).await;
    watch.frame().await.unwrap();
    broker.up.send_replace(false);
    let work = world.submit("bob").await;
    let mut other =
        tokio::time::timeout(Duration::from_secs(5), work.watch(None)).await.expect("served without a bind");
    first.compiling().await;
    first.running().await;
    first.finished().await;
    assert_eq!(watch.events_until(4).await, [2, 3, 4]);
    work.compiling().await;
    assert_eq!(other.events_until(2).await, [2]);
    broker.up.send_replace(true);
    tokio::time::timeout(SOON, broker.bound.subscribe().wait_for(|bound| *bound == 2)).await.unwrap().unwrap();
}

/// The default interval is far longer than this test waits: only the signals make it catch up.
#[tokio::test]
async fn what_was_lost_with_the_connection_is_caught_up_when_it_is_back() {
    let mut config = quick();
    config.catch_up = SOON * 10;
    let broker = Scripted::new(true);
    let world = World::with_broker(config.clone(), broker.clone()).await;
    let work = world.submit("alice").await;
    let mut watch = work.watch(None).await;
    watch.frame().await.unwrap();
    broker.signal(LiveSignal::Lost).await;
    work.compiling().await;
    assert_eq!(watch.events_until(2).await, [2], "while the broker is away");
    broker.signal(LiveSignal::Restored).await;
    work.running().await;
    broker.signal(LiveSignal::Lagged).await;
    assert_eq!(watch.events_until(3).await, [3]);
    work.finished().await;
    broker.close().await;
    assert_eq!(watch.events_until(4).await, [4], "the subscription itself is made anew");
}

#[tokio::test]
async fn a_partition_without_subscribers_is_let_go_after_a_while() {
    let mut config = quick();
    config.linger = Duration::from_millis(10);
    let broker = Scripted::new(true);
    let world = World::with_broker(config, broker.clone()).await;
    let work = world.submit("alice").await;
    let mut bound = broker.bound.subscribe();
    let watch = work.watch(None).await;
    tokio::time::timeout(SOON, bound.wait_for(|bound| *bound == 1)).await.unwrap().unwrap();
    drop(watch);
    tokio::time::timeout(SOON, bound.wait_for(|bound| *bound == 0)).await.unwrap().unwrap();
    let mut again = work.watch(None).await;
    again.frame().await.unwrap();
    tokio::time::timeout(SOON, bound.wait_for(|bound| *bound == 1)).await.unwrap().unwrap();
}
