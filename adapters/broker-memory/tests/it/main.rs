//! The broker contract on the in-process adapter, and what only this adapter promises.

use std::sync::Arc;

use async_trait::async_trait;
use herald_broker_memory::{MemoryBroker, MemoryConfig};
use herald_domain::broker::{Broker, BrokerError};
use herald_domain::money::{Service, TransferKind, TransferState};
use herald_testkit::broker_contract::{BrokerHarness, CLASS, LIVE_BUFFER, step, wake_up};

struct Harness(MemoryBroker);

#[async_trait]
impl BrokerHarness for Harness {
    fn broker(&self) -> Arc<dyn Broker> {
        Arc::new(self.0.clone())
    }

    fn second(&self) -> Arc<dyn Broker> {
        Arc::new(self.0.clone())
    }

    async fn tear_down(&self) {
        self.0.close().await;
    }
}

async fn harness() -> Harness {
    Harness(MemoryBroker::new(MemoryConfig { live_buffer: LIVE_BUFFER, ..MemoryConfig::default() }))
}

herald_testkit::broker_contract!(harness());

#[tokio::test]
async fn a_full_queue_refuses_and_takes_again_when_there_is_room() {
    let broker = MemoryBroker::new(MemoryConfig { queue_limit: 2, ..MemoryConfig::default() });
    let messages: Vec<_> = (0..3).map(|_| wake_up(CLASS)).collect();
    let outcomes = broker.publish_work(&messages).await;
    assert!(outcomes[..2].iter().all(Result::is_ok));
    assert!(matches!(&outcomes[2], Err(BrokerError::Refused(why)) if why == "queue full"), "{:?}", outcomes[2]);
    let mut consumer = broker.consume_work(CLASS, 1).await.unwrap();
    consumer.next().await.unwrap().ack().await.unwrap();
    assert!(broker.publish_work(&messages[2..]).await[0].is_ok());
}

#[tokio::test]
async fn a_full_queue_of_a_service_drops_its_oldest() {
    let broker = MemoryBroker::new(MemoryConfig { queue_limit: 2, ..MemoryConfig::default() });
    let messages: Vec<_> = (0..3).map(|_| step(TransferKind::Payment, TransferState::Completed)).collect();
    assert!(broker.publish_transfers(&messages).await.iter().all(Result::is_ok));
    let mut consumer = broker.consume_service(Service::Fraud, 5).await.unwrap();
    assert_eq!(consumer.next(5).await.unwrap().messages(), &messages[1..]);
}

#[tokio::test]
async fn only_configured_services_are_told_but_any_can_be_woken() {
    let services = vec![Service::Fraud, Service::Fraud];
    let broker = MemoryBroker::new(MemoryConfig { services, ..MemoryConfig::default() });
    let message = [step(TransferKind::Payment, TransferState::Completed)];
    broker.publish_transfers(&message).await.remove(0).unwrap();
    assert_eq!(broker.service_depth(Service::Fraud).await.unwrap(), 1, "once, however often it is named");
    assert_eq!(broker.service_depth(Service::Rewards).await.unwrap(), 0);
    broker.wake_service(Service::Rewards, &message).await.remove(0).unwrap();
    assert_eq!(broker.service_depth(Service::Rewards).await.unwrap(), 1);
}

#[tokio::test]
async fn nothing_falls_through() {
    let broker = MemoryBroker::new(MemoryConfig::default());
    let (fallen, ()) = tokio::join!(broker.next_fallen(), broker.close());
    assert!(fallen.is_err(), "waits until the broker is closed");
}
