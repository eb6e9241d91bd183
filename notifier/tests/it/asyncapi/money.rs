//! Transfers led through every state, and every service through every end.

use std::collections::BTreeSet;

use herald_domain::event::{LiveMessage, StoredEvent, raw};
use herald_domain::money::{Deed, EffectOutcome, EffectState, Holder, Service, TransferKind, TransferState};
use herald_domain::store::HoldChange;
use herald_testkit::build;
use serde_json::{Value, json};

use super::{check, check_frame, document};
use crate::backend::{Backend, on_every_backend};
use crate::bank::Bank;
use crate::world::{Client, World};

on_every_backend![every_frame_and_message_of_a_transfer_is_documented, every_first_frame_of_money_is_documented];

/// The events of `transfer.<state>`, all of them.
async fn states(bank: &Bank) -> Vec<StoredEvent> {
    let (paid, event) = bank.pay(100).await;
    let mut events = vec![event];
    events.extend(paid.refund(40).await);
    events.extend(paid.refund(60).await);
    let (held, event) = bank.hold(100, Holder::Payer, 60_000).await;
    events.push(event);
    events.extend(held.change(HoldChange::Void).await);
    let (_, event) = bank.hold(100, Holder::Payer, 0).await;
    events.push(event);
    events.extend(bank.expire().await);
    let (suspect, event) = bank.hold(100, Holder::Fraud, 60_000).await;
    events.push(event);
    let refused = Deed::Decide { refuse: Some("velocity".into()) };
    let outcome = EffectOutcome::Done { detail: raw(&json!({"score": 90})), deed: refused };
    events.extend(suspect.served(Service::Fraud, outcome).await);
    events
}

/// The events of `<service>.<what>`, all of them: done, skipped, failed, and given another chance.
async fn effects(world: &World, bank: &Bank) -> Vec<StoredEvent> {
    let outcomes = [
        EffectOutcome::Done { detail: raw(&json!({"by": "a test"})), deed: Deed::Nothing },
        EffectOutcome::Skipped { reason: "nothing to do".into() },
        EffectOutcome::Failed { error: "it never will".into() },
    ];
    let mut events = Vec::new();
    for outcome in outcomes {
        let (paid, event) = bank.pay(1).await;
        events.push(event);
        for service in Service::ALL {
            events.extend(paid.served(*service, outcome.clone()).await);
        }
    }
    for letter in world.store.list_dead_letters(None, 100).await.unwrap() {
        let redriven = world.store.redrive(letter.id, build::message_id()).await.unwrap().unwrap();
        events.extend(redriven.event);
    }
    events
}

/// As many event frames as there are events.
async fn heard(client: &mut Client, events: usize) -> Vec<Value> {
    let mut frames = Vec::new();
    while frames.len() < events {
        frames.push(client.json().await);
    }
    frames
}

async fn every_frame_and_message_of_a_transfer_is_documented(backend: Backend) {
    let world = World::new(backend).await;
    let bank = world.bank().await;
    let mut client = world.connect(&world.user_ticket("bob"), "").await;
    check_frame(&client.json().await);
    let mut events = states(&bank).await;
    events.extend(effects(&world, &bank).await);
    for event in &events {
        world.publish(event);
        check("StoredEvent", &serde_json::from_slice(&LiveMessage::Event(event.clone()).to_json()).unwrap());
    }
    let frames = heard(&mut client, events.len()).await;
    let mut seen = BTreeSet::new();
    for frame in &frames {
        check_frame(frame);
        let name = frame["event"].as_str().unwrap().to_owned();
        let own = if name.starts_with("transfer.") { "TransferEventData" } else { "EffectEventData" };
        check(own, &frame["data"]);
        seen.insert(name);
    }
    let named = document()["components"]["schemas"]["EventName"]["enum"].clone();
    let named: BTreeSet<String> = serde_json::from_value(named).unwrap();
    let named: BTreeSet<_> = named.into_iter().filter(|name| !name.starts_with("submission.")).collect();
    assert_eq!(seen, named);
}

async fn every_first_frame_of_money_is_documented(backend: Backend) {
    let world = World::new(backend).await;
    let bank = world.bank().await;
    effects(&world, &bank).await;
    let (held, _) = bank.hold(100, Holder::Fraud, 60_000).await;
    let (paid, _) = bank.pay(100).await;
    paid.done(Service::Rewards).await;
    paid.refund(10).await;
    world.submit("bob").await;
    let (held, paid) = (world.transfer_ticket("alice", &held), world.transfer_ticket("bob", &paid));
    let first = world.connect(&paid, "").await.json().await;
    assert_eq!((&first["type"], &first["offset"]), (&json!("snapshot"), &json!(3)));
    check("Transfer", &first["data"]);
    check_frame(&first);
    check_frame(&world.connect(&held, "").await.json().await);
    let after = format!("&after={}", first["cursor"].as_str().unwrap());
    let resumed = world.connect(&paid, &after).await.json().await;
    assert_eq!(resumed["type"], "resumed");
    check_frame(&resumed);
    let user = world.connect(&world.user_ticket("bob"), "").await.json().await;
    check("UserSnapshot", &user["data"]);
    check_frame(&user);
    let items = user["data"]["items"].as_array().unwrap();
    assert!(["submission:", "transfer:"].iter().all(|kind| {
        items.iter().any(|item| item["channel"].as_str().is_some_and(|channel| channel.starts_with(kind)))
    }));
}

/// The words of the document are those of the code.
#[test]
fn the_words_of_money_are_all_named() {
    let document = document();
    let words = |schema: &str| document["components"]["schemas"][schema]["enum"].clone();
    assert_eq!(words("TransferKind"), json!(TransferKind::ALL));
    assert_eq!(words("TransferState"), json!(TransferState::ALL));
    assert_eq!(words("ServiceName"), json!(Service::ALL));
    assert_eq!(words("EffectState"), json!(EffectState::ALL));
    let services = &document["components"]["schemas"]["Transfer"]["properties"]["services"];
    assert_eq!(services["required"], json!(Service::ALL));
}
