//! The exchanges and queues, and how they are declared. Everything is declared again after every reconnect, by the publisher
//! for every configured class and service and by a consumer for its own: declaring what exists is free.
//!
//! | exchange | queues | key |
//! |---|---|---|
//! | `<prefix>.work` (direct) | `<prefix>.work.judge.<class>`, quorum | `judge.<class>` |
//! | `<prefix>.transfers` (topic) | `<prefix>.service.<service>`, quorum | `transfer.<kind>.<state>` of all that concerns the service |
//! | `<prefix>.dead` (fanout) | `<prefix>.dead`, quorum: what fell through the delivery limit of a queue of the two above | – |
//! | `<prefix>.push` (direct) | one for each subscription: exclusive, named by the server | the partition's number |
//!
//! A step for several services of which one has lost its queue is not unroutable: the others get it, the broker confirms, and the
//! one is brought its work by the rows, through the default exchange, where the loss shows.

use std::sync::Arc;
use std::time::Duration;

use herald_domain::money::{Service, TransferKind, TransferState, TransferStep};
use lapin::ExchangeKind;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use tokio::sync::Mutex;

use crate::config::RabbitConfig;
use crate::session::{OwnChannel, Session};
use crate::trouble::Trouble;

/// Dead letters are recorded within moments; what exceeds this is an outage of the store, or of a service for a very long time,
/// and the rows are the truth anyway.
const DEAD_LIMIT: u32 = 100_000;
/// A dead letter that cannot be recorded goes back and must not fall through in turn, which RabbitMQ 4 does at 20 by default.
const DEAD_DELIVERY_LIMIT: u32 = 1_000_000;
/// What may wait at the broker for a subscription that has stopped reading; then the oldest goes.
const LIVE_LIMIT: u32 = 10_000;

/// To wait before a queue that was deleted under us is declared again. Seen on 3.10: a quorum queue that is back within
/// milliseconds is taken for the old one; its consumers are then not told that they were cancelled, and the first messages are
/// lost on them until they reconnect.
pub(crate) const BURIAL: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Topology(Arc<Inner>);

struct Inner {
    config: RabbitConfig,
    /// One at a time in this process: simultaneous first declarations of a quorum queue can fail.
    declaring: Mutex<()>,
}

impl Topology {
    pub(crate) fn new(config: RabbitConfig) -> Self {
        Self(Arc::new(Inner { config, declaring: Mutex::new(()) }))
    }

    /// Whether the class's queue is ours to declare.
    pub(crate) fn knows(&self, class: &str) -> bool {
        self.0.config.classes.iter().any(|known| known == class)
    }

    pub(crate) fn work_exchange(&self) -> ShortString {
        self.name("work")
    }

    pub(crate) fn work_key(class: &str) -> ShortString {
        format!("judge.{class}").into()
    }

    pub(crate) fn work_queue(&self, class: &str) -> ShortString {
        self.name(&format!("work.judge.{class}"))
    }

    /// Whether the service's queue is ours to declare.
    pub(crate) fn serves(&self, service: Service) -> bool {
        self.0.config.services.contains(&service)
    }

    /// Whether a service of ours must be told of the step.
    pub(crate) fn concerns_somebody(&self, step: &TransferStep) -> bool {
        self.0.config.services.iter().any(|service| service.concerns(step.kind, step.state))
    }

    pub(crate) fn transfers_exchange(&self) -> ShortString {
        self.name("transfers")
    }

    pub(crate) fn step_key(kind: TransferKind, state: TransferState) -> ShortString {
        format!("transfer.{kind}.{state}").into()
    }

    pub(crate) fn service_queue(&self, service: Service) -> ShortString {
        self.name(&format!("service.{service}"))
    }

    /// Exchange and queue alike.
    pub(crate) fn dead(&self) -> ShortString {
        self.name("dead")
    }

    pub(crate) fn push_exchange(&self) -> ShortString {
        self.name("push")
    }

    fn name(&self, rest: &str) -> ShortString {
        format!("{}.{rest}", self.0.config.prefix).into()
    }

    /// Everything that a publisher needs.
    pub(crate) async fn declare_all(&self, session: &Session) -> Result<(), Trouble> {
        let channel = session.channel().await?;
        self.declare_push(&channel).await?;
        self.declare_work(&channel, &self.0.config.classes).await?;
        self.declare_services(&channel, &self.0.config.services).await
    }

    /// Everything that a consumer of these classes needs.
    pub(crate) async fn declare_work(&self, channel: &OwnChannel, classes: &[String]) -> Result<(), Trouble> {
        self.declare_dead(channel).await?;
        let _one_at_a_time = self.0.declaring.lock().await;
        declare_exchange(channel, self.work_exchange(), ExchangeKind::Direct).await?;
        for class in classes {
            let queue = self.work_queue(class);
            declare_queue(channel, queue.clone(), QueueDeclareOptions::durable(), self.work_arguments()).await?;
            bind(channel, queue, self.work_exchange(), Self::work_key(class)).await?;
        }
        Ok(())
    }

