//! The broker contract on RabbitMQ, and what only this adapter promises.
//!
//! Most tests share the broker that `HERALD_TEST_BROKER_URL` names, each with a prefix of its own; those that break a broker
//! start one themselves.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod asyncapi;
mod counters;
mod fallen;
mod outages;
mod place;
mod refusals;
mod service_outages;
mod transfers;

use std::sync::Arc;

use async_trait::async_trait;
use herald_domain::broker::Broker;
use herald_testkit::broker_contract::BrokerHarness;

use place::Place;

struct Harness {
    place: Place,
    broker: Arc<dyn Broker>,
    second: Arc<dyn Broker>,
}

#[async_trait]
impl BrokerHarness for Harness {
    fn broker(&self) -> Arc<dyn Broker> {
        self.broker.clone()
    }

    fn second(&self) -> Arc<dyn Broker> {
        self.second.clone()
    }

    async fn tear_down(&self) {
        self.broker.close().await;
        self.second.close().await;
        self.place.clean().await;
    }
}

async fn harness() -> Harness {
    let place = Place::shared();
    let (broker, second) = (place.connected().await, place.connected().await);
    Harness { place, broker: Arc::new(broker), second: Arc::new(second) }
}

herald_testkit::broker_contract!(harness());
