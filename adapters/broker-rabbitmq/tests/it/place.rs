//! Where a test works: one RabbitMQ and a prefix that nobody else uses.

use std::time::Duration;

use herald_broker_rabbitmq::{RabbitBroker, RabbitConfig};
use herald_domain::broker::Broker;
use herald_domain::money::Service;
use herald_testkit::broker_contract::{CLASS, LIVE_BUFFER};
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::{Connection, ConnectionProperties};
use uuid::Uuid;

/// Nothing takes this long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(180);

pub struct Place {
    pub url: String,
    pub config: RabbitConfig,
}

impl Place {
    /// On the broker that all tests share.
    pub fn shared() -> Self {
        let url = std::env::var("HERALD_TEST_BROKER_URL");
        Self::at(&url.expect("HERALD_TEST_BROKER_URL is not set: run `make test`, or name a RabbitMQ by it"))
    }

    pub fn at(url: &str) -> Self {
        let config = RabbitConfig {
            prefix: format!("test-{}", Uuid::new_v4().simple()),
            connection_name: "herald test".to_owned(),
            live_buffer: LIVE_BUFFER,
            ..RabbitConfig::default()
        };
        Self { url: url.to_owned(), config }
    }

    /// A broker handle that may not be connected yet.
    pub fn broker(&self) -> RabbitBroker {
        RabbitBroker::connect(&self.url, self.config.clone()).expect("the settings are good")
    }

    pub async fn connected(&self) -> RabbitBroker {
        let broker = self.broker();
        until("the connections", || broker.status().connected).await;
        broker
    }

    pub fn work_queue(&self) -> String {
        format!("{}.work.judge.{CLASS}", self.config.prefix)
    }

    pub fn service_queue(&self, service: Service) -> String {
        format!("{}.service.{service}", self.config.prefix)
    }

    pub fn dead_queue(&self) -> String {
        format!("{}.dead", self.config.prefix)
    }

    pub fn exchange(&self, name: &str) -> String {
        format!("{}.{name}", self.config.prefix)
    }

    /// A connection of the test's own, past the adapter.
    pub async fn raw(&self) -> Connection {
        Connection::connect(&self.url, ConnectionProperties::default()).await.expect("the broker is there")
    }

    /// Removes what the test made, as far as it can.
    pub async fn clean(&self) {
        let connection = self.raw().await;
        let gpu = format!("{}.work.judge.gpu", self.config.prefix);
        let services = Service::ALL.iter().map(|&service| self.service_queue(service));
        for queue in services.chain([self.work_queue(), gpu, self.dead_queue()]) {
            if let Ok(channel) = connection.create_channel().await {
                let _ = channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await;
            }
        }
        for exchange in ["work", "transfers", "dead", "push"] {
            if let Ok(channel) = connection.create_channel().await {
                let _ = channel.exchange_delete(self.exchange(exchange).into(), ExchangeDeleteOptions::default()).await;
            }
        }
        let _ = connection.close(200, "done".into()).await;
    }
}

/// Waits until it is so.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    within(what, async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} in vain for {what}"),
    }
}
