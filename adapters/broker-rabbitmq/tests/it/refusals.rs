//! What the broker refuses, what stands in the way, and what was deleted under us.

use std::error::Error;
use std::time::{Duration, Instant};

use herald_broker_rabbitmq::RabbitBroker;
use herald_domain::broker::{Broker, BrokerError, LiveSignal, WorkMessage};
use herald_domain::owner::Partition;
use herald_testkit::broker_contract::live::{event, two_owners};
use herald_testkit::broker_contract::{CLASS, wake_up};
use lapin::options::{ExchangeDeleteOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;

use crate::counters::Counters;
use crate::place::{Place, until, within};

#[tokio::test]
async fn a_full_queue_refuses_and_takes_again_when_there_is_room() {
    let mut place = Place::shared();
    place.config.queue_limit = 10;
    let broker = place.connected().await;
    // The limit is not exact to the message, so publish until it is felt.
    let full = async {
        loop {
            if let Err(error) = publish_one(&broker, CLASS).await {
                return error;
            }
        }
    };
    let refusal = within("a refusal", full).await;
    assert!(matches!(&refusal, BrokerError::Refused(why) if why.starts_with("queue full")), "{refusal:?}");
    let mut consumer = broker.consume_work(CLASS, 50).await.unwrap();
    while broker.work_depth(CLASS).await.unwrap() > 0 {
        within("a delivery", consumer.next()).await.unwrap().ack().await.unwrap();
    }
    publish_one(&broker, CLASS).await.expect("there is room again");
    end(broker, place).await;
}

#[tokio::test]
async fn only_what_had_a_queue_counts_as_published() {
    let counters = Counters::default();
    let _recording = metrics::set_default_local_recorder(&counters);
    let place = Place::shared();
    let broker = place.connected().await;
    let classes = [CLASS, "nobody-works-here", "not a name"];
    let messages: Vec<WorkMessage> = (0..300).map(|n| wake_up(classes[n % 3])).collect();
    let outcomes = broker.publish_work(&messages).await;
    for (message, outcome) in messages.iter().zip(&outcomes) {
        match message.class.as_str() {
            CLASS => assert!(outcome.is_ok(), "{outcome:?}"),
            _ => assert!(matches!(outcome, Err(BrokerError::Refused(_))), "{outcome:?}"),
        }
    }
    until("the messages", || counters.sum("herald_work_published_total", "outcome=confirmed") == 100).await;
    assert_eq!(counters.sum("herald_work_published_total", "outcome=refused"), 200);
    assert_eq!(broker.work_depth(CLASS).await.unwrap(), 100);
    assert!(matches!(broker.consume_work("not a name", 1).await, Err(BrokerError::Refused(_))));
    end(broker, place).await;
}

#[tokio::test]
async fn a_queue_deleted_under_us_is_declared_again_and_consumed_again() {
    let place = Place::shared();
    let broker = place.connected().await;
    let mut consumer = broker.consume_work(CLASS, 5).await.unwrap();
    publish_one(&broker, CLASS).await.unwrap();
    within("a delivery", consumer.next()).await.unwrap().ack().await.unwrap();

    let connection = place.raw().await;
    let channel = connection.create_channel().await.unwrap();
    channel.queue_delete(place.work_queue().into(), QueueDeleteOptions::default()).await.unwrap();
    channel.exchange_delete(place.exchange("work").into(), ExchangeDeleteOptions::default()).await.unwrap();
    connection.close(200, "done".into()).await.unwrap();

    // The caller publishes again what was not taken, as the relay does.
    let message = wake_up(CLASS);
    let taken = async {
        while broker.publish_work(std::slice::from_ref(&message)).await.remove(0).is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    within("the queue", taken).await;
    let delivery = within("a delivery", consumer.next()).await.unwrap();
    assert_eq!(delivery.message(), &message);
    delivery.ack().await.unwrap();
    end(broker, place).await;
}

#[tokio::test]
async fn the_push_exchange_deleted_under_us_is_declared_again() {
    let place = Place::shared();
    let broker = place.connected().await;
    let connection = place.raw().await;
    let channel = connection.create_channel().await.unwrap();
    channel.exchange_delete(place.exchange("push").into(), ExchangeDeleteOptions::default()).await.unwrap();
    let [alice, _] = two_owners();
    assert!(broker.publish_live(&event(&[&alice], 1)), "taken, and lost: a hint");
    let mut subscription = broker.subscribe_live().await.unwrap();
    subscription.bind(alice.partition()).await.unwrap();
    let arrives = async {
        for offset in 2.. {
            broker.publish_live(&event(&[&alice], offset));
            if let Ok(signal) = tokio::time::timeout(Duration::from_millis(50), subscription.next()).await {
                return signal;
            }
        }
        None
    };
    assert!(matches!(within("a live message", arrives).await, Some(LiveSignal::Message(_))));
    connection.close(200, "done".into()).await.unwrap();
    end(broker, place).await;
}

#[tokio::test]
async fn a_queue_with_other_arguments_is_named_and_is_no_trouble_once_it_is_gone() {
    let place = Place::shared();
    let connection = place.raw().await;
    let channel = connection.create_channel().await.unwrap();
    let declare =
        channel.queue_declare(place.work_queue().into(), QueueDeclareOptions::durable(), FieldTable::default());
    declare.await.unwrap();

    let broker = place.broker();
    until("the trouble", || broker.trouble().is_some_and(|text| text.contains("other arguments"))).await;
    assert!(broker.trouble().unwrap().contains(&place.work_queue()));
    assert!(!broker.status().connected);
    let error = publish_one(&broker, CLASS).await.unwrap_err();
    let cause = error.source().expect("the cause is kept").to_string();
    assert!(cause.contains(&place.work_queue()), "{cause}");

    channel.queue_delete(place.work_queue().into(), QueueDeleteOptions::default()).await.unwrap();
    until("the recovery", || broker.status().connected).await;
    assert_eq!(broker.trouble(), None);
    publish_one(&broker, CLASS).await.unwrap();
    connection.close(200, "done".into()).await.unwrap();
    end(broker, place).await;
}

#[tokio::test]
async fn refused_credentials_are_said_to_be_so() {
    let mut place = Place::shared();
    let host = place.url.rsplit_once("//").unwrap().1;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host).to_owned();
    place.url = format!("amqp://nobody:secret@{host}");
    let broker = place.broker();
    until("the trouble", || broker.trouble().is_some_and(|text| text.contains("denies access"))).await;
    assert!(!broker.trouble().unwrap().contains("secret"));
    broker.close().await;
}

#[tokio::test]
async fn without_a_broker_nothing_blocks_and_nothing_is_taken() {
    let counters = Counters::default();
    let _recording = metrics::set_default_local_recorder(&counters);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = Place::at(&format!("amqp://{nobody}"));
    let since = Instant::now();
    let broker = place.broker();
    let outcome = publish_one(&broker, CLASS).await;
    assert!(matches!(outcome, Err(BrokerError::Unavailable(_))), "{outcome:?}");
    let [alice, _] = two_owners();
    assert!(!broker.publish_live(&event(&[&alice], 1)));
    assert_eq!(counters.sum("herald_live_dropped_total", ""), 1);
    assert!(broker.work_depth(CLASS).await.is_err());
    let mut consumer = broker.consume_work(CLASS, 1).await.unwrap();
    let mut subscription = broker.subscribe_live().await.unwrap();
    assert!(matches!(subscription.bind(Partition(7)).await, Err(BrokerError::Unavailable(_))));
    subscription.unbind(Partition(7)).await.unwrap();
    assert!(matches!(subscription.next().await, Some(LiveSignal::Lost)));
    let status = broker.status();
    assert!(!status.connected && !status.blocked);
    assert!(broker.trouble().is_some());
    broker.close().await;
    assert!(consumer.next().await.is_none() && subscription.next().await.is_none());
    assert!(since.elapsed() < Duration::from_secs(10), "took {:?}", since.elapsed());
}

async fn publish_one(broker: &RabbitBroker, class: &str) -> Result<(), BrokerError> {
    broker.publish_work(&[wake_up(class)]).await.remove(0)
}

async fn end(broker: RabbitBroker, place: Place) {
    broker.close().await;
    place.clean().await;
}
