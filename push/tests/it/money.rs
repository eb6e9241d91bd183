//! A transfer has two who may watch it, and never ends for good.

use std::sync::Arc;
use std::time::Duration;

use herald_domain::channel::{Channel, Cursor};
use herald_domain::event::{LiveMessage, StoredEvent};
use herald_domain::id::{Epoch, TransferId};
use herald_domain::money::{Holder, Service};
use herald_domain::store::HoldChange;
use herald_domain::ticket::Grant;
use herald_push::{FrameKind, HubConfig, SubscribeError};
use herald_testkit::clock::TestClock;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::backend::{Backend, on_every_backend};
use crate::bank::{Bank, Payment};
use crate::world::{SOON, Watch, World, quick};

on_every_backend![
    payer_and_payee_see_every_service_finish,
    one_that_comes_late_sees_what_services_have_made_of_it,
    each_cursor_of_a_transfer_resumes_right_after_it_for_either_party,
    a_resume_of_a_transfer_that_cannot_be_complete_says_so,
    what_is_lost_of_a_transfer_reaches_both_parties,
    a_transfer_is_unknown_to_strangers,
    either_party_can_wait_for_the_next_event,
    a_refund_is_told_on_both_transfers,
    a_hold_that_nobody_captures_is_told_to_both_parties,
    a_users_snapshot_has_the_newest_of_both_kinds,
];

/// In no order that anybody has planned.
const FINISH: [(Service, &str); 5] = [
    (Service::Webhook, "webhook.delivered"),
    (Service::Statement, "statement.issued"),
    (Service::Notification, "notification.sent"),
    (Service::Rewards, "rewards.granted"),
    (Service::Fraud, "fraud.scored"),
];

impl World {
    async fn bank(&self) -> Bank {
        Bank::open(&self.store, &self.user("alice"), &self.user("bob")).await
    }

    fn publish(&self, event: &StoredEvent) {
        self.broker.publish_live(&LiveMessage::Event(event.clone()));
    }

    async fn pay<'a>(&self, bank: &'a Bank) -> Payment<'a> {
        let (payment, event) = bank.pay(100).await;
        self.publish(&event);
        payment
    }

    fn transfer_grant(&self, user: &str, payment: &Payment<'_>) -> Grant {
        Grant { owner: self.user(user), channel: payment.channel(), expires: 0, key: None }
    }

    async fn watch_transfer(&self, user: &str, payment: &Payment<'_>, after: Option<&str>) -> Watch {
        Watch(self.hub.subscribe(&self.transfer_grant(user, payment), after).await.unwrap())
    }
}

async fn payer_and_payee_see_every_service_finish(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let bank = world.bank().await;
    let mut user = world.subscribe_user("bob").await;
    user.frame().await.unwrap();
    let payment = world.pay(&bank).await;
    let mut parties =
        [world.watch_transfer("alice", &payment, None).await, world.watch_transfer("bob", &payment, None).await];
    for watch in &mut parties {
        let snapshot = watch.json().await;
        assert_eq!(
            (&snapshot["type"], &snapshot["channel"], &snapshot["offset"], &snapshot["recovered"]),
            (&json!("snapshot"), &json!(payment.channel()), &json!(1), &json!(true))
        );
        let data = &snapshot["data"];
        assert_eq!(
            (&data["state"], &data["amount"], &data["from"]),
            (&json!("completed"), &json!(100), &json!("alice"))
        );
        assert!(data["services"].as_object().unwrap().values().all(|effect| effect["status"] == "pending"), "{data}");
    }
    for (service, _) in FINISH {
        world.publish(&payment.done(service).await);
    }
    let expected: Vec<_> = FINISH.iter().zip(2..).map(|((_, name), offset)| (json!(name), json!(offset))).collect();
    for watch in &mut parties {
        assert_eq!(five(watch).await, expected);
    }
    assert_eq!(user.json().await["event"], "transfer.completed");
    assert_eq!(five(&mut user).await, expected);
}

async fn five(watch: &mut Watch) -> Vec<(Value, Value)> {
    let mut seen = Vec::new();
    for _ in 0..5 {
        let frame = watch.json().await;
        assert_eq!(frame["data"]["effect"], "done");
        seen.push((frame["event"].clone(), frame["offset"].clone()));
    }
    seen
}

async fn one_that_comes_late_sees_what_services_have_made_of_it(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let bank = world.bank().await;
    let payment = world.pay(&bank).await;
    for (service, _) in FINISH {
        world.publish(&payment.done(service).await);
    }
    for user in ["alice", "bob"] {
        let snapshot = world.watch_transfer(user, &payment, None).await.json().await;
        assert_eq!((&snapshot["offset"], &snapshot["recovered"]), (&json!(6), &json!(true)));
        let services = snapshot["data"]["services"].as_object().unwrap();
        assert!(services.values().all(|effect| effect["status"] == "done" && effect["detail"]["by"] == "a test"));
    }
}

