//! The broker away, killed, frozen, starved: nothing confirmed is lost, everything comes back by itself and soon.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use herald_broker_rabbitmq::RabbitBroker;
use herald_domain::broker::{Broker, BrokerError, LiveSignal, LiveSubscription, WorkConsumer};
use herald_domain::id::SubmissionId;
use herald_testkit::broker_contract::live::{event, two_owners};
use herald_testkit::broker_contract::{CLASS, wake_up};
use herald_testkit::rabbit_node::RabbitNode;
use tokio_util::sync::CancellationToken;

use crate::counters::Counters;
use crate::place::{Place, until, within};

/// Promised is 3 s from the broker's return; a machine that runs many tests at once may take longer.
const BACK_WITHIN: Duration = Duration::from_secs(15);

#[tokio::test]
async fn what_was_started_without_a_broker_works_once_it_is_there() {
    let mut node = RabbitNode::prepare().await.unwrap();
    let broker = Place::at(&node.url()).broker();
    let mut consumer = broker.consume_work(CLASS, 5).await.unwrap();
    let mut subscription = broker.subscribe_live().await.unwrap();
    let [alice, _] = two_owners();
    assert!(subscription.bind(alice.partition()).await.is_err(), "not yet; the wish is kept");
    assert!(matches!(within("the loss", subscription.next()).await, Some(LiveSignal::Lost)));

    node.start_again().await.unwrap();
    assert!(matches!(within("the queue", subscription.next()).await, Some(LiveSignal::Restored)));
    until("the connections", || broker.status().connected).await;
    let message = wake_up(CLASS);
    broker.publish_work(std::slice::from_ref(&message)).await.remove(0).unwrap();
    let delivery = within("the message", consumer.next()).await.unwrap();
    assert_eq!(delivery.message(), &message);
    delivery.ack().await.unwrap();
    assert!(broker.publish_live(&event(&[&alice], 1)));
    assert!(matches!(within("the event", subscription.next()).await, Some(LiveSignal::Message(_))));
    within("the close", broker.close()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_killed_in_mid_publish_loses_nothing_it_confirmed() {
    const MESSAGES: usize = 6_000;
    let mut node = RabbitNode::start().await.unwrap();
    let place = Place::at(&node.url());
    let (publishing, consuming) = (Arc::new(place.connected().await), place.connected().await);
    let consumer = consuming.consume_work(CLASS, 100).await.unwrap();
    let mut subscription = consuming.subscribe_live().await.unwrap();
    let [alice, _] = two_owners();
    subscription.bind(alice.partition()).await.unwrap();
    until("the queue on the node's disk", || node.has_written_down(&place.work_queue())).await;

    let consumed = Arc::new(AtomicUsize::new(0));
    let all_published = CancellationToken::new();
    let consumer = tokio::spawn(consume_all(consumer, consumed.clone(), all_published.clone()));
    let publisher = tokio::spawn(publish_until_taken(publishing.clone(), MESSAGES));

    until("a third", || consumed.load(Ordering::Relaxed) > MESSAGES / 3).await;
    node.kill().unwrap();
    assert!(matches!(within("the loss", lost(&mut *subscription)).await, LiveSignal::Lost));
    until("the loss to show", || !publishing.status().connected && !consuming.status().connected).await;
    let before = consumed.load(Ordering::Relaxed);
    node.start_again().await.unwrap();
    let returned = Instant::now();
    assert!(matches!(within("the new queue", subscription.next()).await, Some(LiveSignal::Restored)));
    let live_after = returned.elapsed();
    until("the consumer", || consumed.load(Ordering::Relaxed) > before).await;
    let work_after = returned.elapsed();
    println!("after the broker's return: live subscription {live_after:?}, first delivery {work_after:?}");
    assert!(live_after < BACK_WITHIN && work_after < BACK_WITHIN);

    let confirmed = within("all confirms", publisher).await.unwrap();
    until("live messages to be taken", || publishing.publish_live(&event(&[&alice], 1))).await;
    assert!(matches!(within("the event", subscription.next()).await, Some(LiveSignal::Message(_))));
    all_published.cancel();
    let seen = within("the consumer's end", consumer).await.unwrap();
    assert_eq!(confirmed.len(), MESSAGES);
    assert!(confirmed.is_subset(&seen), "{} confirmed messages were lost", confirmed.difference(&seen).count());
    assert_eq!(consuming.work_depth(CLASS).await.unwrap(), 0);
    tokio::join!(publishing.close(), consuming.close());
}

#[tokio::test]
async fn closed_connections_come_back_and_what_was_held_is_stale() {
    let counters = Counters::default();
    let _recording = metrics::set_default_local_recorder(&counters);
    let node = RabbitNode::start().await.unwrap();
    let broker = Place::at(&node.url()).connected().await;
    let mut consumer = broker.consume_work(CLASS, 5).await.unwrap();
    let mut subscription = broker.subscribe_live().await.unwrap();
    for round in 1..=3 {
        let messages = [wake_up(CLASS), wake_up(CLASS)];
        for outcome in broker.publish_work(&messages).await {
            outcome.unwrap();
        }
        let held = within("a delivery", consumer.next()).await.unwrap();
        assert!(!held.redelivered());
        node.ctl(&["close_all_connections", "test"]).await.unwrap();
        assert!(matches!(within("the loss", subscription.next()).await, Some(LiveSignal::Lost)));
        let returned = Instant::now();
        assert!(matches!(within("the return", subscription.next()).await, Some(LiveSignal::Restored)));
        until("the connections", || broker.status().connected).await;
        println!("after the connections were closed: back in {:?}", returned.elapsed());
        assert!(returned.elapsed() < BACK_WITHIN);
        assert!(matches!(held.ack().await, Err(BrokerError::Stale)), "its channel is gone");
        let expected: BTreeSet<_> = messages.iter().map(|message| message.submission).collect();
        assert_eq!(take(&mut consumer, 2).await, expected, "both come again, and nothing else");
        assert!(counters.sum("herald_broker_reconnects_total", "connection=publish") >= round);
        assert!(counters.sum("herald_broker_reconnects_total", "connection=consume") >= round);
    }
    broker.close().await;
}

#[tokio::test]
async fn an_alarm_stops_publishing_and_nothing_else() {
    let node = RabbitNode::start().await.unwrap();
    let broker = Place::at(&node.url()).connected().await;
    publish(&broker, 20).await;
    node.ctl(&["set_vm_memory_high_watermark", "0.0000001"]).await.unwrap();

    // The first publish under the alarm is what the broker blocks us for.
    let since = Instant::now();
    let outcome = broker.publish_work(&[wake_up(CLASS)]).await.remove(0);
    assert!(matches!(outcome, Err(BrokerError::Unavailable(_))), "{outcome:?}");
    let waited = since.elapsed();
    assert!(broker.status().blocked && broker.status().connected);
    assert!(broker.trouble().is_some_and(|text| text.contains("takes no messages")), "{:?}", broker.trouble());
    let since = Instant::now();
    let outcomes = broker.publish_work(&[wake_up(CLASS), wake_up(CLASS)]).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(BrokerError::Unavailable(_)))), "{outcomes:?}");
    println!("publishing under the alarm: given up after {waited:?}, then refused in {:?}", since.elapsed());
    assert!(waited < Duration::from_secs(20) && since.elapsed() < Duration::from_secs(1));
    let [alice, _] = two_owners();
    assert!(!broker.publish_live(&event(&[&alice], 1)));

    let mut consumer = broker.consume_work(CLASS, 5).await.unwrap();
    take(&mut consumer, 20).await;
    // Longer than two heartbeats: being blocked is not being dead.
    let patient = Instant::now();
    until("time", || patient.elapsed() > Duration::from_secs(13)).await;
    assert!(broker.status().blocked && broker.status().connected);

    node.ctl(&["set_vm_memory_high_watermark", "0.4"]).await.unwrap();
    until("the end of the alarm", || !broker.status().blocked).await;
    assert_eq!(broker.trouble(), None);
    let message = wake_up(CLASS);
    broker.publish_work(std::slice::from_ref(&message)).await.remove(0).unwrap();
    // What was given up under the alarm may arrive as well.
    while take(&mut consumer, 1).await != BTreeSet::from([message.submission]) {}
    assert!(broker.publish_live(&event(&[&alice], 2)));
    broker.close().await;
}

