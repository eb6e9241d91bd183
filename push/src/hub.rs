//! The handle on a process's one hub.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use herald_domain::broker::Broker;
use herald_domain::channel::{Channel, Cursor};
use herald_domain::clock::Clock;
use herald_domain::event::MAX_FRAME_BYTES;
use herald_domain::owner::Owner;
use herald_domain::store::Store;
use herald_domain::ticket::Grant;
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::queue::{End, Leavers, Place, Queue, SubscriberId, Subscription};
use crate::worker::{Command, Join, Worker};

/// Commands that wait for the hub's task.
const COMMANDS: usize = 1024;

#[derive(Clone)]
pub struct Deps {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub clock: Arc<dyn Clock>,
}

/// The hub's times and bounds; the defaults are the design's.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// Bytes of stored events that may wait for one subscriber; at least four of the largest frame.
    pub buffer_bytes: usize,
    /// Requests that come within this time are read together.
    pub gather: Duration,
    /// How often it catches up from the store.
    pub catch_up: Duration,
    /// The same while live messages are not coming in, and how long after a first bind it catches up again.
    pub catch_up_away: Duration,
    /// How long a subscriber waits for its partition's bind before it is served without.
    pub bind_patience: Duration,
    /// How long a partition stays bound without subscribers.
    pub linger: Duration,
    /// How long a subscriber waits at most for its first frame.
    pub subscribe_within: Duration,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            buffer_bytes: 256 * 1024,
            gather: Duration::from_millis(5),
            catch_up: Duration::from_secs(5),
            catch_up_away: Duration::from_secs(1),
            bind_patience: Duration::from_millis(500),
            linger: Duration::from_secs(60),
            subscribe_within: Duration::from_secs(10),
        }
    }
}

/// Why there is no subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SubscribeError {
    #[error("the cursor is not one that this server made for this channel; leave it out to start from a snapshot")]
    BadCursor,
    /// It does not exist or is another's; which of the two is not told.
    #[error("there is no such channel; check the id")]
    UnknownChannel,
    #[error("the channel cannot be read now; try again in a few seconds")]
    Unavailable,
}

/// A handle on the process's one hub; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    commands: mpsc::Sender<Command>,
    leavers: Arc<Leavers>,
    next: AtomicU64,
    within: Duration,
}

impl Hub {
    /// Starts the hub's tasks. They stop when `shutdown` fires.
    pub fn start(deps: Deps, tasks: &TaskTracker, shutdown: CancellationToken) -> Self {
        Self::start_with(HubConfig::default(), deps, tasks, shutdown)
    }

    /// The same with other times and bounds.
    pub fn start_with(mut config: HubConfig, deps: Deps, tasks: &TaskTracker, shutdown: CancellationToken) -> Self {
        config.buffer_bytes = config.buffer_bytes.max(4 * MAX_FRAME_BYTES);
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let leavers = Arc::new(Leavers::default());
        let within = config.subscribe_within;
        Worker::start(config, deps, receiver, Arc::clone(&leavers), tasks, shutdown);
        Self { shared: Arc::new(Shared { commands, leavers, next: AtomicU64::new(1), within }) }
    }

    /// Subscribes to the grant's channel on behalf of its owner. The first frame is a snapshot, or `resumed` if `after` is a
    /// cursor of the channel from which nothing is missing; stored events follow by offset, each once.
    pub async fn subscribe(&self, grant: &Grant, after: Option<&str>) -> Result<Subscription, SubscribeError> {
        let after = after.map(|text| cursor_for(&grant.channel, text)).transpose()?;
        let mut subscription = self.join(&grant.channel, &grant.owner, Join::Watch(after)).await?;
        match tokio::time::timeout(self.shared.within, subscription.landed()).await {
            Ok(Ok(())) => Ok(subscription),
            Ok(Err(End::Unknown)) => Err(SubscribeError::UnknownChannel),
            Ok(Err(_)) | Err(_) => Err(SubscribeError::Unavailable),
        }
    }

    /// For a long-poll: returns as soon as an event with a greater offset than `offset` is known to be committed on the
    /// channel (also if it was before the call); on a `user:` channel, at the next event. Returns as well when it cannot be
    /// known: the channel is not the owner's, the store is away, or the hub stops. The caller bounds the wait and then
    /// reads the store.
    pub async fn wait_beyond(&self, channel: &Channel, owner: &Owner, offset: u64) {
        if let Ok(mut subscription) = self.join(channel, owner, Join::Wait(offset)).await {
            // No frames are given to one who waits: the first thing that comes is the end.
            let _ = subscription.next().await;
        }
    }

    async fn join(&self, channel: &Channel, owner: &Owner, join: Join) -> Result<Subscription, SubscribeError> {
        if let Channel::User(user) = channel
            && user != owner
        {
            return Err(SubscribeError::UnknownChannel);
        }
        let id = SubscriberId(self.shared.next.fetch_add(1, Ordering::Relaxed));
        let place = Place { id, channel: channel.clone(), owner: owner.clone() };
        let queue = Arc::new(Queue::default());
        let command = Command { place: place.clone(), queue: Arc::clone(&queue), join };
        let sent = tokio::time::timeout(self.shared.within, self.shared.commands.send(command)).await;
        match sent {
            Ok(Ok(())) => Ok(Subscription::new(queue, Arc::clone(&self.shared.leavers), place)),
            Ok(Err(_)) | Err(_) => Err(SubscribeError::Unavailable),
        }
    }
}

/// Checks a cursor without subscribing: whether [`Hub::subscribe`] to the channel would take it.
pub fn cursor_for(channel: &Channel, text: &str) -> Result<Cursor, SubscribeError> {
    let cursor = Cursor::decode(text).map_err(|_| SubscribeError::BadCursor)?;
    match (channel, &cursor.channel) {
        // The frames of a `user:` channel carry the cursors of its entities, and SSE sends back the last one it saw.
        (Channel::User(_), of) if of.entity().is_some() => Ok(cursor),
        (channel, of) if channel == of => Ok(cursor),
        _ => Err(SubscribeError::BadCursor),
    }
}
