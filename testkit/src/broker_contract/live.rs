//! Live partitions: hints, bounded and droppable, one copy for each subscription that is bound to the audience.

use herald_domain::broker::{LiveSignal, LiveSubscription};
use herald_domain::channel::Channel;
use herald_domain::event::{LiveMessage, Progress, StoredEvent, raw};
use herald_domain::owner::Owner;
use time::OffsetDateTime;

use super::*;

pub async fn a_message_arrives_where_its_partition_is_bound_and_nowhere_else(harness: &dyn BrokerHarness) {
    let [alice, bob] = two_owners();
    let mut of_alice = subscribed(&*harness.second(), &[&alice]).await;
    let mut of_bob = subscribed(&*harness.second(), &[&bob]).await;
    let (to_alice, to_bob) = (event(&[&alice], 1), event(&[&bob], 2));
    announce(&*harness.broker(), &to_alice);
    announce(&*harness.broker(), &to_bob);
    // What must not arrive would have arrived first.
    assert_eq!(message(&mut *of_bob).await, to_bob.to_json());
    assert_eq!(message(&mut *of_alice).await, to_alice.to_json());
    silent(&mut *of_alice).await;
}

pub async fn an_audience_in_two_bound_partitions_gets_one_copy(harness: &dyn BrokerHarness) {
    let [alice, bob] = two_owners();
    let mut both = subscribed(&*harness.second(), &[&alice, &bob]).await;
    let mut of_bob = subscribed(&*harness.second(), &[&bob]).await;
    let (first, last) = (event(&[&alice, &bob], 1), event(&[&bob], 2));
    announce(&*harness.broker(), &first);
    announce(&*harness.broker(), &last);
    assert_eq!(message(&mut *both).await, first.to_json());
    assert_eq!(message(&mut *both).await, last.to_json(), "the first message came once");
    assert_eq!(message(&mut *of_bob).await, first.to_json(), "the second partition alone is enough");
}

pub async fn what_is_unbound_stops(harness: &dyn BrokerHarness) {
    let [alice, bob] = two_owners();
    let mut subscription = subscribed(&*harness.second(), &[&alice, &bob]).await;
    announce(&*harness.broker(), &event(&[&alice], 1));
    message(&mut *subscription).await;
    subscription.unbind(alice.partition()).await.expect("the partition can be unbound");
    let after = event(&[&bob], 3);
    announce(&*harness.broker(), &event(&[&alice], 2));
    announce(&*harness.broker(), &after);
    assert_eq!(message(&mut *subscription).await, after.to_json());
}

pub async fn every_subscription_gets_its_own_copy(harness: &dyn BrokerHarness) {
    let [alice, _] = two_owners();
    let mut here = subscribed(&*harness.broker(), &[&alice]).await;
    let mut there = subscribed(&*harness.second(), &[&alice]).await;
    let sent = event(&[&alice], 1);
    announce(&*harness.broker(), &sent);
    assert_eq!(message(&mut *here).await, sent.to_json());
    assert_eq!(message(&mut *there).await, sent.to_json());
}

pub async fn events_and_progress_arrive_as_they_were_sent(harness: &dyn BrokerHarness) {
    let [alice, _] = two_owners();
    let mut subscription = subscribed(&*harness.second(), &[&alice]).await;
    for sent in [event(&[&alice], 1), progress(&[&alice], 1), event(&[&alice], 2)] {
        announce(&*harness.broker(), &sent);
        assert_eq!(message(&mut *subscription).await, sent.to_json());
    }
}

pub async fn nobody_listening_is_fine(harness: &dyn BrokerHarness) {
    let [alice, _] = two_owners();
    for offset in 1..=100 {
        announce(&*harness.broker(), &event(&[&alice], offset));
    }
    // The broker is as good as before.
    let mut subscription = subscribed(&*harness.second(), &[&alice]).await;
    let sent = event(&[&alice], 101);
    announce(&*harness.broker(), &sent);
    loop {
        let got = message(&mut *subscription).await;
        if got == sent.to_json() {
            break;
        }
    }
}

