//! What the broker gives up, or what cannot be read, ends in the dead queue, whole.

use herald_domain::broker::{Broker, Fallen};
use herald_testkit::broker_contract::{CLASS, wake_up};
use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};

use crate::place::{Place, within};

#[tokio::test]
async fn a_message_that_cannot_be_read_falls_and_holds_up_nobody() {
    let place = Place::shared();
    let broker = place.connected().await;
    let bodies: [&[u8]; 3] = [b"not json", br#"{"v":2,"submission":"?"}"#, b""];
    for body in bodies {
        publish_raw(&place, body).await;
    }
    let good = wake_up(CLASS);
    broker.publish_work(std::slice::from_ref(&good)).await.remove(0).expect("the broker takes the message");

    let mut consumer = broker.consume_work(CLASS, 1).await.unwrap();
    let delivery = within("the good message", consumer.next()).await.unwrap();
    assert_eq!(delivery.message(), &good);
    delivery.ack().await.unwrap();

    let mut seen = Vec::new();
    for _ in bodies {
        let fallen = next(&broker).await;
        assert_eq!(fallen.queue(), place.work_queue());
        seen.push(fallen.body().to_vec());
        fallen.taken().await.unwrap();
    }
    seen.sort();
    let mut expected = bodies.map(<[u8]>::to_vec);
    expected.sort();
    assert_eq!(seen, expected);
    assert!(nothing_falls(&broker).await);
    broker.close().await;
    place.clean().await;
}

#[tokio::test]
async fn a_message_delivered_too_often_falls_and_is_kept_until_taken() {
    let mut place = Place::shared();
    place.config.delivery_limit = 2;
    let broker = place.connected().await;
    let message = wake_up(CLASS);
    broker.publish_work(std::slice::from_ref(&message)).await.remove(0).expect("the broker takes the message");

    let mut consumer = broker.consume_work(CLASS, 1).await.unwrap();
    for attempt in 0..3 {
        let delivery = within("another attempt", consumer.next()).await.unwrap();
        assert_eq!(delivery.redelivered(), attempt > 0);
    }
    // Not taken, as if the store were away: it comes again.
    drop(next(&broker).await);
    let fallen = next(&broker).await;
    assert_eq!(fallen.queue(), place.work_queue());
    let body: serde_json::Value = serde_json::from_slice(fallen.body()).unwrap();
    assert_eq!(body["submission"], message.submission.to_string());
    fallen.taken().await.unwrap();
    assert!(nothing_falls(&broker).await);
    broker.close().await;
    place.clean().await;
}

async fn next(broker: &dyn Broker) -> Box<dyn Fallen> {
    within("a fallen message", broker.next_fallen()).await.unwrap()
}

async fn nothing_falls(broker: &dyn Broker) -> bool {
    tokio::time::timeout(std::time::Duration::from_millis(300), broker.next_fallen()).await.is_err()
}

async fn publish_raw(place: &Place, body: &[u8]) {
    let connection = place.raw().await;
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let key = format!("judge.{CLASS}");
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    let sent =
        channel.basic_publish(place.exchange("work").into(), key.into(), options, body, BasicProperties::default());
    let confirmation = sent.await.unwrap().await.unwrap();
    assert!(confirmation.is_ack() && confirmation.take_message().is_none());
    connection.close(200, "done".into()).await.unwrap();
}
