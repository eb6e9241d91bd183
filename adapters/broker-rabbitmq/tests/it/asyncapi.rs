//! docs/asyncapi.yaml says the truth about transfers on RabbitMQ: real messages, read by a stranger who knows the document alone.

use herald_domain::broker::{Broker, TransferMessage};
use herald_domain::money::{Service, TransferKind, TransferState};
use herald_testkit::broker_contract::step;
use lapin::message::BasicGetMessage;
use lapin::options::{BasicGetOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::place::{Place, within};

/// The prefix that the document uses, which is the default.
const PREFIX: &str = "herald";

fn document() -> Value {
    serde_yaml_ng::from_str(include_str!("../../../../docs/asyncapi.yaml")).unwrap()
}

/// Strictly: a field that is not documented fails, although readers are told to ignore such.
#[track_caller]
fn check(schema: &str, body: &Value) {
    let components = document()["components"].clone();
    let known = components["schemas"][schema]["properties"].as_object().unwrap();
    let unknown: Vec<_> = body.as_object().unwrap().keys().filter(|field| !known.contains_key(*field)).collect();
    assert!(unknown.is_empty(), "{schema} says nothing of {unknown:?}");
    let root = json!({"$ref": format!("#/components/schemas/{schema}"), "components": components});
    let validator = jsonschema::validator_for(&root).unwrap();
    let errors: Vec<_> = validator.iter_errors(body).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{schema}: {errors:#?}\n{body:#}");
}

#[tokio::test]
async fn every_step_of_a_transfer_travels_as_documented() {
    let place = Place::shared();
    let broker = place.connected().await;
    let connection = place.raw().await;
    let channel = connection.create_channel().await.unwrap();
    let (exchange, queue) = own_queue(&place, &channel).await;
    let mut all = Vec::new();
    for &kind in TransferKind::ALL {
        all.extend(TransferState::ALL.iter().map(|&state| step(kind, state)));
    }
    for outcome in broker.publish_transfers(&all).await {
        outcome.unwrap();
    }
    for message in &all {
        let got = get(&channel, &queue).await;
        check_properties(&got, message);
        let body: Value = serde_json::from_slice(&got.data).unwrap();
        check("TransferStep", &body);
        assert_eq!(body["transfer"], message.step.transfer.to_string());
        let key = document()["channels"]["transfers"]["address"].as_str().unwrap().to_owned();
        let key = key.replace("{kind}", body["kind"].as_str().unwrap());
        assert_eq!(got.routing_key.as_str(), key.replace("{state}", body["state"].as_str().unwrap()));
        assert_eq!(got.exchange.as_str(), exchange);
    }
    connection.close(200, "done".into()).await.unwrap();
    broker.close().await;
    place.clean().await;
}

#[tokio::test]
async fn the_queues_of_services_are_as_documented() {
    let place = Place::shared();
    let broker = place.connected().await;
    let connection = place.raw().await;
    let channel = connection.create_channel().await.unwrap();
    let documented = document()["channels"]["service"].clone();
    let mut arguments = FieldTable::default();
    for (name, value) in documented["x-queue-arguments"].as_object().unwrap() {
        let value = match value {
            Value::Number(number) => AMQPValue::LongLongInt(number.as_i64().unwrap()),
            other => AMQPValue::LongString(in_place(&place, other.as_str().unwrap()).into()),
        };
        arguments.insert(name.as_str().into(), value);
    }
    for &service in Service::ALL {
        let queue = documented["address"].as_str().unwrap().replace("{service}", service.as_str());
        let queue = in_place(&place, &queue);
        let durable = documented["bindings"]["amqp"]["queue"]["durable"].as_bool().unwrap();
        let there = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(queue.clone().into(), there, FieldTable::default()).await.expect("it is there");
        // The broker refuses to declare one that exists with other arguments.
        let options = QueueDeclareOptions { durable, ..QueueDeclareOptions::default() };
        channel.queue_declare(queue.into(), options, arguments.clone()).await.expect("the same arguments");
    }
    let message = step(TransferKind::Payment, TransferState::Completed);
    broker.wake_service(Service::Webhook, std::slice::from_ref(&message)).await.remove(0).unwrap();
    let got = get(&channel, &place.service_queue(Service::Webhook)).await;
    check_properties(&got, &message);
    check("TransferStep", &serde_json::from_slice(&got.data).unwrap());
    connection.close(200, "done".into()).await.unwrap();
    broker.close().await;
    place.clean().await;
}

/// The words of the document are those of the code, wherever they stand.
#[test]
fn kinds_states_and_services_are_all_named() {
    let document = document();
    let (channels, schemas) = (&document["channels"], &document["components"]["schemas"]);
    for kinds in [&schemas["TransferKind"], &channels["transfers"]["parameters"]["kind"]] {
        assert_eq!(kinds["enum"], json!(TransferKind::ALL));
    }
    for states in [&schemas["TransferState"], &channels["transfers"]["parameters"]["state"]] {
        assert_eq!(states["enum"], json!(TransferState::ALL));
    }
    assert_eq!(channels["service"]["parameters"]["service"]["enum"], json!(Service::ALL));
    for example in document["components"]["messages"]["transfer"]["examples"].as_array().unwrap() {
        check("TransferStep", &example["payload"]);
        check("TraceHeaders", &example["headers"]);
    }
}

/// A queue as the document tells a stranger to make it; the exchange, too, is declared by what it says. Gives both names.
async fn own_queue(place: &Place, channel: &Channel) -> (String, String) {
    let documented = document()["channels"]["transfers"]["bindings"]["amqp"]["exchange"].clone();
    assert_eq!(documented["type"], "topic");
    let exchange = in_place(place, documented["name"].as_str().unwrap());
    let options = ExchangeDeclareOptions {
        durable: documented["durable"].as_bool().unwrap(),
        auto_delete: documented["autoDelete"].as_bool().unwrap(),
        ..ExchangeDeclareOptions::default()
    };
    let declared = channel.exchange_declare(exchange.clone().into(), ExchangeKind::Topic, options, <_>::default());
    declared.await.expect("it is as documented");
    let queue = channel.queue_declare("".into(), QueueDeclareOptions::exclusive(), <_>::default()).await.unwrap();
    let queue = queue.name().clone();
    let bound = channel.queue_bind(
        queue.clone(),
        exchange.clone().into(),
        "transfer.#".into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    bound.await.unwrap();
    (exchange, queue.to_string())
}

fn in_place(place: &Place, name: &str) -> String {
    name.replacen(PREFIX, &place.config.prefix, 1)
}

async fn get(channel: &Channel, queue: &str) -> BasicGetMessage {
    within("a message", async {
        loop {
            let got = channel.basic_get(queue.into(), BasicGetOptions { no_ack: true }).await.unwrap();
            match got {
                Some(message) => return message,
                None => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            }
        }
    })
    .await
}

fn check_properties(got: &BasicGetMessage, message: &TransferMessage) {
    let properties = &got.properties;
    let content_type = properties.content_type().as_ref().map(|text| text.to_string());
    assert_eq!(content_type, document()["components"]["messages"]["transfer"]["contentType"].as_str().map(Into::into));
    let delivery_mode = &document()["operations"]["sendTransfer"]["bindings"]["amqp"]["deliveryMode"];
    assert_eq!(json!(properties.delivery_mode()), *delivery_mode);
    let id = properties.message_id().as_ref().and_then(|id| id.as_str().parse::<Uuid>().ok());
    assert_eq!(id, message.id.map(|id| id.0));
    let mut headers = serde_json::Map::new();
    let ours = |name: &str| !name.starts_with("x-");
    for (name, value) in properties.headers().as_ref().unwrap().inner().iter().filter(|(name, _)| ours(name.as_str())) {
        let AMQPValue::LongString(value) = value else { panic!("{name} is no text: {value:?}") };
        headers.insert(name.to_string(), json!(value.to_string()));
    }
    assert_eq!(headers.get("traceparent").and_then(|value| value.as_str()), message.traceparent.as_deref());
    check("TraceHeaders", &Value::Object(headers));
}