    /// Everything that a consumer for these services needs.
    pub(crate) async fn declare_services(&self, channel: &OwnChannel, services: &[Service]) -> Result<(), Trouble> {
        self.declare_dead(channel).await?;
        let _one_at_a_time = self.0.declaring.lock().await;
        declare_exchange(channel, self.transfers_exchange(), ExchangeKind::Topic).await?;
        for &service in services {
            let queue = self.service_queue(service);
            declare_queue(channel, queue, QueueDeclareOptions::durable(), self.service_arguments()).await?;
            self.bind_service(channel, service).await?;
        }
        Ok(())
    }

    /// Binds what concerns the service and unbinds what does not (and may have, in another version). All are under way at once.
    async fn bind_service(&self, channel: &OwnChannel, service: Service) -> Result<(), Trouble> {
        let keys =
            TransferKind::ALL.iter().flat_map(|&kind| TransferState::ALL.iter().map(move |&state| (kind, state)));
        let changes = keys.map(|(kind, state)| async move {
            let (queue, exchange) = (self.service_queue(service), self.transfers_exchange());
            let key = Self::step_key(kind, state);
            if service.concerns(kind, state) {
                bind(channel, queue, exchange, key).await
            } else {
                unbind(channel, queue, exchange, key).await
            }
        });
        futures::future::try_join_all(changes).await.map(drop)
    }

    pub(crate) async fn declare_dead(&self, channel: &OwnChannel) -> Result<(), Trouble> {
        let _one_at_a_time = self.0.declaring.lock().await;
        declare_exchange(channel, self.dead(), ExchangeKind::Fanout).await?;
        let arguments = table([
            ("x-queue-type", text("quorum")),
            ("x-max-length", number(DEAD_LIMIT)),
            ("x-delivery-limit", number(DEAD_DELIVERY_LIMIT)),
        ]);
        declare_queue(channel, self.dead(), QueueDeclareOptions::durable(), arguments).await?;
        bind(channel, self.dead(), self.dead(), "".into()).await
    }

    pub(crate) async fn declare_push(&self, channel: &OwnChannel) -> Result<(), Trouble> {
        declare_exchange(channel, self.push_exchange(), ExchangeKind::Direct).await
    }

    /// A queue for one subscription: gone with its connection, and with its consumer.
    pub(crate) async fn declare_live(&self, channel: &OwnChannel) -> Result<ShortString, Trouble> {
        let arguments = table([("x-max-length", number(LIVE_LIMIT)), ("x-overflow", text("drop-head"))]);
        declare_queue(channel, "".into(), QueueDeclareOptions::exclusive().auto_delete(), arguments).await
    }

    /// At-least-once dead-lettering needs `reject-publish`: what falls through waits here until the dead queue has it.
    fn work_arguments(&self) -> FieldTable {
        table([
            ("x-queue-type", text("quorum")),
            ("x-delivery-limit", number(self.0.config.delivery_limit)),
            ("x-max-length", number(self.0.config.queue_limit)),
            ("x-overflow", text("reject-publish")),
            ("x-dead-letter-exchange", text(self.dead().as_str())),
            ("x-dead-letter-strategy", text("at-least-once")),
        ])
    }

    /// The oldest makes room: for transfers no publisher is held up, and the rows bring back what was dropped.
    fn service_arguments(&self) -> FieldTable {
        table([
            ("x-queue-type", text("quorum")),
            ("x-delivery-limit", number(self.0.config.delivery_limit)),
            ("x-max-length", number(self.0.config.queue_limit)),
            ("x-overflow", text("drop-head")),
            ("x-dead-letter-exchange", text(self.dead().as_str())),
        ])
    }
}

/// The routing key of a partition.
pub(crate) fn partition_key(partition: herald_domain::owner::Partition) -> ShortString {
    partition.to_string().into()
}

async fn declare_exchange(channel: &OwnChannel, name: ShortString, kind: ExchangeKind) -> Result<(), Trouble> {
    let what = format!("exchange '{name}'");
    let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
    channel.answered(&what, channel.exchange_declare(name, kind, options, FieldTable::default())).await
}

async fn declare_queue(
    channel: &OwnChannel,
    name: ShortString,
    options: QueueDeclareOptions,
    arguments: FieldTable,
) -> Result<ShortString, Trouble> {
    let what = format!("queue '{name}'");
    let queue = channel.answered(&what, channel.queue_declare(name, options, arguments)).await?;
    Ok(queue.name().clone())
}

async fn bind(
    channel: &OwnChannel,
    queue: ShortString,
    exchange: ShortString,
    key: ShortString,
) -> Result<(), Trouble> {
    let what = format!("binding of '{queue}'");
    channel
        .answered(&what, channel.queue_bind(queue, exchange, key, QueueBindOptions::default(), FieldTable::default()))
        .await
}

async fn unbind(
    channel: &OwnChannel,
    queue: ShortString,
    exchange: ShortString,
    key: ShortString,
) -> Result<(), Trouble> {
    let what = format!("unbinding of '{queue}'");
    channel.answered(&what, channel.queue_unbind(queue, exchange, key, FieldTable::default())).await
}

fn table<const N: usize>(entries: [(&str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (key, value) in entries {
        table.insert(key.into(), value);
    }
    table
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn number(value: u32) -> AMQPValue {
    AMQPValue::LongLongInt(value.into())
}