async fn each_cursor_of_a_transfer_resumes_right_after_it_for_either_party(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let bank = world.bank().await;
    let payment = world.pay(&bank).await;
    let mut watch = world.watch_transfer("alice", &payment, None).await;
    for (service, _) in FINISH {
        world.publish(&payment.done(service).await);
    }
    // At another hub of the fleet.
    let other = world.another_hub(HubConfig::default());
    for offset in 1..=6 {
        let frame = watch.frame().await.unwrap();
        for user in ["alice", "bob"] {
            let grant = world.transfer_grant(user, &payment);
            let mut resumed = Watch(other.subscribe(&grant, frame.cursor()).await.unwrap());
            let first = resumed.frame().await.unwrap();
            assert_eq!((first.kind(), first.offset()), (FrameKind::Resumed, offset));
            assert!(!resumed.0.take_landed().complete, "there may always be more");
            if offset < 6 {
                assert_eq!(resumed.events_until(6).await, (offset + 1..=6).collect::<Vec<_>>());
            }
        }
    }
}

async fn a_resume_of_a_transfer_that_cannot_be_complete_says_so(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let bank = world.bank().await;
    let payment = world.pay(&bank).await;
    let cursor = Cursor { epoch: world.store.epoch().await.unwrap(), channel: payment.channel(), offset: 1 };
    let other_epoch = Cursor { epoch: Epoch(Uuid::from_u128(5)), ..cursor.clone() };
    let ahead = Cursor { offset: 99, ..cursor };
    for (cursor, reason) in [(other_epoch, "epoch"), (ahead, "ahead")] {
        let first = world.watch_transfer("bob", &payment, Some(&cursor.encode())).await.json().await;
        assert_eq!(
            (&first["type"], &first["recovered"], &first["reason"], &first["data"]["state"]),
            (&json!("snapshot"), &json!(false), &json!(reason), &json!("completed"))
        );
    }
}

/// Not one of its events but the last is published, and that to one of them would not be enough.
async fn what_is_lost_of_a_transfer_reaches_both_parties(backend: Backend) {
    let world = World::new(backend, quick()).await;
    let bank = world.bank().await;
    let (mut payer, mut payee) = (world.subscribe_user("alice").await, world.subscribe_user("bob").await);
    // The payer's snapshot tells of the funding.
    payer.frame().await.unwrap();
    payee.frame().await.unwrap();
    let (payment, _) = bank.hold(100, Holder::Payer, 60_000).await;
    let mut own = world.watch_transfer("bob", &payment, None).await;
    assert_eq!(own.json().await["data"]["state"], "pending");
    let completed = payment.change(HoldChange::Capture(None)).await;
    payment.done(Service::Statement).await;
    world.publish(&payment.done(Service::Fraud).await);
    assert_eq!(own.events_until(4).await, [2, 3, 4]);
    assert_eq!(payer.events_until(4).await, [1, 2, 3, 4]);
    assert_eq!(payee.events_until(4).await, [1, 2, 3, 4]);
    assert_eq!(completed[0].audience.len(), 2);
    // Nothing at all is published.
    payment.done(Service::Webhook).await;
    for watch in [&mut own, &mut payer, &mut payee] {
        assert_eq!(watch.events_until(5).await, [5]);
    }
}

async fn a_transfer_is_unknown_to_strangers(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let bank = world.bank().await;
    let payment = world.pay(&bank).await;
    let cursor = Cursor { epoch: world.store.epoch().await.unwrap(), channel: payment.channel(), offset: 1 }.encode();
    let foreign = world.transfer_grant("mallory", &payment);
    for after in [None, Some(cursor.as_str())] {
        assert_eq!(world.hub.subscribe(&foreign, after).await.err(), Some(SubscribeError::UnknownChannel));
    }
    let mut nobodys = world.transfer_grant("alice", &payment);
    nobodys.channel = Channel::Transfer(TransferId(Uuid::from_u128(404)));
    assert_eq!(world.hub.subscribe(&nobodys, None).await.err(), Some(SubscribeError::UnknownChannel));
    // An id is not enough: the kind is part of the name.
    let work = world.submit("alice").await;
    nobodys.channel = Channel::Transfer(TransferId(work.id.0));
    assert_eq!(world.hub.subscribe(&nobodys, Some(&cursor)).await.err(), Some(SubscribeError::BadCursor));
    assert_eq!(world.hub.subscribe(&nobodys, None).await.err(), Some(SubscribeError::UnknownChannel));
    let mut stranger = world.subscribe_user("mallory").await;
    assert_eq!(stranger.json().await["data"]["items"], json!([]));
    world.publish(&payment.done(Service::Fraud).await);
    world.submit("mallory").await;
    assert_eq!(stranger.json().await["event"], "submission.queued", "the first that it is told");
}

async fn either_party_can_wait_for_the_next_event(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let bank = world.bank().await;
    let payment = world.pay(&bank).await;
    let channel = payment.channel();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    tokio::time::timeout(SOON, world.hub.wait_beyond(&channel, &bob, 0)).await.expect("it is already so");
    let both =
        async { tokio::join!(world.hub.wait_beyond(&channel, &alice, 1), world.hub.wait_beyond(&channel, &bob, 1)) };
    tokio::pin!(both);
    let early = tokio::time::timeout(Duration::from_millis(100), &mut both).await;
    assert!(early.is_err());
    world.publish(&payment.done(Service::Rewards).await);
    tokio::time::timeout(SOON, &mut both).await.expect("the event was published");
    let foreign = world.user("mallory");
    tokio::time::timeout(SOON, world.hub.wait_beyond(&channel, &foreign, 9)).await.expect("it cannot be known");
}

