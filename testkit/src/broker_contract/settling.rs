//! A delivery is settled once; what is not settled comes again.

use herald_domain::broker::BrokerError;

use super::*;

pub async fn the_prefetch_bounds_what_is_unsettled(harness: &dyn BrokerHarness) {
    let mut consumer = consume(&*harness.second(), 2).await;
    publish(&*harness.broker(), &wake_ups(4)).await;
    let (first, second) = (next(&mut consumer).await, next(&mut consumer).await);
    nothing_comes(&mut consumer).await;
    first.ack().await.expect("the delivery can be settled");
    let third = next(&mut consumer).await;
    nothing_comes(&mut consumer).await;
    second.ack().await.expect("the delivery can be settled");
    third.ack().await.expect("the delivery can be settled");
    next(&mut consumer).await.ack().await.expect("the delivery can be settled");
}

pub async fn a_dropped_delivery_comes_again(harness: &dyn BrokerHarness) {
    let message = wake_up(CLASS);
    publish(&*harness.broker(), std::slice::from_ref(&message)).await;
    let mut consumer = consume(&*harness.second(), 1).await;
    drop(next(&mut consumer).await);
    let again = next(&mut consumer).await;
    assert_eq!(again.message(), &message);
    assert!(again.redelivered());
    again.ack().await.expect("the delivery can be settled");
}

pub async fn what_was_acked_never_comes_again(harness: &dyn BrokerHarness) {
    let (done, waiting) = (wake_up(CLASS), wake_up(CLASS));
    publish(&*harness.broker(), std::slice::from_ref(&done)).await;
    let mut consumer = consume(&*harness.second(), 1).await;
    next(&mut consumer).await.ack().await.expect("the delivery can be settled");
    consumer.close().await;
    publish(&*harness.broker(), std::slice::from_ref(&waiting)).await;
    let mut other = consume(&*harness.broker(), 5).await;
    let delivery = next(&mut other).await;
    assert_eq!(delivery.message(), &waiting);
    delivery.ack().await.expect("the delivery can be settled");
    nothing_comes(&mut other).await;
}

pub async fn a_closed_consumer_takes_no_more_but_settles_what_it_holds(harness: &dyn BrokerHarness) {
    let messages = wake_ups(3);
    publish(&*harness.broker(), &messages).await;
    let mut consumer = consume(&*harness.second(), 2).await;
    let held = next(&mut consumer).await;
    consumer.close().await;
    assert!(consumer.next().await.is_none(), "a closed consumer yields nothing");
    consumer.close().await;
    depth_becomes(&*harness.broker(), 2).await;
    let settled = held.message().submission;
    held.ack().await.expect("what was handed out can still be settled");
    let mut other = consume(&*harness.broker(), 5).await;
    for _ in 0..2 {
        let delivery = next(&mut other).await;
        assert_ne!(delivery.message().submission, settled);
        delivery.ack().await.expect("the delivery can be settled");
    }
    nothing_comes(&mut other).await;
}

pub async fn a_dropped_consumer_gives_back_what_it_had_taken(harness: &dyn BrokerHarness) {
    publish(&*harness.broker(), &wake_ups(10)).await;
    let mut consumer = consume(&*harness.second(), 5).await;
    let held = next(&mut consumer).await;
    drop(consumer);
    depth_becomes(&*harness.broker(), 9).await;
    held.ack().await.expect("what was handed out can still be settled");
    depth_becomes(&*harness.broker(), 9).await;
}

/// As in a `select!` whose other branch wins again and again.
pub async fn waiting_for_a_delivery_can_be_given_up(harness: &dyn BrokerHarness) {
    let (broker, messages) = (harness.broker(), wake_ups(200));
    let mut consumer = consume(&*harness.second(), 20).await;
    let expected = messages.len();
    let publishing = tokio::spawn(async move {
        for message in messages {
            publish(&*broker, &[message]).await;
        }
    });
    let mut seen = std::collections::BTreeSet::new();
    let all = async {
        while seen.len() < expected {
            if let Ok(delivery) = tokio::time::timeout(Duration::from_micros(200), consumer.next()).await {
                let delivery = delivery.expect("the consumer goes on");
                assert!(seen.insert(delivery.message().submission), "{:?} came twice", delivery.message());
                delivery.ack().await.expect("the delivery can be settled");
            }
        }
    };
    within("every message", all).await;
    publishing.await.expect("publishing does not fail");
}

pub async fn a_closed_broker_ends_its_consumers_and_takes_no_more(harness: &dyn BrokerHarness) {
    let broker = harness.broker();
    let mut consumer = consume(&*broker, 1).await;
    assert!(broker.status().connected);
    assert!(broker.describe().await.is_ok_and(|what| what.contains(char::is_numeric)), "no version");
    within("the close", broker.close()).await;
    assert!(within("the end", consumer.next()).await.is_none());
    let outcome = within("the refusal", broker.publish_work(&wake_ups(1))).await.remove(0);
    assert!(matches!(outcome, Err(BrokerError::Unavailable(_))), "{outcome:?}");
    assert!(broker.consume_work(CLASS, 1).await.is_err());
    assert!(broker.work_depth(CLASS).await.is_err());
    assert!(!broker.status().connected);
    within("a second close", broker.close()).await;
}
