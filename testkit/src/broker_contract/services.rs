//! Steps of transfers: told to whom they concern, taken in batches, settled together.

use std::collections::BTreeSet;

use herald_domain::broker::{BrokerError, ServiceConsumer, TransferBatch};
use herald_domain::money::Service;

use super::*;

/// Concerns every service.
const KIND: TransferKind = TransferKind::Payment;
const STATE: TransferState = TransferState::Completed;
/// Any one will do.
const SERVICE: Service = Service::Statement;

pub async fn a_step_reaches_every_service_that_it_concerns_and_nobody_else(harness: &dyn BrokerHarness) {
    let all = TransferKind::ALL.iter().flat_map(|&kind| TransferState::ALL.iter().map(move |&state| step(kind, state)));
    let all: Vec<_> = all.collect();
    publish(&*harness.broker(), &all).await;
    for &service in Service::ALL {
        let concerned = all.iter().filter(|message| service.concerns(message.step.kind, message.step.state));
        let mut expected: Vec<_> = concerned.cloned().collect();
        let mut consumer = consume(&*harness.second(), service, 64).await;
        let mut seen = Vec::new();
        while seen.len() < expected.len() {
            let batch = next(&mut consumer, 64).await;
            seen.extend_from_slice(batch.messages());
            batch.ack().await.expect("the batch can be settled");
        }
        for messages in [&mut expected, &mut seen] {
            messages.sort_by_key(|message| message.step.transfer);
        }
        assert_eq!(seen, expected, "what {service} is told, with id, kind, state and traceparent");
        nothing_comes(&mut consumer).await;
    }
}

pub async fn what_was_left_out_stays_out(harness: &dyn BrokerHarness) {
    let message = TransferMessage { id: None, traceparent: None, ..step(KIND, STATE) };
    publish(&*harness.broker(), std::slice::from_ref(&message)).await;
    let mut consumer = consume(&*harness.second(), SERVICE, 1).await;
    assert_eq!(next(&mut consumer, 1).await.messages(), [message]);
}

pub async fn a_step_that_concerns_nobody_is_published_to_nobody(harness: &dyn BrokerHarness) {
    let broker = harness.broker();
    let nobodys = step(TransferKind::Reward, TransferState::Pending);
    assert!(!Service::ALL.iter().any(|service| service.concerns(nobodys.step.kind, nobodys.step.state)));
    publish(&*broker, &[nobodys, step(KIND, STATE)]).await;
    for &service in Service::ALL {
        depth_becomes(&*broker, service, 1).await;
    }
}

pub async fn waking_one_service_reaches_it_alone(harness: &dyn BrokerHarness) {
    let (broker, message) = (harness.broker(), step(KIND, STATE));
    let outcomes = within("the confirm", broker.wake_service(SERVICE, std::slice::from_ref(&message))).await;
    assert!(matches!(outcomes[..], [Ok(())]), "{outcomes:?}");
    let mut consumer = consume(&*harness.second(), SERVICE, 1).await;
    let batch = next(&mut consumer, 1).await;
    assert_eq!(batch.messages(), [message]);
    for &other in Service::ALL.iter().filter(|&&other| other != SERVICE) {
        assert_eq!(broker.service_depth(other).await.expect("the depth can be read"), 0, "{other}");
    }
    assert!(broker.wake_service(SERVICE, &[]).await.is_empty());
}

pub async fn a_batch_of_steps_has_one_result_for_each(harness: &dyn BrokerHarness) {
    let broker = harness.broker();
    assert!(broker.publish_transfers(&[]).await.is_empty());
    let messages = steps(1_000);
    publish(&*broker, &messages).await;
    depth_becomes(&*broker, SERVICE, 1_000).await;
    let mut consumer = consume(&*harness.second(), SERVICE, 128).await;
    assert_eq!(drain(&mut consumer, 1_000, 64).await, ids(&messages));
}

