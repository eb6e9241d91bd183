//! The `Broker` port: wake-ups for workers, steps of transfers for named services, and live messages for hubs. No exchange,
//! binding or confirm in its types: those are the RabbitMQ adapter's own.
//!
//! Rules that every adapter keeps, each a clause of the contract suite (`testkit::broker_contract`):
//! * publishing work returns `Ok` once the broker has taken responsibility; otherwise it is an error and may be done again;
//! * a delivery is settled once, by value; dropped unsettled means delivered again, to this or another consumer;
//! * live messages are hints: bounded, droppable, never awaited;
//! * the adapter reconnects by itself, for ever; a consumer or subscription survives that.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::event::LiveMessage;
use crate::id::{MessageId, SubmissionId};
use crate::money::{Service, TransferStep};
use crate::owner::Partition;

#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// No connection now (or it broke in mid-publish: then it is not known whether the message arrived).
    #[error("the broker is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The broker said no: unroutable, queue full, nack.
    #[error("the broker refused the message: {0}")]
    Refused(String),
    /// The delivery's channel is gone: it will be delivered again.
    #[error("the delivery can no longer be settled")]
    Stale,
}

pub type Result<T> = std::result::Result<T, BrokerError>;

/// A wake-up: licence to claim the best due row of the class. JSON `{"v":1,"submission":"<id>","class":"any"}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WorkMessage {
    /// AMQP `message-id`.
    #[serde(skip)]
    pub id: Option<MessageId>,
    /// For people and traces; the claim decides what is worked on.
    pub submission: SubmissionId,
    pub class: String,
    /// W3C trace context; AMQP header `traceparent`.
    #[serde(skip)]
    pub traceparent: Option<String>,
}

/// A step of a transfer, for services. JSON `{"v":1,"transfer":"<id>","kind":"payment","state":"completed"}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TransferMessage {
    /// AMQP `message-id`.
    #[serde(skip)]
    pub id: Option<MessageId>,
    #[serde(flatten)]
    pub step: TransferStep,
    /// W3C trace context; AMQP header `traceparent`.
    #[serde(skip)]
    pub traceparent: Option<String>,
}

/// How the connections stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BrokerStatus {
    pub connected: bool,
    /// The broker takes no publishes now (memory or disk alarm).
    pub blocked: bool,
}

#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Publishes in pipeline; one result for each, in order. Waits at most 30 s for a confirm.
    async fn publish_work(&self, messages: &[WorkMessage]) -> Vec<Result<()>>;

    /// Consumes a class with at most `prefetch` deliveries unsettled.
    async fn consume_work(&self, class: &str, prefetch: u16) -> Result<Box<dyn WorkConsumer>>;

    /// Messages ready in the class's queue (not those being worked on).
    async fn work_depth(&self, class: &str) -> Result<u64>;

    /// Publishes each to the queue of every configured service that the step concerns, in pipeline; one result for each, in
    /// order. Waits at most 30 s for a confirm. A step that concerns nobody is `Ok`.
    async fn publish_transfers(&self, messages: &[TransferMessage]) -> Vec<Result<()>>;

    /// The same to the queue of this service alone.
    async fn wake_service(&self, service: Service, messages: &[TransferMessage]) -> Vec<Result<()>>;

    /// Consumes a service's queue with at most `prefetch` messages unsettled.
    async fn consume_service(&self, service: Service, prefetch: u16) -> Result<Box<dyn ServiceConsumer>>;

    /// Messages ready in the service's queue (not those being worked on).
    async fn service_depth(&self, service: Service) -> Result<u64>;

    /// Hands a live message over without waiting; dropped if the broker is away or behind. Returns whether it was taken.
    fn publish_live(&self, message: &LiveMessage) -> bool;

    /// A subscription of its own, bound to nothing yet.
    async fn subscribe_live(&self) -> Result<Box<dyn LiveSubscription>>;

    /// What it is, with its version, for the operator.
    async fn describe(&self) -> Result<String>;

    fn status(&self) -> BrokerStatus;

    /// What keeps the broker away, in words for the operator (refused credentials, a queue declared with other arguments, no
    /// connection); `None` while all is well.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Messages that fell through the broker's own delivery limit, raw. The adapter acks one when `taken` has been called;
    /// waits while there are none. For recording as dead letters in the store.
    async fn next_fallen(&self) -> Result<Box<dyn Fallen>>;

    /// Closes in order: consumers first, then connections.
    async fn close(&self);
}

#[async_trait]
pub trait WorkConsumer: Send {
    /// The next delivery; waits through reconnects. `None` after [`WorkConsumer::close`] or the broker's close. Safe to cancel.
    async fn next(&mut self) -> Option<Box<dyn Delivery>>;

    /// Stops taking; deliveries already handed out can still be settled.
    async fn close(&mut self);
}

#[async_trait]
pub trait Delivery: Send + Sync {
    fn message(&self) -> &WorkMessage;

    fn redelivered(&self) -> bool;

    /// Done with. `Err(Stale)`: the broker will deliver it again, which is harmless.
    async fn ack(self: Box<Self>) -> Result<()>;
}

#[async_trait]
pub trait ServiceConsumer: Send {
    /// What waits, at least one and at most `most`; waits through reconnects. `None` after [`ServiceConsumer::close`] or the
    /// broker's close. Safe to cancel.
    async fn next(&mut self, most: usize) -> Option<Box<dyn TransferBatch>>;

    /// Stops taking; batches already handed out can still be settled.
    async fn close(&mut self);
}

/// Deliveries that are settled together; dropped unsettled means delivered again.
#[async_trait]
pub trait TransferBatch: Send + Sync {
    fn messages(&self) -> &[TransferMessage];

    /// Done with all of them. `Err(Stale)`: the broker will deliver some again, which is harmless.
    async fn ack(self: Box<Self>) -> Result<()>;
}

/// A message given up by the broker.
#[async_trait]
pub trait Fallen: Send + Sync {
    /// The queue that it fell from.
    fn queue(&self) -> &str;

    fn body(&self) -> &[u8];

    async fn taken(self: Box<Self>) -> Result<()>;
}

/// What a live subscription yields.
#[derive(Clone, Debug)]
pub enum LiveSignal {
    Message(LiveMessage),
    /// The connection broke: messages may be missing from now on.
    Lost,
    /// Back, and bound as before: catch up from the store now.
    Restored,
    /// Messages were dropped because this side was slow: catch up.
    Lagged,
}

#[async_trait]
pub trait LiveSubscription: Send {
    /// Messages for this partition arrive from when this returns. If it fails with `Unavailable`, the wish is kept: the
    /// partition is bound before the next [`LiveSignal::Restored`].
    async fn bind(&mut self, partition: Partition) -> Result<()>;

    async fn unbind(&mut self, partition: Partition) -> Result<()>;

    /// Safe to cancel. `None` after the broker's close.
    async fn next(&mut self) -> Option<LiveSignal>;
}
