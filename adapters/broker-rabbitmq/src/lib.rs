//! The `Broker` port on RabbitMQ (3.10 and later), over lapin. Nothing else in the house knows exchanges, bindings or confirms.
//!
//! Invariants: publishing and consuming have a connection each, so that an alarm, which stops publishers, does not stop the
//! acks; both are supervised and come back by themselves, for ever; `Ok` from a publish means confirmed and routed; what is
//! unacknowledged when a connection breaks is delivered again by the broker, and acking it then is `Stale`. Must never fail or
//! block start-up because the broker is away, never wait without a limit, and never buffer without a bound.

mod announce;
mod backoff;
mod config;
mod consume;
mod greeting;
mod intake;
mod letter;
mod link;
mod publish;
mod session;
mod settle;
mod subscribe;
mod tasks;
mod topology;
mod trouble;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use herald_domain::broker::{
    Broker, BrokerError, BrokerStatus, Fallen, LiveSubscription, Result, ServiceConsumer, TransferMessage,
    WorkConsumer, WorkMessage,
};
use herald_domain::event::LiveMessage;
use herald_domain::money::Service;
use lapin::options::QueueDeclareOptions;
use lapin::types::{FieldTable, ShortString};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OnceCell};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use config::{ConnectError, RabbitConfig};

use announce::Announcer;
use consume::{BatchConsumer, Consumer, FallenMessage};
use intake::{Intake, IntakeDeps, Source};
use letter::Letter;
use link::Link;
use publish::Publisher;
use session::Dial;
use subscribe::Subscription;
use tasks::Tasks;
use topology::Topology;
use trouble::Trouble;

/// For each half of a close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(6);
/// Dead letters in hand at once.
const FALLEN_PREFETCH: u16 = 16;

const WORK_PUBLISHED: &str = "herald_work_published_total";
const TRANSFERS_PUBLISHED: &str = "herald_transfers_published_total";

/// A handle on one RabbitMQ (a node, or a cluster behind one address). Dropping it closes it in the background.
pub struct RabbitBroker {
    publisher: Publisher,
    announcer: Announcer,
    publishing: Link,
    /// For looking at the broker apart from the two connections.
    dial: Dial,
    intake: IntakeDeps,
    fallen: OnceCell<Mutex<Intake>>,
    live_buffer: usize,
    /// Consumers, subscriptions and whatever they leave to be settled.
    users: Tasks,
    /// The two connections.
    links: Tasks,
    stop_users: CancellationToken,
    stop_links: CancellationToken,
    _stop_when_dropped: (DropGuard, DropGuard),
}

impl RabbitBroker {
    /// Starts connecting and returns at once, also if the broker is away; only bad settings are an error. Needs a tokio runtime.
    pub fn connect(url: &str, config: RabbitConfig) -> std::result::Result<Self, ConnectError> {
        config::check(&config)?;
        let uri = config::parse(url, config.heartbeat_s)?;
        let runtime = Handle::current();
        let (users, links) = (Tasks::new(runtime.clone()), Tasks::new(runtime));
        let (stop_users, stop_links) = (CancellationToken::new(), CancellationToken::new());
        let topology = Topology::new(config.clone());
        let dial = |role: &str| Dial {
            uri: uri.clone(),
            name: format!("{} {role}", config.connection_name),
            tasks: users.clone(),
        };
        let publishing = Link::start("publish", dial("publish"), Some(topology.clone()), &links, stop_links.clone());
        let consuming = Link::start("consume", dial("consume"), None, &links, stop_links.clone());
        Ok(Self {
            publisher: Publisher::new(publishing.clone(), topology.clone(), users.clone(), stop_users.clone()),
            announcer: Announcer::start(publishing.clone(), topology.clone(), &users, stop_users.clone()),
            publishing,
            dial: dial("look"),
            intake: IntakeDeps { link: consuming, topology, tasks: users.clone() },
            fallen: OnceCell::new(),
            live_buffer: config.live_buffer,
            users,
            links,
            _stop_when_dropped: (stop_users.clone().drop_guard(), stop_links.clone().drop_guard()),
            stop_users,
            stop_links,
        })
    }

    fn ensure_open(&self) -> Result<()> {
        if self.stop_users.is_cancelled() { Err(Trouble::Closed.into()) } else { Ok(()) }
    }

    fn topology(&self) -> &Topology {
        &self.intake.topology
    }