#[tokio::test]
async fn a_frozen_broker_is_noticed_and_taken_up_again() {
    let node = RabbitNode::start().await.unwrap();
    let broker = Place::at(&node.url()).connected().await;
    let mut consumer = broker.consume_work(CLASS, 5).await.unwrap();
    let mut subscription = broker.subscribe_live().await.unwrap();
    assert_eq!(sockets_to(node.port()), 2);
    publish(&broker, 1).await;
    take(&mut consumer, 1).await;
    node.freeze().await.unwrap();
    let since = Instant::now();
    let outcome = within("the failure", broker.publish_work(&[wake_up(CLASS)])).await.remove(0);
    assert!(matches!(outcome, Err(BrokerError::Unavailable(_))), "{outcome:?}");
    assert!(matches!(within("the loss", subscription.next()).await, Some(LiveSignal::Lost)));
    println!("a frozen broker is noticed after {:?}", since.elapsed());
    assert!(since.elapsed() < Duration::from_secs(25));
    // Long enough for handshakes that get no answer, which must not pile up.
    until("an attempt or two", || since.elapsed() > Duration::from_secs(25)).await;
    let sockets = sockets_to(node.port());
    assert!(sockets <= 2, "{sockets} sockets of dead connections");
    node.thaw().unwrap();
    let returned = Instant::now();
    until("the connections", || broker.status().connected).await;
    println!("after it goes on: back in {:?}", returned.elapsed());
    assert!(returned.elapsed() < BACK_WITHIN);
    assert!(matches!(within("the return", subscription.next()).await, Some(LiveSignal::Restored)));
    publish(&broker, 1).await;
    take(&mut consumer, 1).await;
    broker.close().await;
}

