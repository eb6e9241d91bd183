//! docs/asyncapi.yaml says the truth: real frames and real messages, validated strictly (a field that is not documented
//! fails, although readers are told to ignore such).

mod money;

use herald_domain::broker::WorkMessage;
use herald_domain::channel::Channel;
use herald_domain::event::LiveMessage;
use herald_notifier::ASYNCAPI;
use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::world::World;

on_every_backend![every_frame_that_is_sent_is_documented, every_message_to_the_broker_is_documented,];

fn document() -> Value {
    serde_yaml_ng::from_str(ASYNCAPI).unwrap()
}

/// Makes every object schema with properties closed.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.contains_key("properties") && map.get("type") == Some(&json!("object")) {
                map.insert("additionalProperties".into(), json!(false));
            }
            map.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[track_caller]
fn check(schema: &str, body: &Value) {
    let mut components = document()["components"].clone();
    close(&mut components["schemas"]);
    let root = json!({"allOf": [{"$ref": format!("#/components/schemas/{schema}")}], "components": components});
    let validator = jsonschema::validator_for(&root).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{schema}: {errors:#?}\n{body:#}");
}

fn check_frame(frame: &Value) {
    let schema = match frame["type"].as_str().unwrap() {
        "snapshot" => "Snapshot",
        "resumed" => "Resumed",
        "event" => "Event",
        "progress" => "Progress",
        "error" => "Error",
        "unsubscribed" => "Unsubscribed",
        "pong" => "Pong",
        other => panic!("no schema for {other}"),
    };
    check(schema, frame);
}

async fn every_frame_that_is_sent_is_documented(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let mut client = world.connect(&work.ticket(), "").await;
    let first = client.json().await;
    work.compile().await;
    work.run().await;
    let mut frames = client.until(|frame| frame["offset"] == 3).await;
    world.broker.publish_live(&work.progress_message(1, 3));
    frames.push(client.json().await);
    work.end().await;
    frames.extend(client.until(|frame| frame["offset"] == 4).await);
    let mut subscribe = json!({"type": "subscribe", "ticket": world.user_ticket("alice")});
    check("Subscribe", &subscribe);
    client.say(subscribe.clone()).await;
    frames.push(client.json().await);
    client.say(subscribe.clone()).await;
    frames.push(client.json().await);
    let unsubscribe = json!({"type": "unsubscribe", "channel": Channel::User(world.user("alice"))});
    check("Unsubscribe", &unsubscribe);
    client.say(unsubscribe).await;
    frames.push(client.json().await);
    let ping = json!({"type": "ping"});
    check("Ping", &ping);
    client.say(ping).await;
    frames.push(client.json().await);
    subscribe["after"] = first["cursor"].clone();
    client.say(subscribe).await;
    frames.push(client.json().await);
    client.say(json!({"type": "?"})).await;
    frames.push(client.json().await);
    let after = format!("&after={}", first["cursor"].as_str().unwrap());
    frames.push(world.connect(&work.ticket(), &after).await.json().await);
    frames.push(world.connect(&work.ticket(), "").await.json().await);
    frames.push(first);
    frames.iter().for_each(check_frame);
    let mut kinds: Vec<_> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["error", "event", "pong", "progress", "resumed", "snapshot", "unsubscribed"]);
    let reasons = frames.iter().filter(|frame| frame["reason"] == "snapshot_only").count();
    assert_eq!(reasons, 1);
}

async fn every_message_to_the_broker_is_documented(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let body = |message: &LiveMessage| serde_json::from_slice::<Value>(&message.to_json()).unwrap();
    for event in [work.compile().await, work.run().await, work.end().await] {
        check("StoredEvent", &body(&LiveMessage::Event(event)));
    }
    check("LiveProgress", &body(&work.progress_message(1, 3)));
    let message = WorkMessage { id: None, submission: work.id, class: "any".into(), traceparent: None };
    let mut wakes = serde_json::to_value(message).unwrap();
    wakes["v"] = json!(1);
    check("Work", &wakes);
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(|to| to.as_str()).map(str::to_owned));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    for to in found {
        assert!(document.pointer(to.strip_prefix('#').unwrap()).is_some(), "{to}");
    }
}

/// The words of the document are those of the code.
#[test]
fn events_and_verdicts_are_all_named() {
    use herald_domain::money::{EffectState, Service, TransferState};
    use herald_domain::submission::{Status, Verdict};
    let document = document();
    let words = |schema: &str| document["components"]["schemas"][schema]["enum"].clone();
    assert_eq!(words("SubmissionStatus"), json!(Status::ALL));
    assert_eq!(words("Verdict"), json!(Verdict::ALL));
    let mut names: Vec<String> = Status::ALL.iter().map(|status| status.event_name().to_owned()).collect();
    names.extend(TransferState::ALL.iter().map(|state| state.event_name().to_owned()));
    for service in Service::ALL {
        names.extend(EffectState::ALL.iter().map(|state| service.event_name(*state)));
    }
    assert_eq!(words("EventName"), json!(names));
    assert_eq!(words("NotRecovered"), json!(["epoch", "ahead", "expired", "snapshot_only"]));
}

#[tokio::test]
async fn the_document_is_served() {
    let world = World::new(Backend::Embedded).await;
    let response = reqwest::get(format!("http://{}/asyncapi.yaml", world.address)).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/yaml");
    assert_eq!(response.text().await.unwrap(), ASYNCAPI);
}
