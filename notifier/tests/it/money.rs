//! Payer and payee watch a transfer by what any client has: sockets and event streams.

use herald_domain::event::{LiveMessage, StoredEvent};
use herald_domain::money::Service;
use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::bank::{Bank, Payment};
use crate::world::World;

on_every_backend![
    a_socket_that_watches_a_transfer_and_its_user_is_told_each_step_once,
    the_stream_of_a_transfer_never_ends_for_good,
    a_stranger_may_not_watch_a_transfer,
];

impl World {
    pub async fn bank(&self) -> Bank {
        Bank::open(&self.store, &self.user("alice"), &self.user("bob")).await
    }

    pub fn publish(&self, event: &StoredEvent) {
        self.broker.publish_live(&LiveMessage::Event(event.clone()));
    }

    /// A ticket for the user to watch it.
    pub fn transfer_ticket(&self, user: &str, payment: &Payment<'_>) -> String {
        self.ticket(&self.user(user), payment.channel(), None)
    }
}

async fn a_socket_that_watches_a_transfer_and_its_user_is_told_each_step_once(backend: Backend) {
    let world = World::new(backend).await;
    let bank = world.bank().await;
    let (payment, _) = bank.pay(100).await;
    let mut client = world.connect(&world.user_ticket("bob"), "").await;
    assert_eq!(client.json().await["data"]["items"][0]["channel"], json!(payment.channel()));
    client.say(json!({"type": "subscribe", "ticket": world.transfer_ticket("bob", &payment)})).await;
    assert_eq!(client.json().await["data"]["status"], "completed");
    for service in [Service::Fraud, Service::Webhook, Service::Statement] {
        world.publish(&payment.done(service).await);
    }
    for name in ["fraud.scored", "webhook.delivered", "statement.issued"] {
        assert_eq!(client.json().await["event"], name);
    }
}

/// A stream that is answered 204 is never opened again, and what comes a day later would not be seen.
async fn the_stream_of_a_transfer_never_ends_for_good(backend: Backend) {
    let world = World::new(backend).await;
    let bank = world.bank().await;
    let (payment, _) = bank.pay(100).await;
    for service in Service::ALL {
        payment.done(*service).await;
    }
    let ticket = world.transfer_ticket("alice", &payment);
    let snapshot = world.stream(&ticket, "").await.event().await;
    assert_eq!(snapshot.data["offset"], 6);
    let mut source = world.stream(&ticket, &format!("&after={}", snapshot.id.unwrap())).await;
    assert_eq!(source.response.status(), 200);
    assert_eq!(source.event().await.name, "resumed");
    payment.refund(100).await.iter().for_each(|event| world.publish(event));
    let refunded = source.event().await;
    assert_eq!((refunded.name.as_str(), &refunded.data["offset"]), ("transfer.refunded", &json!(7)));
}

async fn a_stranger_may_not_watch_a_transfer(backend: Backend) {
    let world = World::new(backend).await;
    let bank = world.bank().await;
    let (payment, _) = bank.pay(100).await;
    let ticket = world.transfer_ticket("mallory", &payment);
    let response = reqwest::get(world.events_url(&ticket, "")).await.unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(response.json::<serde_json::Value>().await.unwrap()["code"], "unknown_channel");
    for user in ["alice", "bob"] {
        assert_eq!(world.connect(&world.transfer_ticket(user, &payment), "").await.json().await["type"], "snapshot");
    }
}
