//! Publishing and consuming.

use std::collections::BTreeSet;

use super::*;

pub async fn what_is_published_is_consumed(harness: &dyn BrokerHarness) {
    let message = wake_up(CLASS);
    publish(&*harness.broker(), std::slice::from_ref(&message)).await;
    let mut consumer = consume(&*harness.second(), 1).await;
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.message(), &message, "id, submission, class and traceparent arrive");
    assert!(!delivery.redelivered());
    delivery.ack().await.expect("the delivery can be settled");
}

pub async fn what_was_left_out_stays_out(harness: &dyn BrokerHarness) {
    let message = WorkMessage { id: None, traceparent: None, ..wake_up(CLASS) };
    publish(&*harness.broker(), std::slice::from_ref(&message)).await;
    let mut consumer = consume(&*harness.second(), 1).await;
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.message(), &message);
    delivery.ack().await.expect("the delivery can be settled");
}

pub async fn a_batch_has_one_result_for_each_message(harness: &dyn BrokerHarness) {
    let broker = harness.broker();
    assert!(broker.publish_work(&[]).await.is_empty());
    let messages = wake_ups(100);
    publish(&*broker, &messages).await;
    depth_becomes(&*broker, 100).await;
    assert_eq!(drain(&*broker, 100).await, ids(&messages));
}

pub async fn classes_are_apart(harness: &dyn BrokerHarness) {
    let (broker, mine, other) = (harness.broker(), wake_up(CLASS), wake_up("gpu"));
    // A worker declares its own class: from then on there is a queue for it.
    let mut gpu = broker.consume_work("gpu", 5).await.expect("the class can be consumed");
    let taken = async {
        while broker.publish_work(std::slice::from_ref(&other)).await.remove(0).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within("the other class's queue", taken).await;
    publish(&*broker, std::slice::from_ref(&mine)).await;
    let mut any = consume(&*broker, 5).await;
    assert_eq!(next(&mut any).await.message(), &mine);
    assert_eq!(next(&mut gpu).await.message(), &other);
    // What was dropped above comes again, and to the same class.
    assert_eq!(next(&mut any).await.message(), &mine);
    assert_eq!(next(&mut gpu).await.message(), &other);
}

pub async fn two_consumers_share_the_work_and_each_message_comes_once(harness: &dyn BrokerHarness) {
    let mut left = consume(&*harness.broker(), 10).await;
    let mut right = consume(&*harness.second(), 10).await;
    let messages = wake_ups(200);
    publish(&*harness.broker(), &messages).await;
    let mut seen = BTreeSet::new();
    let (mut by_left, mut by_right) = (0, 0);
    while seen.len() < messages.len() {
        let delivery = within("a delivery on either side", async {
            tokio::select! {
                delivery = left.next() => { by_left += 1; delivery }
                delivery = right.next() => { by_right += 1; delivery }
            }
        })
        .await
        .expect("the consumers go on");
        assert!(seen.insert(delivery.message().submission), "{:?} came twice", delivery.message());
        delivery.ack().await.expect("the delivery can be settled");
    }
    assert_eq!(seen, ids(&messages));
    assert!(by_left > 0 && by_right > 0, "shared {by_left} to {by_right}");
    nothing_comes(&mut left).await;
    nothing_comes(&mut right).await;
}

pub async fn a_big_batch_is_confirmed_and_consumed(harness: &dyn BrokerHarness) {
    let messages = wake_ups(5_000);
    publish(&*harness.broker(), &messages).await;
    assert_eq!(drain(&*harness.second(), 5_000).await, ids(&messages));
}

pub async fn the_depth_counts_what_is_ready_only(harness: &dyn BrokerHarness) {
    let broker = harness.broker();
    publish(&*broker, &wake_ups(5)).await;
    depth_becomes(&*broker, 5).await;
    let mut consumer = consume(&*harness.second(), 2).await;
    let held = [next(&mut consumer).await, next(&mut consumer).await];
    depth_becomes(&*broker, 3).await;
    drop(held);
    consumer.close().await;
    depth_becomes(&*broker, 5).await;
}

pub async fn a_class_that_nobody_uses_has_no_depth(harness: &dyn BrokerHarness) {
    assert_eq!(harness.broker().work_depth("nobody-works-here").await.expect("the depth can be read"), 0);
}

fn ids(messages: &[WorkMessage]) -> BTreeSet<SubmissionId> {
    messages.iter().map(|message| message.submission).collect()
}

/// Takes and acks `count` messages, each once.
async fn drain(broker: &dyn Broker, count: usize) -> BTreeSet<SubmissionId> {
    let mut consumer = consume(broker, 100).await;
    let mut seen = BTreeSet::new();
    while seen.len() < count {
        let delivery = next(&mut consumer).await;
        assert!(seen.insert(delivery.message().submission), "{:?} came twice", delivery.message());
        delivery.ack().await.expect("the delivery can be settled");
    }
    seen
}