pub async fn a_slow_subscriber_is_told_and_holds_nobody_up(harness: &dyn BrokerHarness) {
    let [alice, bob] = two_owners();
    let mut slow = subscribed(&*harness.second(), &[&alice]).await;
    let mut other = subscribed(&*harness.second(), &[&bob]).await;
    let sent = LIVE_BUFFER as u64 * 3;
    for offset in 1..=sent {
        announce(&*harness.broker(), &event(&[&alice], offset));
    }
    let to_bob = event(&[&bob], 1);
    announce(&*harness.broker(), &to_bob);
    assert_eq!(message(&mut *other).await, to_bob.to_json());
    // Nothing is lost in silence: either all came, or the subscriber is told.
    let told = async {
        let mut seen = 0;
        while seen < sent {
            match slow.next().await.expect("the subscription goes on") {
                LiveSignal::Message(_) => seen += 1,
                LiveSignal::Lagged => return,
                signal => panic!("unexpected {signal:?}"),
            }
        }
    };
    within("every message, or word of the loss", told).await;
    while tokio::time::timeout(QUIET, slow.next()).await.is_ok() {}
    let last = event(&[&alice], 1_000_000);
    announce(&*harness.broker(), &last);
    let caught_up = async {
        loop {
            match slow.next().await.expect("the subscription goes on") {
                LiveSignal::Message(got) if got.to_json() == last.to_json() => return,
                LiveSignal::Message(_) | LiveSignal::Lagged => {}
                signal => panic!("unexpected {signal:?}"),
            }
        }
    };
    within("the newest message", caught_up).await;
}

pub async fn binding_twice_is_binding_once(harness: &dyn BrokerHarness) {
    let [alice, bob] = two_owners();
    let mut subscription = subscribed(&*harness.second(), &[&alice, &alice, &bob]).await;
    let (first, second) = (event(&[&alice], 1), event(&[&alice], 2));
    announce(&*harness.broker(), &first);
    announce(&*harness.broker(), &second);
    assert_eq!(message(&mut *subscription).await, first.to_json());
    assert_eq!(message(&mut *subscription).await, second.to_json());
    subscription.unbind(alice.partition()).await.expect("the partition can be unbound");
    subscription.unbind(alice.partition()).await.expect("unbinding what is not bound is fine");
    let last = event(&[&bob], 4);
    announce(&*harness.broker(), &event(&[&alice], 3));
    announce(&*harness.broker(), &last);
    assert_eq!(message(&mut *subscription).await, last.to_json());
}

pub async fn a_closed_broker_ends_its_subscriptions(harness: &dyn BrokerHarness) {
    let broker = harness.broker();
    let [alice, _] = two_owners();
    let mut subscription = subscribed(&*broker, &[&alice]).await;
    within("the close", broker.close()).await;
    let ended = async { while subscription.next().await.is_some() {} };
    within("the end", ended).await;
    assert!(!broker.publish_live(&event(&[&alice], 1)), "a closed broker takes no live message");
    assert!(broker.subscribe_live().await.is_err());
}

/// Two owners in different partitions.
pub fn two_owners() -> [Owner; 2] {
    let owner = |n: usize| Owner::user(&format!("user{n}")).expect("a good name");
    let first = owner(0);
    let second = (1..).map(owner).find(|other| other.partition() != first.partition()).expect("not all are equal");
    [first, second]
}

/// An event that nothing but its offset and audience tells apart.
pub fn event(audience: &[&Owner], offset: u64) -> LiveMessage {
    LiveMessage::Event(StoredEvent {
        channel: Channel::Submission(SubmissionId(Uuid::from_u128(7))),
        offset,
        at: OffsetDateTime::UNIX_EPOCH,
        audience: audience.iter().map(|&owner| owner.clone()).collect(),
        name: "submission.running".to_owned(),
        data: raw(&serde_json::json!({"id": "7", "status": "running"})),
    })
}

fn progress(audience: &[&Owner], seq: u64) -> LiveMessage {
    LiveMessage::Progress(Progress {
        channel: Channel::Submission(SubmissionId(Uuid::from_u128(7))),
        audience: audience.iter().map(|&owner| owner.clone()).collect(),
        attempt: 1,
        seq,
        data: raw(&serde_json::json!({"id": "7", "status": "running", "tests": {"passed": 1, "run": 1, "total": 3}})),
    })
}

async fn subscribed(broker: &dyn Broker, owners: &[&Owner]) -> Box<dyn LiveSubscription> {
    let mut subscription = broker.subscribe_live().await.expect("a subscription can be made");
    for owner in owners {
        subscription.bind(owner.partition()).await.expect("the partition can be bound");
    }
    subscription
}

fn announce(broker: &dyn Broker, message: &LiveMessage) {
    assert!(broker.publish_live(message), "the broker takes the live message");
}

async fn message(subscription: &mut dyn LiveSubscription) -> Vec<u8> {
    match within("a live message", subscription.next()).await {
        Some(LiveSignal::Message(message)) => message.to_json(),
        other => panic!("expected a message, got {other:?}"),
    }
}

async fn silent(subscription: &mut dyn LiveSubscription) {
    if let Ok(signal) = tokio::time::timeout(QUIET, subscription.next()).await {
        panic!("unexpected {signal:?}");
    }
}