    /// Messages ready in a queue.
    async fn depth(&self, queue: ShortString) -> Result<u64> {
        let session = self.intake.link.session().await?;
        let channel = session.channel().await?;
        let declared = channel.queue_declare(queue, QueueDeclareOptions::default().passive(), FieldTable::default());
        match channel.answered("reading a queue's depth", declared).await {
            Ok(queue) => Ok(queue.message_count().into()),
            // No queue, no messages; a publisher or consumer declares it.
            Err(Trouble::Missing(_)) => Ok(0),
            Err(trouble) => Err(trouble.into()),
        }
    }
}

#[async_trait]
impl Broker for RabbitBroker {
    async fn publish_work(&self, messages: &[WorkMessage]) -> Vec<Result<()>> {
        let letters: Vec<_> = messages.iter().map(|message| Letter::work(self.topology(), message)).collect();
        self.publisher.publish(WORK_PUBLISHED, &letters).await
    }

    /// Returns at once: consuming starts when there is a connection.
    async fn consume_work(&self, class: &str, prefetch: u16) -> Result<Box<dyn WorkConsumer>> {
        self.ensure_open()?;
        if !config::is_name(class) {
            return Err(BrokerError::Refused(ConnectError::Name(class.to_owned()).to_string()));
        }
        let source = Source::Work { class: class.to_owned() };
        let intake = Intake::start(&self.intake, source, prefetch, self.stop_users.child_token());
        Ok(Box::new(Consumer::new(intake)))
    }

    async fn work_depth(&self, class: &str) -> Result<u64> {
        self.depth(self.topology().work_queue(class)).await
    }

    async fn publish_transfers(&self, messages: &[TransferMessage]) -> Vec<Result<()>> {
        let letters: Vec<_> = messages.iter().map(|message| Some(Letter::step(self.topology(), message))).collect();
        self.publisher.publish(TRANSFERS_PUBLISHED, &letters).await
    }

    async fn wake_service(&self, service: Service, messages: &[TransferMessage]) -> Vec<Result<()>> {
        let letter = |message| Some(Letter::wake(self.topology(), service, message));
        self.publisher.publish(TRANSFERS_PUBLISHED, &messages.iter().map(letter).collect::<Vec<_>>()).await
    }

    /// Returns at once: consuming starts when there is a connection.
    async fn consume_service(&self, service: Service, prefetch: u16) -> Result<Box<dyn ServiceConsumer>> {
        self.ensure_open()?;
        let source = Source::Service { service };
        let intake = Intake::start(&self.intake, source, prefetch, self.stop_users.child_token());
        Ok(Box::new(BatchConsumer::new(intake)))
    }

    async fn service_depth(&self, service: Service) -> Result<u64> {
        self.depth(self.topology().service_queue(service)).await
    }

    fn publish_live(&self, message: &LiveMessage) -> bool {
        self.announcer.announce(message)
    }

    async fn subscribe_live(&self) -> Result<Box<dyn LiveSubscription>> {
        self.ensure_open()?;
        let subscription = Subscription::start(&self.intake, self.live_buffer, self.stop_users.child_token()).await;
        Ok(Box::new(subscription))
    }

    async fn describe(&self) -> Result<String> {
        Ok(self.dial.ask().await?)
    }

    fn status(&self) -> BrokerStatus {
        let publishing = self.publishing.current();
        BrokerStatus {
            connected: publishing.is_some() && self.intake.link.current().is_some(),
            blocked: publishing.is_some_and(|session| session.blocked().is_some()),
        }
    }

    fn trouble(&self) -> Option<String> {
        self.publishing.trouble().or_else(|| self.intake.link.trouble()).map(|trouble| trouble.to_string())
    }

    async fn next_fallen(&self) -> Result<Box<dyn Fallen>> {
        let start = || async {
            Mutex::new(Intake::start(&self.intake, Source::Dead, FALLEN_PREFETCH, self.stop_users.child_token()))
        };
        let mut intake = self.fallen.get_or_init(start).await.lock().await;
        loop {
            let taken = intake.next().await.ok_or(Trouble::Closed)?;
            if !wire::fell_for_want_of_room(&taken.delivery) {
                return Ok(Box::new(FallenMessage::new(taken)));
            }
            // The oldest of a service's full queue: no dead letter, the rows bring it back.
            metrics::counter!("herald_transfers_dropped_total").increment(1);
            // A stale one comes again.
            let _ = taken.settlement.ack().await;
        }
    }

    async fn close(&self) {
        self.stop_users.cancel();
        // Past the time-outs the connections are cut, and the broker takes back what was not settled.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.users.finished()).await;
        self.stop_links.cancel();
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.links.finished()).await;
    }
}