async fn a_refund_is_told_on_both_transfers(backend: Backend) {
    let world = World::new(backend, quick()).await;
    let bank = world.bank().await;
    let payment = world.pay(&bank).await;
    let mut own = world.watch_transfer("alice", &payment, None).await;
    own.frame().await.unwrap();
    let mut payee = world.subscribe_user("bob").await;
    payee.frame().await.unwrap();
    let mut channels = vec![json!(payment.channel())];
    for event in payment.refund(100).await {
        channels.push(json!(event.channel));
        world.publish(&event);
    }
    let refunded = own.json().await;
    assert_eq!((&refunded["event"], &refunded["offset"]), (&json!("transfer.refunded"), &json!(2)));
    let mut seen = [payee.json().await, payee.json().await];
    seen.sort_by_key(|frame| frame["event"].to_string());
    assert_eq!((&seen[0]["event"], &seen[0]["data"]["kind"]), (&json!("transfer.completed"), &json!("refund")));
    assert_eq!((&seen[1]["event"], &seen[1]["channel"]), (&json!("transfer.refunded"), &channels[0]));
    assert_eq!(seen[0]["data"]["parent"], json!(payment.transfer.id));
}

async fn a_hold_that_nobody_captures_is_told_to_both_parties(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let bank = world.bank().await;
    let (payment, _) = bank.hold(100, Holder::Payer, 0).await;
    let mut parties =
        [world.watch_transfer("alice", &payment, None).await, world.watch_transfer("bob", &payment, None).await];
    bank.expire().await.iter().for_each(|event| world.publish(event));
    for watch in &mut parties {
        assert_eq!(watch.json().await["data"]["state"], "pending");
        assert_eq!(watch.json().await["event"], "transfer.expired");
    }
}

async fn a_users_snapshot_has_the_newest_of_both_kinds(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let bank = world.bank().await;
    let first = world.submit("bob").await;
    let payment = world.pay(&bank).await;
    let last = world.submit("bob").await;
    world.publish(&payment.done(Service::Fraud).await);
    let mut watch = world.subscribe_user("bob").await;
    let data = watch.json().await["data"].clone();
    let items = data["items"].as_array().unwrap();
    let channels: Vec<_> = items.iter().map(|item| item["channel"].clone()).collect();
    assert_eq!(channels, [json!(last.channel()), json!(payment.channel()), json!(first.channel())]);
    assert_eq!((&items[1]["offset"], &items[1]["services"]["fraud"]["status"]), (&json!(2), &json!("done")));
    assert_eq!((&items[0]["status"], &data["truncated"]), (&json!("queued"), &json!(false)));
    // What the snapshot told is not told again, and what follows is.
    world.publish(&payment.done(Service::Webhook).await);
    let next = watch.json().await;
    assert_eq!((&next["channel"], &next["offset"]), (&json!(payment.channel()), &json!(3)));
}

/// By then the hub has forgotten the transfer: the event has its log read again, and only the event is told.
#[tokio::test]
async fn a_refund_a_day_later_reaches_whoever_watches() {
    let clock = Arc::new(TestClock::new());
    let world = World::with_clock(quick(), clock.clone()).await;
    let bank = world.bank().await;
    let (mut payer, mut payee) = (world.subscribe_user("alice").await, world.subscribe_user("bob").await);
    payer.frame().await.unwrap();
    payee.frame().await.unwrap();
    let payment = world.pay(&bank).await;
    for (service, _) in FINISH {
        world.publish(&payment.done(service).await);
    }
    let mut own = world.watch_transfer("bob", &payment, None).await;
    own.frame().await.unwrap();
    drop(own);
    assert_eq!(payer.events_until(6).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(payee.events_until(6).await, [1, 2, 3, 4, 5, 6]);
    clock.advance(Duration::from_secs(24 * 3600));
    // Each is seen by a catch-up of its own. The first may have begun a day ago, so it is the second that forgets, and it has
    // ended when the third begins.
    for _ in 0..3 {
        let work = world.submit_unheard("alice").await;
        let seen = payer.json().await;
        assert_eq!(seen["channel"], json!(work.channel()));
    }
    let mut own = world.watch_transfer("alice", &payment, None).await;
    assert_eq!(own.json().await["offset"], 6);
    payment.refund(40).await;
    assert_eq!(own.events_until(7).await, [7]);
    for watch in [&mut payer, &mut payee] {
        let mut seen = [watch.json().await, watch.json().await];
        seen.sort_by_key(|frame| frame["event"].to_string());
        assert_eq!((&seen[0]["event"], &seen[0]["data"]["kind"]), (&json!("transfer.completed"), &json!("refund")));
        assert_eq!((&seen[1]["event"], &seen[1]["offset"]), (&json!("transfer.partly_refunded"), &json!(7)));
    }
}