pub async fn a_batch_holds_what_waits_and_no_more_than_asked_for(harness: &dyn BrokerHarness) {
    const WAITING: usize = 200;
    let messages = steps(WAITING);
    publish(&*harness.broker(), &messages).await;
    let mut consumer = consume(&*harness.second(), SERVICE, 2 * WAITING as u16).await;
    let (mut batches, mut held) = (Vec::new(), 0);
    while held < WAITING {
        let batch = next(&mut consumer, 64).await;
        held += batch.messages().len();
        batches.push(batch);
        // The service at work, while more arrive.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(batches.len() < WAITING / 4, "{} batches of {WAITING} messages", batches.len());
    let seen: Vec<_> = batches.iter().flat_map(|batch| batch.messages().to_vec()).collect();
    assert_eq!((seen.len(), ids(&seen)), (WAITING, ids(&messages)));
}

pub async fn a_dropped_batch_comes_again(harness: &dyn BrokerHarness) {
    let messages = steps(10);
    publish(&*harness.broker(), &messages).await;
    let mut consumer = consume(&*harness.second(), SERVICE, 10).await;
    drop(take(&mut consumer, 10).await);
    assert_eq!(drain(&mut consumer, 10, 10).await, ids(&messages));
    nothing_comes(&mut consumer).await;
}

pub async fn what_was_acked_never_comes_again(harness: &dyn BrokerHarness) {
    publish(&*harness.broker(), &steps(10)).await;
    let mut consumer = consume(&*harness.second(), SERVICE, 10).await;
    drain(&mut consumer, 10, 4).await;
    consumer.close().await;
    let waiting = steps(1);
    publish(&*harness.broker(), &waiting).await;
    let mut other = consume(&*harness.broker(), SERVICE, 10).await;
    assert_eq!(drain(&mut other, 1, 10).await, ids(&waiting));
    nothing_comes(&mut other).await;
}

/// The middle one of three is acked first; the first is dropped, the last is acked after that.
pub async fn a_batch_is_settled_without_those_before_and_after_it(harness: &dyn BrokerHarness) {
    let broker = harness.broker();
    let messages = steps(30);
    publish(&*broker, &messages).await;
    let mut consumer = consume(&*harness.second(), SERVICE, 30).await;
    let [first, second, third] =
        [take(&mut consumer, 10).await, take(&mut consumer, 10).await, take(&mut consumer, 10).await];
    let of_first = ids(&first.iter().flat_map(|batch| batch.messages().to_vec()).collect::<Vec<_>>());
    for batch in second {
        batch.ack().await.expect("the batch can be settled");
    }
    drop(first);
    for batch in third {
        batch.ack().await.expect("the batch can be settled");
    }
    assert_eq!(drain(&mut consumer, 10, 10).await, of_first, "the first ones come again, and no others");
    nothing_comes(&mut consumer).await;
    consumer.close().await;
    depth_becomes(&*broker, SERVICE, 0).await;
}

pub async fn the_prefetch_bounds_what_is_unsettled(harness: &dyn BrokerHarness) {
    let mut consumer = consume(&*harness.second(), SERVICE, 3).await;
    publish(&*harness.broker(), &steps(5)).await;
    let mut held = take(&mut consumer, 3).await;
    nothing_comes(&mut consumer).await;
    let first = held.remove(0);
    let freed = first.messages().len().min(2);
    first.ack().await.expect("the batch can be settled");
    let more = take(&mut consumer, freed).await;
    nothing_comes(&mut consumer).await;
    for batch in held.into_iter().chain(more) {
        batch.ack().await.expect("the batch can be settled");
    }
    drain(&mut consumer, 2 - freed, 64).await;
    nothing_comes(&mut consumer).await;
}

pub async fn two_consumers_share_and_each_step_comes_once(harness: &dyn BrokerHarness) {
    let mut left = consume(&*harness.broker(), SERVICE, 10).await;
    let mut right = consume(&*harness.second(), SERVICE, 10).await;
    let messages = steps(300);
    publish(&*harness.broker(), &messages).await;
    let mut seen = BTreeSet::new();
    let (mut by_left, mut by_right) = (0, 0);
    while seen.len() < messages.len() {
        let batch = within("a batch on either side", async {
            tokio::select! {
                batch = left.next(5) => { by_left += 1; batch }
                batch = right.next(5) => { by_right += 1; batch }
            }
        })
        .await
        .expect("the consumers go on");
        note_once(&mut seen, &*batch);
        batch.ack().await.expect("the batch can be settled");
    }
    assert_eq!(seen, ids(&messages));
    assert!(by_left > 0 && by_right > 0, "shared {by_left} to {by_right}");
    nothing_comes(&mut left).await;
    nothing_comes(&mut right).await;
}

pub async fn a_service_that_settles_nothing_holds_up_no_other(harness: &dyn BrokerHarness) {
    let mut stuck = consume(&*harness.second(), Service::Fraud, 2).await;
    let messages = steps(200);
    publish(&*harness.broker(), &messages).await;
    let held = take(&mut stuck, 2).await;
    for &service in Service::ALL.iter().filter(|&&service| service != Service::Fraud) {
        let mut consumer = consume(&*harness.second(), service, 64).await;
        assert_eq!(drain(&mut consumer, 200, 64).await, ids(&messages), "{service}");
    }
    nothing_comes(&mut stuck).await;
    drop(held);
}

pub async fn the_depth_counts_what_is_ready_only(harness: &dyn BrokerHarness) {
    let broker = harness.broker();
    assert_eq!(broker.service_depth(SERVICE).await.expect("the depth can be read"), 0);
    publish(&*broker, &steps(5)).await;
    depth_becomes(&*broker, SERVICE, 5).await;
    let mut consumer = consume(&*harness.second(), SERVICE, 2).await;
    let held = take(&mut consumer, 2).await;
    depth_becomes(&*broker, SERVICE, 3).await;
    drop(held);
    consumer.close().await;
    depth_becomes(&*broker, SERVICE, 5).await;
}

pub async fn a_closed_consumer_takes_no_more_but_settles_what_it_holds(harness: &dyn BrokerHarness) {
    publish(&*harness.broker(), &steps(3)).await;
    let mut consumer = consume(&*harness.second(), SERVICE, 2).await;
    let held = next(&mut consumer, 1).await;
    consumer.close().await;
    assert!(consumer.next(1).await.is_none(), "a closed consumer yields nothing");
    consumer.close().await;
    depth_becomes(&*harness.broker(), SERVICE, 2).await;
    let settled = ids(held.messages());
    held.ack().await.expect("what was handed out can still be settled");
    let mut other = consume(&*harness.broker(), SERVICE, 5).await;
    assert!(drain(&mut other, 2, 5).await.is_disjoint(&settled));
    nothing_comes(&mut other).await;
}

pub async fn a_dropped_consumer_gives_back_what_it_had_taken(harness: &dyn BrokerHarness) {
    publish(&*harness.broker(), &steps(10)).await;
    let mut consumer = consume(&*harness.second(), SERVICE, 5).await;
    let held = next(&mut consumer, 1).await;
    drop(consumer);
    depth_becomes(&*harness.broker(), SERVICE, 9).await;
    held.ack().await.expect("what was handed out can still be settled");
    depth_becomes(&*harness.broker(), SERVICE, 9).await;
}

/// As in a `select!` whose other branch wins again and again.
pub async fn waiting_for_a_batch_can_be_given_up(harness: &dyn BrokerHarness) {
    let (broker, messages) = (harness.broker(), steps(200));
    let mut consumer = consume(&*harness.second(), SERVICE, 20).await;
    let expected = messages.len();
    let publishing = tokio::spawn(async move {
        for some in messages.chunks(7) {
            publish(&*broker, some).await;
        }
    });
    let mut seen = BTreeSet::new();
    let all = async {
        while seen.len() < expected {
            if let Ok(batch) = tokio::time::timeout(Duration::from_micros(200), consumer.next(4)).await {
                let batch = batch.expect("the consumer goes on");
                note_once(&mut seen, &*batch);
                batch.ack().await.expect("the batch can be settled");
            }
        }
    };
    within("every message", all).await;
    publishing.await.expect("publishing does not fail");
}

pub async fn a_closed_broker_ends_its_consumers_and_takes_no_more(harness: &dyn BrokerHarness) {
    let broker = harness.broker();
    let mut consumer = consume(&*broker, SERVICE, 1).await;
    within("the close", broker.close()).await;
    assert!(within("the end", consumer.next(1)).await.is_none());
    let published = within("the refusal", broker.publish_transfers(&steps(1))).await.remove(0);
    let woken = within("the refusal", broker.wake_service(SERVICE, &steps(1))).await.remove(0);
    for outcome in [published, woken] {
        assert!(matches!(outcome, Err(BrokerError::Unavailable(_))), "{outcome:?}");
    }
    assert!(broker.consume_service(SERVICE, 1).await.is_err());
    assert!(broker.service_depth(SERVICE).await.is_err());
}

fn steps(count: usize) -> Vec<TransferMessage> {
    (0..count).map(|_| step(KIND, STATE)).collect()
}

fn ids(messages: &[TransferMessage]) -> BTreeSet<TransferId> {
    messages.iter().map(|message| message.step.transfer).collect()
}

fn note_once(seen: &mut BTreeSet<TransferId>, batch: &dyn TransferBatch) {
    for message in batch.messages() {
        assert!(seen.insert(message.step.transfer), "{message:?} came twice");
    }
}

/// Publishes and expects every message to be taken.
async fn publish(broker: &dyn Broker, messages: &[TransferMessage]) {
    let outcomes = within("the confirms", broker.publish_transfers(messages)).await;
    assert_eq!(outcomes.len(), messages.len());
    for outcome in outcomes {
        outcome.expect("the broker takes the message");
    }
}

async fn consume(broker: &dyn Broker, service: Service, prefetch: u16) -> Box<dyn ServiceConsumer> {
    broker.consume_service(service, prefetch).await.expect("the service can be consumed")
}

async fn next(consumer: &mut Box<dyn ServiceConsumer>, most: usize) -> Box<dyn TransferBatch> {
    let batch = within("a batch", consumer.next(most)).await.expect("the consumer goes on");
    assert!(!batch.messages().is_empty() && batch.messages().len() <= most);
    batch
}

/// Batches of so many messages together.
async fn take(consumer: &mut Box<dyn ServiceConsumer>, count: usize) -> Vec<Box<dyn TransferBatch>> {
    let (mut batches, mut taken) = (Vec::new(), 0);
    while taken < count {
        let batch = next(consumer, count - taken).await;
        taken += batch.messages().len();
        batches.push(batch);
    }
    batches
}

/// Takes and acks `count` messages, each once.
async fn drain(consumer: &mut Box<dyn ServiceConsumer>, count: usize, most: usize) -> BTreeSet<TransferId> {
    let mut seen = BTreeSet::new();
    while seen.len() < count {
        let batch = next(consumer, most).await;
        note_once(&mut seen, &*batch);
        batch.ack().await.expect("the batch can be settled");
    }
    seen
}

/// Nothing comes, as far as one can wait.
async fn nothing_comes(consumer: &mut Box<dyn ServiceConsumer>) {
    if let Ok(Some(batch)) = tokio::time::timeout(QUIET, consumer.next(64)).await {
        panic!("unexpected batch: {:?}", batch.messages());
    }
}

async fn depth_becomes(broker: &dyn Broker, service: Service, expected: u64) {
    let settled = async {
        while broker.service_depth(service).await.expect("the depth can be read") != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(&format!("a depth of {expected} for {service}"), settled).await;
}
