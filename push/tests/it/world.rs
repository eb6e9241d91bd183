//! A hub over a real store and the in-process broker, and a submission that a test leads through its life.

use std::sync::Arc;
use std::time::Duration;

use herald_domain::broker::Broker;
use herald_domain::channel::Channel;
use herald_domain::clock::{Clock, SystemClock};
use herald_domain::event::{LiveMessage, Progress, StoredEvent, raw};
use herald_domain::id::{LeaseToken, SubmissionId};
use herald_domain::owner::Owner;
use herald_domain::store::{Accepted, Claimed, Store};
use herald_domain::submission::{Tests, Verdict};
use herald_domain::ticket::Grant;
use herald_push::{Deps, End, Frame, FrameKind, Hub, HubConfig, SubscribeError, Subscription};
use herald_testkit::build;
use serde_json::{Value, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::backend::{Backend, Ground};

/// Nothing in these tests takes so long unless it is broken.
pub const SOON: Duration = Duration::from_secs(20);

pub struct World {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub hub: Hub,
    pub tasks: TaskTracker,
    pub shutdown: CancellationToken,
    ground: Ground,
}

/// The design's times, but for catching up, which a test would wait for.
pub fn quick() -> HubConfig {
    HubConfig {
        catch_up: Duration::from_millis(300),
        catch_up_away: Duration::from_millis(100),
        ..HubConfig::default()
    }
}

impl World {
    pub async fn new(backend: Backend, config: HubConfig) -> Self {
        Self::on(backend.ground().await, config)
    }

    /// On SQLite, with a broker of the test's own.
    pub async fn with_broker(config: HubConfig, broker: Arc<dyn Broker>) -> Self {
        let mut ground = Backend::Embedded.ground().await;
        ground.broker = broker;
        Self::on(ground, config)
    }

    /// On SQLite, whose time is this clock's.
    pub async fn with_clock(config: HubConfig, clock: Arc<dyn Clock>) -> Self {
        Self::on(Ground::with_clock(clock).await, config)
    }

    fn on(ground: Ground, config: HubConfig) -> Self {
        let (store, broker) = (Arc::clone(&ground.store), Arc::clone(&ground.broker));
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let deps = Deps { store: Arc::clone(&store), broker: Arc::clone(&broker), clock: Arc::new(SystemClock) };
        let hub = Hub::start_with(config, deps, &tasks, shutdown.clone());
        Self { store, broker, hub, tasks, shutdown, ground }
    }

    /// A user whom no other test knows.
    pub fn user(&self, name: &str) -> Owner {
        self.ground.user(name)
    }

    /// Another hub on the same store and broker: another notifier.
    pub fn another_hub(&self, config: HubConfig) -> Hub {
        let deps =
            Deps { store: Arc::clone(&self.store), broker: Arc::clone(&self.broker), clock: Arc::new(SystemClock) };
        Hub::start_with(config, deps, &self.tasks, self.shutdown.clone())
    }

    /// Accepts a submission of the user's; its first event is published.
    pub async fn submit(&self, user: &str) -> Work<'_> {
        let (work, event) = self.accept(user).await;
        work.publish(&event);
        work
    }

    /// The same, but nothing of it is published.
    pub async fn submit_unheard(&self, user: &str) -> Work<'_> {
        self.accept(user).await.0
    }

    async fn accept(&self, user: &str) -> (Work<'_>, StoredEvent) {
        let owner = self.user(user);
        let intake = build::intake(build::new_submission(&owner));
        let accepted = self.store.accept_submissions(&[intake], 1_000).await.unwrap().remove(0);
        let Accepted::Created(created) = accepted else { panic!("{accepted:?}") };
        let work = Work { world: self, id: created.submission.id, owner, token: build::token(), seq: 0.into() };
        (work, created.event.0)
    }

    pub async fn subscribe_user(&self, user: &str) -> Watch {
        let owner = self.user(user);
        let channel = Channel::User(owner.clone());
        let grant = Grant { owner, channel, expires: 0, key: None };
        Watch(self.hub.subscribe(&grant, None).await.unwrap())
    }
}

/// A submission under way.
pub struct Work<'a> {
    pub world: &'a World,
    pub id: SubmissionId,
    pub owner: Owner,
    token: LeaseToken,
    seq: std::sync::atomic::AtomicU64,
}

impl Work<'_> {
    pub fn channel(&self) -> Channel {
        Channel::Submission(self.id)
    }

    pub fn grant(&self) -> Grant {
        Grant { owner: self.owner.clone(), channel: self.channel(), expires: 0, key: None }
    }

    pub fn publish(&self, event: &StoredEvent) {
        self.world.broker.publish_live(&LiveMessage::Event(event.clone()));
    }

    pub fn progress(&self, run: u32) -> bool {
        let seq = self.seq.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        self.publish_progress(1, seq, run)
    }

    pub fn publish_progress(&self, attempt: u32, seq: u64, run: u32) -> bool {
        let tests = Tests { passed: run, run, total: Some(9) };
        let data = raw(&json!({"id": self.id, "status": "running", "tests": tests}));
        let audience = vec![self.owner.clone()];
        let progress = Progress { channel: self.channel(), audience, attempt, seq, data };
        self.world.broker.publish_live(&LiveMessage::Progress(progress))
    }

    /// Committed, not yet published.
    pub async fn compiling(&self) -> StoredEvent {
        let claimed = self.world.store.claim("any", self.token, 60_000).await.unwrap();
        let Claimed::Work(claim, event) = claimed else { panic!("{claimed:?}") };
        assert_eq!(claim.submission.id, self.id, "tests lead one submission at a time");
        event
    }

    pub async fn running(&self) -> StoredEvent {
        self.world.store.start_running(self.id, self.token, Some(9)).await.unwrap().unwrap()
    }

    pub async fn finished(&self) -> StoredEvent {
        let judgement = build::judgement(Verdict::Accepted);
        self.world.store.record_verdict(self.id, self.token, &judgement).await.unwrap().unwrap()
    }

    /// Leads it from accepted to its verdict, everything published.
    pub async fn finish(&self) {
        self.publish(&self.compiling().await);
        self.publish(&self.running().await);
        self.publish(&self.finished().await);
    }

    pub async fn watch(&self, after: Option<&str>) -> Watch {
        Watch(self.try_watch(&self.world.hub, after).await.unwrap())
    }

    pub async fn try_watch(&self, hub: &Hub, after: Option<&str>) -> Result<Subscription, SubscribeError> {
        hub.subscribe(&self.grant(), after).await
    }
}

/// A subscriber that fails the test rather than wait for ever.
pub struct Watch(pub Subscription);

impl Watch {
    pub async fn frame(&mut self) -> Result<Frame, End> {
        tokio::time::timeout(SOON, self.0.next()).await.expect("a frame was due")
    }

    pub async fn json(&mut self) -> Value {
        serde_json::from_slice(self.frame().await.unwrap().json()).unwrap()
    }

    /// The frames' kinds and offsets up to the event with `last`.
    pub async fn until(&mut self, last: u64) -> Vec<(FrameKind, u64)> {
        let mut seen = Vec::new();
        loop {
            let frame = self.frame().await.unwrap();
            seen.push((frame.kind(), frame.offset()));
            if (FrameKind::Event, last) == (frame.kind(), frame.offset()) {
                return seen;
            }
        }
    }

    /// The offsets of the events up to `last`; progress in between does not count.
    pub async fn events_until(&mut self, last: u64) -> Vec<u64> {
        let seen = self.until(last).await;
        seen.into_iter().filter(|(kind, _)| *kind == FrameKind::Event).map(|(_, offset)| offset).collect()
    }
}
