//! What the hub knows of one entity's channel, and who is subscribed to it.

use std::sync::Arc;

use herald_domain::channel::Entity;
use herald_domain::event::{Progress, StoredEvent};
use herald_domain::owner::Owner;
use herald_domain::submission::{Status, Tests};
use serde::Deserialize;
use serde::de::IgnoredAny;
use time::OffsetDateTime;

use crate::frame::Frame;
use crate::order::Order;
use crate::queue::{End, Queue, SubscriberId};

/// Frames that a subscriber may have waiting for its snapshot; it is cut off beyond.
const MAX_HELD: usize = 1024;

/// Whether missing events are being fetched.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Fetch {
    #[default]
    Idle,
    InFlight,
    /// The last one did not close the gap: again at the next tick.
    Again,
}

/// How far judging had come: progress that shows less is not sent on.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Floor {
    pub attempt: u32,
    pub run: u32,
}

impl Floor {
    pub(crate) fn admits(self, progress: Floor) -> bool {
        progress.attempt != self.attempt || progress.run >= self.run
    }
}

/// A subscriber of an entity's channel.
pub(crate) struct Direct {
    pub id: SubscriberId,
    pub queue: Arc<Queue>,
    /// The last offset that it was given.
    pub at: u64,
    /// What went on since it came, until its snapshot has been read.
    pub held: Option<Vec<Frame>>,
    pub floor: Floor,
    /// It only wants to know of an offset beyond `at`.
    pub waits: bool,
}

impl Direct {
    /// Gives it an event that is next in turn; `false` if it was cut off by it.
    pub(crate) fn offer(&mut self, frame: &Frame, limit: usize) -> bool {
        if frame.offset() <= self.at {
            return true;
        }
        if self.waits {
            self.queue.end(End::Reached);
            return true;
        }
        match &mut self.held {
            Some(held) if held.len() < MAX_HELD => held.push(frame.clone()),
            Some(_) => {
                self.queue.end(End::Slow);
                return false;
            }
            None => {
                self.at = frame.offset();
                return self.queue.push_event(frame, limit);
            }
        }
        true
    }
}

/// One entity's channel.
pub(crate) struct Log {
    pub order: Order,
    pub fetch: Fetch,
    /// Fetches in a row that left the gap open.
    pub tries: u8,
    /// By id, rising.
    pub subscribers: Vec<Direct>,
    /// All who may see it (a transfer has two parties), once that is known.
    pub audience: Vec<Owner>,
    /// No progress is to be expected: nothing has to be known of the entity until its next event. A transfer has none ever,
    /// and may always get another event (a refund comes a day later).
    pub finished: bool,
    /// The store's time of the newest event that went on.
    pub newest: OffsetDateTime,
    /// Those who watch a user have had what is older, if it was theirs: the channel was known here before.
    told: OffsetDateTime,
    attempt: u32,
    seq: u64,
    has_progress: bool,
}

impl Log {
    pub(crate) fn new(entity: Entity, head: Option<u64>, told: OffsetDateTime) -> Self {
        let has_progress = matches!(entity, Entity::Submission(_));
        Self {
            order: Order::starting_at(head),
            fetch: Fetch::Idle,
            tries: 0,
            subscribers: Vec::new(),
            audience: Vec::new(),
            finished: !has_progress,
            newest: OffsetDateTime::UNIX_EPOCH,
            told,
            attempt: 0,
            seq: 0,
            has_progress,
        }
    }

    /// The state of the row at the head, as read.
    pub(crate) fn stands_at(&mut self, attempt: u32, finished: bool) {
        if attempt != self.attempt {
            self.seq = 0;
        }
        self.attempt = attempt;
        self.finished = finished || !self.has_progress;
    }

    /// Whether those who watch a user have had the event, or know it from their snapshots.
    pub(crate) fn has_told(&self, event: &StoredEvent) -> bool {
        event.at < self.told
    }

    /// Notes what an event that goes on tells of the entity.
    pub(crate) fn note(&mut self, event: &StoredEvent) {
        #[derive(Deserialize)]
        struct Facts {
            status: Status,
            attempt: u32,
        }
        self.newest = self.newest.max(event.at);
        if self.audience.is_empty() {
            self.audience.clone_from(&event.audience);
        }
        if let Ok(facts) = serde_json::from_str::<Facts>(event.data.get()) {
            self.stands_at(facts.attempt, facts.status.is_final());
        }
    }

    /// Whether the progress is news: of the newest attempt known, not after its end, and newer than the last.
    pub(crate) fn admits(&mut self, progress: &Progress) -> bool {
        let news = self.order.head().is_some()
            && !self.finished
            && progress.attempt == self.attempt
            && progress.seq > self.seq;
        if news {
            self.seq = progress.seq;
        }
        news
    }

    /// By id, whatever the order in which they come: ids are drawn before the door, and two may pass it the other way round.
    pub(crate) fn list(&mut self, subscriber: Direct) {
        let place = self.subscribers.partition_point(|other| other.id < subscriber.id);
        self.subscribers.insert(place, subscriber);
    }

    pub(crate) fn find(&self, id: SubscriberId) -> Option<usize> {
        self.subscribers.binary_search_by_key(&id, |subscriber| subscriber.id).ok()
    }
}

/// What the hub reads of a progress.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Come {
    pub floor: Floor,
    /// A piece of output, of which the next does not take the place.
    pub is_output: bool,
}

/// How far the progress has come.
pub(crate) fn come_to(progress: &Progress) -> Come {
    #[derive(Deserialize)]
    struct Facts {
        tests: Tests,
        output: Option<IgnoredAny>,
    }
    let facts = serde_json::from_str::<Facts>(progress.data.get()).ok();
    let run = facts.as_ref().map_or(u32::MAX, |facts| facts.tests.run);
    let is_output = facts.is_some_and(|facts| facts.output.is_some());
    Come { floor: Floor { attempt: progress.attempt, run }, is_output }
}