async fn publish(broker: &RabbitBroker, count: usize) {
    let messages: Vec<_> = (0..count).map(|_| wake_up(CLASS)).collect();
    for outcome in broker.publish_work(&messages).await {
        outcome.expect("the broker takes the message");
    }
}

/// Publishes until the broker has taken all, as the relay does; what was taken.
async fn publish_until_taken(broker: Arc<RabbitBroker>, count: usize) -> BTreeSet<SubmissionId> {
    let mut taken = BTreeSet::new();
    let mut waiting: Vec<_> = (0..count).map(|_| wake_up(CLASS)).collect();
    while !waiting.is_empty() {
        let batch = waiting.split_off(waiting.len().saturating_sub(200));
        for (message, outcome) in batch.clone().into_iter().zip(broker.publish_work(&batch).await) {
            match outcome {
                Ok(()) => assert!(taken.insert(message.submission)),
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
    mut consumer: Box<dyn WorkConsumer>,
    consumed: Arc<AtomicUsize>,
    all_published: CancellationToken,
) -> BTreeSet<SubmissionId> {
    let mut seen = BTreeSet::new();
    loop {
        match tokio::time::timeout(Duration::from_secs(2), consumer.next()).await {
            Ok(delivery) => {
                let delivery = delivery.expect("the consumer goes on");
                seen.insert(delivery.message().submission);
                // A stale one comes again.
                let _ = delivery.ack().await;
                consumed.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) if all_published.is_cancelled() => return seen,
            Err(_) => {}
        }
    }
}

/// Takes and acks so many.
async fn take(consumer: &mut Box<dyn WorkConsumer>, count: usize) -> BTreeSet<SubmissionId> {
    let mut seen = BTreeSet::new();
    while seen.len() < count {
        let delivery = within("a delivery", consumer.next()).await.expect("the consumer goes on");
        seen.insert(delivery.message().submission);
        delivery.ack().await.expect("the delivery can be settled");
    }
    seen
}

/// The first signal that is not a message.
async fn lost(subscription: &mut dyn LiveSubscription) -> LiveSignal {
    loop {
        match subscription.next().await.expect("the subscription goes on") {
            LiveSignal::Message(_) => {}
            signal => return signal,
        }
    }
}

/// The sockets of this process to a port of this host.
fn sockets_to(port: u16) -> usize {
    let connections = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let remote = format!(":{port:04X}");
    let inodes: BTreeSet<_> = connections
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields[2].ends_with(&remote))
        .map(|fields| format!("socket:[{}]", fields[9]))
        .collect();
    let open = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
    open.filter_map(|target| inodes.get(target.to_str()?)).collect::<BTreeSet<_>>().len()
}
