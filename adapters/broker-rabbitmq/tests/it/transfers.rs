//! Steps of transfers on RabbitMQ: bindings, what is deleted under us, what is too much, and what falls.

use std::time::Duration;

use herald_broker_rabbitmq::RabbitBroker;
use herald_domain::broker::{Broker, BrokerError, TransferMessage};
use herald_domain::money::{Service, TransferKind, TransferState};
use herald_testkit::broker_contract::step;
use lapin::Channel;
use lapin::options::{
    BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions, QueueBindOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;

use crate::counters::Counters;
use crate::place::{Place, within};

#[tokio::test]
async fn a_service_queue_deleted_under_us_is_declared_again_and_consumed_again() {
    let place = Place::shared();
    let broker = place.connected().await;
    let mut consumer = broker.consume_service(Service::Fraud, 5).await.unwrap();
    publish(&broker, &payment()).await.unwrap();
    within("a batch", consumer.next(5)).await.unwrap().ack().await.unwrap();

    let channel = raw(&place).await;
    delete_queue(&place, &channel, Service::Fraud).await;
    let exchange = place.exchange("transfers");
    channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await.unwrap();

    // The caller publishes again what was not taken, as the relay does.
    let message = payment();
    let taken = async {
        while publish(&broker, &message).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    within("the exchange", taken).await;
    // It may be taken for the others before this queue is there: then the rows wake this service alone.
    let told = async {
        loop {
            if let Ok(batch) = tokio::time::timeout(Duration::from_millis(500), consumer.next(5)).await {
                return batch.unwrap();
            }
            let _ = broker.wake_service(Service::Fraud, std::slice::from_ref(&message)).await;
        }
    };
    let batch = within("the message", told).await;
    assert!(batch.messages().iter().all(|got| got == &message), "{:?}", batch.messages());
    batch.ack().await.unwrap();
    end(broker, place).await;
}

#[tokio::test]
async fn a_queue_that_only_one_service_lost_shows_when_it_is_woken_and_is_declared_again() {
    let place = Place::shared();
    let broker = place.connected().await;
    let channel = raw(&place).await;
    delete_queue(&place, &channel, Service::Webhook).await;
    publish(&broker, &payment()).await.expect("the others are told");
    assert_eq!(broker.service_depth(Service::Notification).await.unwrap(), 1);
    assert_eq!(broker.service_depth(Service::Webhook).await.unwrap(), 0);

    let refusal = broker.wake_service(Service::Webhook, &[payment()]).await.remove(0).unwrap_err();
    assert!(matches!(&refusal, BrokerError::Refused(why) if why.contains("service.webhook")), "{refusal:?}");
    let woken = async {
        while broker.wake_service(Service::Webhook, &[payment()]).await.remove(0).is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    within("the queue", woken).await;
    let before = broker.service_depth(Service::Webhook).await.unwrap();
    publish(&broker, &payment()).await.unwrap();
    depth_becomes(&broker, Service::Webhook, before + 1).await;
    end(broker, place).await;
}

#[tokio::test]
async fn a_step_that_reaches_nobody_whom_it_concerns_is_refused_until_it_does() {
    let counters = Counters::default();
    let _recording = metrics::set_default_local_recorder(&counters);
    let mut place = Place::shared();
    place.config.services = vec![Service::Rewards];
    let broker = place.connected().await;
    let channel = raw(&place).await;
    delete_queue(&place, &channel, Service::Rewards).await;
    // Rewards are nobody's concern here: of two in one call only the other comes back.
    let messages = [payment(), step(TransferKind::Reward, TransferState::Completed)];
    let outcomes = broker.publish_transfers(&messages).await;
    assert!(matches!(outcomes[..], [Err(BrokerError::Refused(_)), Ok(())]), "{outcomes:?}");
    assert_eq!(counters.sum("herald_transfers_published_total", "outcome=refused"), 1);
    assert_eq!(counters.sum("herald_transfers_published_total", "outcome=confirmed"), 1);
    let taken = async {
        while publish(&broker, &messages[0]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    within("the queue and its bindings", taken).await;
    depth_becomes(&broker, Service::Rewards, 1).await;
    let stranger = broker.wake_service(Service::Fraud, &messages).await;
    assert!(matches!(stranger[..], [Err(BrokerError::Refused(_)), Err(BrokerError::Refused(_))]), "{stranger:?}");
    end(broker, place).await;
}

#[tokio::test]
async fn a_binding_of_another_version_does_not_outlive_it() {
    let place = Place::shared();
    let broker = place.connected().await;
    let channel = raw(&place).await;
    let refund = step(TransferKind::Refund, TransferState::Completed);
    let queue = place.service_queue(Service::Rewards);
    let options = QueueBindOptions::default();
    let key = "transfer.refund.completed".into();
    channel
        .queue_bind(queue.into(), place.exchange("transfers").into(), key, options, FieldTable::default())
        .await
        .unwrap();
    publish(&broker, &refund).await.unwrap();
    depth_becomes(&broker, Service::Rewards, 1).await;
    let next = place.connected().await;
    publish(&next, &refund).await.unwrap();
    depth_becomes(&next, Service::Notification, 2).await;
    assert_eq!(next.service_depth(Service::Rewards).await.unwrap(), 1);
    next.close().await;
    end(broker, place).await;
}

/// Somebody else's service, which Herald has never heard of.
#[tokio::test]
async fn a_queue_of_somebody_elses_gets_what_it_is_bound_to_also_where_it_concerns_nobody_here() {
    let mut place = Place::shared();
    place.config.services = Vec::new();
    let broker = place.connected().await;
    let channel = raw(&place).await;
    let declare = QueueDeclareOptions::exclusive();
    let queue = channel.queue_declare("".into(), declare, FieldTable::default()).await.unwrap().name().clone();
    let (exchange, options) = (place.exchange("transfers"), QueueBindOptions::default());
    channel
        .queue_bind(queue.clone(), exchange.into(), "transfer.payment.*".into(), options, FieldTable::default())
        .await
        .unwrap();
    let messages = [payment(), step(TransferKind::Refund, TransferState::Completed)];
    let outcomes = broker.publish_transfers(&messages).await;
    assert!(matches!(outcomes[..], [Ok(()), Ok(())]), "{outcomes:?}");
    let got = channel.basic_get(queue.clone(), BasicGetOptions { no_ack: true }).await.unwrap().unwrap();
    let body: serde_json::Value = serde_json::from_slice(&got.data).unwrap();
    assert_eq!(body["transfer"], messages[0].step.transfer.to_string());
    assert!(channel.basic_get(queue, BasicGetOptions { no_ack: true }).await.unwrap().is_none());
    end(broker, place).await;
}

#[tokio::test]
async fn a_full_service_queue_drops_its_oldest_and_holds_up_nobody() {
    let counters = Counters::default();
    let _recording = metrics::set_default_local_recorder(&counters);
    let mut place = Place::shared();
    place.config.queue_limit = 10;
    let broker = place.connected().await;
    let messages: Vec<_> = (0..50).map(|_| payment()).collect();
    for outcome in broker.publish_transfers(&messages).await {
        outcome.expect("room is made for it");
    }
    depth_becomes(&broker, Service::Statement, 10).await;
    let mut consumer = broker.consume_service(Service::Statement, 64).await.unwrap();
    let mut kept = Vec::new();
    while kept.len() < 10 {
        let batch = within("a batch", consumer.next(64)).await.unwrap();
        kept.extend_from_slice(batch.messages());
        batch.ack().await.unwrap();
    }
    assert_eq!(kept, messages[40..]);
    // What was dropped is no dead letter: nobody is to be troubled with it.
    let nothing = tokio::time::timeout(Duration::from_secs(1), broker.next_fallen()).await;
    assert!(nothing.is_err(), "something fell");
    assert_eq!(counters.sum("herald_transfers_dropped_total", ""), 40 * Service::ALL.len() as u64);
    end(broker, place).await;
}

#[tokio::test]
async fn a_step_that_cannot_be_read_falls_and_holds_up_nobody() {
    let place = Place::shared();
    let broker = place.connected().await;
    let channel = raw(&place).await;
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let good: Vec<_> = (0..3).map(|_| payment()).collect();
    let bad: [&[u8]; 3] = [b"not json", br#"{"v":2,"transfer":"?"}"#, br#"{"v":1,"kind":"raffle"}"#];
    for (body, message) in bad.into_iter().zip(&good) {
        let queue = place.service_queue(Service::Webhook);
        let sent = channel.basic_publish("".into(), queue.into(), BasicPublishOptions::default(), body, <_>::default());
        assert!(sent.await.unwrap().await.unwrap().is_ack());
        publish(&broker, message).await.unwrap();
    }
    let mut consumer = broker.consume_service(Service::Webhook, 2).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < good.len() {
        let batch = within("a batch", consumer.next(64)).await.unwrap();
        seen.extend_from_slice(batch.messages());
        batch.ack().await.unwrap();
    }
    assert_eq!(seen, good);
    let mut fell = Vec::new();
    for _ in bad {
        let fallen = within("a fallen message", broker.next_fallen()).await.unwrap();
        assert_eq!(fallen.queue(), place.service_queue(Service::Webhook));
        fell.push(fallen.body().to_vec());
        fallen.taken().await.unwrap();
    }
    fell.sort();
    let mut expected = bad.map(<[u8]>::to_vec);
    expected.sort();
    assert_eq!(fell, expected);
    end(broker, place).await;
}

#[tokio::test]
async fn a_step_delivered_too_often_falls() {
    let mut place = Place::shared();
    place.config.delivery_limit = 2;
    let broker = place.connected().await;
    let message = step(TransferKind::Funding, TransferState::Failed);
    broker.wake_service(Service::Fraud, std::slice::from_ref(&message)).await.remove(0).unwrap();
    let mut consumer = broker.consume_service(Service::Fraud, 8).await.unwrap();
    for _ in 0..3 {
        drop(within("another attempt", consumer.next(8)).await.unwrap());
    }
    let fallen = within("a fallen message", broker.next_fallen()).await.unwrap();
    assert_eq!(fallen.queue(), place.service_queue(Service::Fraud));
    let body: serde_json::Value = serde_json::from_slice(fallen.body()).unwrap();
    assert_eq!(body["transfer"], message.step.transfer.to_string());
    fallen.taken().await.unwrap();
    end(broker, place).await;
}

fn payment() -> TransferMessage {
    step(TransferKind::Payment, TransferState::Completed)
}

async fn publish(broker: &RabbitBroker, message: &TransferMessage) -> Result<(), BrokerError> {
    broker.publish_transfers(std::slice::from_ref(message)).await.remove(0)
}

/// A channel of the test's own, past the adapter; its connection ends with the test.
async fn raw(place: &Place) -> Channel {
    place.raw().await.create_channel().await.unwrap()
}

async fn delete_queue(place: &Place, channel: &Channel, service: Service) {
    channel.queue_delete(place.service_queue(service).into(), QueueDeleteOptions::default()).await.unwrap();
}

async fn depth_becomes(broker: &RabbitBroker, service: Service, expected: u64) {
    let settled = async {
        while broker.service_depth(service).await.unwrap() != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within("the depth", settled).await;
}

async fn end(broker: RabbitBroker, place: Place) {
    broker.close().await;
    place.clean().await;
}
