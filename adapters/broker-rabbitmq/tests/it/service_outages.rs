//! The broker away or killed while services are told: nothing confirmed is lost, and everything comes back by itself.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use herald_broker_rabbitmq::RabbitBroker;
use herald_domain::broker::{Broker, BrokerError, ServiceConsumer, TransferMessage};
use herald_domain::id::TransferId;
use herald_domain::money::{MAX_EFFECT_BATCH, Service, TransferKind, TransferState};
use herald_testkit::broker_contract::step;
use herald_testkit::rabbit_node::RabbitNode;
use tokio_util::sync::CancellationToken;

use crate::place::{Place, until, within};

const SERVICES: [Service; 2] = [Service::Fraud, Service::Webhook];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_killed_in_mid_publish_loses_no_step_it_confirmed() {
    const MESSAGES: usize = 4_000;
    let mut node = RabbitNode::start().await.unwrap();
    let place = Place::at(&node.url());
    let (publishing, consuming) = (Arc::new(place.connected().await), place.connected().await);
    until("the queues on the node's disk", || {
        Service::ALL.iter().all(|&service| node.has_written_down(&place.service_queue(service)))
    })
    .await;
    let (consumed, all_published) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
    let mut consumers = Vec::new();
    for service in SERVICES {
        let consumer = consuming.consume_service(service, 2 * MAX_EFFECT_BATCH as u16).await.unwrap();
        consumers.push(tokio::spawn(consume_all(consumer, consumed.clone(), all_published.clone())));
    }
    let publisher = tokio::spawn(publish_until_taken(publishing.clone(), MESSAGES));

    until("a third", || consumed.load(Ordering::Relaxed) > SERVICES.len() * MESSAGES / 3).await;
    node.kill().unwrap();
    until("the loss to show", || !publishing.status().connected && !consuming.status().connected).await;
    let before = consumed.load(Ordering::Relaxed);
    node.start_again().await.unwrap();
    let returned = Instant::now();
    until("the consumers", || consumed.load(Ordering::Relaxed) > before).await;
    println!("after the broker's return: first batch {:?}", returned.elapsed());

    let confirmed = within("all confirms", publisher).await.unwrap();
    assert_eq!(confirmed.len(), MESSAGES);
    all_published.cancel();
    for (service, consumer) in SERVICES.into_iter().zip(consumers) {
        let seen = within("the consumer's end", consumer).await.unwrap();
        assert!(confirmed.is_subset(&seen), "{service} lost {} of them", confirmed.difference(&seen).count());
        assert_eq!(consuming.service_depth(service).await.unwrap(), 0, "all is settled");
    }
    tokio::join!(publishing.close(), consuming.close());
}

#[tokio::test]
async fn a_batch_of_a_lost_connection_is_stale_and_comes_again_once() {
    let node = RabbitNode::start().await.unwrap();
    let broker = Place::at(&node.url()).connected().await;
    let mut consumer = broker.consume_service(Service::Statement, 50).await.unwrap();
    for _ in 0..3 {
        let messages: Vec<_> = (0..20).map(|_| payment()).collect();
        for outcome in broker.publish_transfers(&messages).await {
            outcome.unwrap();
        }
        // One in hand, others in this process but not yet handed out.
        let held = within("a batch", consumer.next(1)).await.unwrap();
        node.ctl(&["close_all_connections", "test"]).await.unwrap();
        until("the loss to show", || !broker.status().connected).await;
        until("the connections", || broker.status().connected).await;
        assert!(matches!(held.ack().await, Err(BrokerError::Stale)), "its channel is gone");
        let mut seen = Vec::new();
        while seen.len() < messages.len() {
            let batch = within("a batch", consumer.next(MAX_EFFECT_BATCH)).await.unwrap();
            seen.extend(batch.messages().iter().map(|message| message.step.transfer));
            batch.ack().await.expect("it is of the new connection");
        }
        let expected: BTreeSet<_> = messages.iter().map(|message| message.step.transfer).collect();
        assert_eq!((seen.len(), BTreeSet::from_iter(seen)), (20, expected), "all come again, each once");
    }
    assert_eq!(broker.service_depth(Service::Statement).await.unwrap(), 0);
    broker.close().await;
}

#[tokio::test]
async fn services_started_without_a_broker_are_told_once_it_is_there() {
    let mut node = RabbitNode::prepare().await.unwrap();
    let broker = Place::at(&node.url()).broker();
    let message = [payment()];
    let mut consumer = broker.consume_service(Service::Rewards, 5).await.unwrap();
    let outcomes = [
        broker.publish_transfers(&message).await.remove(0),
        broker.wake_service(Service::Rewards, &message).await.remove(0),
        broker.service_depth(Service::Rewards).await.map(drop),
    ];
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(BrokerError::Unavailable(_)))), "{outcomes:?}");

    node.start_again().await.unwrap();
    until("the connections", || broker.status().connected).await;
    broker.publish_transfers(&message).await.remove(0).unwrap();
    let batch = within("the batch", consumer.next(5)).await.unwrap();
    assert_eq!(batch.messages(), message);
    batch.ack().await.unwrap();
    within("the close", broker.close()).await;
}

fn payment() -> TransferMessage {
    step(TransferKind::Payment, TransferState::Completed)
}

/// Publishes until the broker has taken all, as the relay does; what was taken.
async fn publish_until_taken(broker: Arc<RabbitBroker>, count: usize) -> BTreeSet<TransferId> {
    let mut taken = BTreeSet::new();
    let mut waiting: Vec<_> = (0..count).map(|_| payment()).collect();
    while !waiting.is_empty() {
        let batch = waiting.split_off(waiting.len().saturating_sub(200));
        for (message, outcome) in batch.clone().into_iter().zip(broker.publish_transfers(&batch).await) {
            match outcome {
                Ok(()) => assert!(taken.insert(message.step.transfer)),
                Err(BrokerError::Unavailable(_)) => waiting.push(message),
                Err(error) => panic!("not to be expected here: {error}"),
            }
        }
        if !broker.status().connected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    taken
}

/// Acks everything until all has been published and nothing more comes; what was seen.
async fn consume_all(
    mut consumer: Box<dyn ServiceConsumer>,
    consumed: Arc<AtomicUsize>,
    all_published: CancellationToken,
) -> BTreeSet<TransferId> {
    let mut seen = BTreeSet::new();
    loop {
        match tokio::time::timeout(Duration::from_secs(2), consumer.next(MAX_EFFECT_BATCH)).await {
            Ok(batch) => {
                let batch = batch.expect("the consumer goes on");
                seen.extend(batch.messages().iter().map(|message| message.step.transfer));
                consumed.fetch_add(batch.messages().len(), Ordering::Relaxed);
                // A stale one comes again.
                let _ = batch.ack().await;
            }
            Err(_) if all_published.is_cancelled() => return seen,
            Err(_) => {}
        }
    }
}
