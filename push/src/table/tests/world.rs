//! A table, one entity that moves on, and those who watch it.

use std::task::{Context, Waker};

use herald_domain::channel::Cursor;
use herald_domain::event::raw;
use herald_domain::id::{SubmissionId, TransferId};
use serde_json::json;
use uuid::Uuid;

use super::super::*;
use crate::frame::FrameKind;
use crate::queue::{Leavers, Place, Subscription};

pub(super) const EPOCH: Epoch = Epoch(Uuid::from_u128(1));
pub(super) const LIMIT: usize = 1 << 20;

/// What is watched, and all who may see it.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub entity: Entity,
    pub audience: Vec<Owner>,
}

fn owner(name: &str) -> Owner {
    Owner::user(name).unwrap()
}

/// Alice's.
pub(super) fn submission() -> Subject {
    Subject { entity: Entity::Submission(SubmissionId(Uuid::from_u128(7))), audience: vec![owner("alice")] }
}

/// Alice pays bob.
pub(super) fn transfer() -> Subject {
    let audience = vec![owner("alice"), owner("bob")];
    Subject { entity: Entity::Transfer(TransferId(Uuid::from_u128(8))), audience }
}

/// When the event with this offset happened.
pub(super) fn time_of(offset: u64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(i64::try_from(offset).unwrap())
}

impl Subject {
    pub fn channel(&self) -> Channel {
        self.entity.into()
    }

    /// A submission is finished by its event `last`; a transfer is completed from the first.
    pub fn event(&self, offset: u64, last: u64) -> StoredEvent {
        let (name, data) = match self.entity {
            Entity::Submission(id) => {
                let status = if offset == last { "finished" } else { "running" };
                (format!("submission.{status}"), json!({"id": id, "status": status, "attempt": 1}))
            }
            Entity::Transfer(id) => ("transfer.completed".to_owned(), json!({"id": id, "status": "completed"})),
        };
        let (channel, at, audience) = (self.channel(), time_of(offset), self.audience.clone());
        StoredEvent { channel, offset, at, audience, name, data: raw(&data) }
    }

    pub fn progress(&self, attempt: u32, seq: u64, run: u32) -> Progress {
        let data = raw(&json!({"tests": {"passed": run, "run": run, "total": 9}}));
        Progress { channel: self.channel(), audience: self.audience.clone(), attempt, seq, data }
    }

    pub fn output(&self, attempt: u32, seq: u64, text: &str) -> Progress {
        let tests = json!({"passed": 0, "run": 0, "total": null});
        let data = raw(&json!({"tests": tests, "output": {"stream": "stdout", "at": 0, "text": text}}));
        Progress { data, ..self.progress(attempt, seq, 0) }
    }

    pub fn landing(&self, at: u64, run: u32, finished: bool) -> DirectLanding {
        let cursor = Cursor { epoch: EPOCH, channel: self.channel(), offset: at };
        DirectLanding {
            frames: vec![build::resumed(&cursor).unwrap()],
            at,
            audience: self.audience.clone(),
            floor: self.floor(run),
            finished: finished || matches!(self.entity, Entity::Transfer(_)),
            landed: Landed::default(),
        }
    }

    fn floor(&self, run: u32) -> Floor {
        match self.entity {
            Entity::Submission(_) => Floor { attempt: 1, run },
            Entity::Transfer(_) => Floor::default(),
        }
    }

    /// A user's snapshot of when the head was `at`; the entity is in it or, among many newer ones, is not.
    pub fn user_landing(&self, owner: &Owner, at: u64, listed: bool, finished: bool) -> UserLanding {
        let base = Base { entity: self.entity, offset: at, floor: self.floor(0) };
        let finished = finished || matches!(self.entity, Entity::Transfer(_));
        let standing = Standing { base, audience: self.audience.clone(), finished };
        UserLanding {
            frame: build::user_snapshot(EPOCH, &Channel::User(owner.clone()), &[], None).unwrap(),
            items: listed.then_some(standing).into_iter().collect(),
            since: time_of(at) + time::Duration::milliseconds(500),
        }
    }
}

pub(super) struct Subscriber {
    pub id: SubscriberId,
    pub subscription: Subscription,
    pub seen: Vec<(FrameKind, u64)>,
    /// The head at its landing.
    pub from: Option<u64>,
    owner: Owner,
    pub user: bool,
}

pub(super) struct World {
    pub subject: Subject,
    pub table: Table,
    pub subscribers: Vec<Subscriber>,
    next: u64,
    pub head: u64,
    last: u64,
    fetches: Vec<(Entity, u64)>,
    /// Catch-ups do not reach back before this.
    horizon: OffsetDateTime,
}

impl World {
    /// Of a submission, every so many-th event is its last, until it is redriven.
    pub fn new(subject: Subject, last: u64) -> Self {
        let table = Table::new(EPOCH, LIMIT);
        let horizon = OffsetDateTime::UNIX_EPOCH;
        Self { subject, table, subscribers: vec![], next: 0, head: 1, last, fetches: vec![], horizon }
    }

    fn is_finished(&self, offset: u64) -> bool {
        offset.is_multiple_of(self.last)
    }

    pub fn event(&self, offset: u64) -> StoredEvent {
        self.subject.event(offset, if self.is_finished(offset) { offset } else { 0 })
    }

    /// Someone of the audience comes, for the user's channel or for the entity's own.
    pub fn add(&mut self, who: usize, user: bool) -> usize {
        self.next += 1;
        // Two who come at once may pass the door in the other order than they drew their ids in.
        let id = SubscriberId(self.next ^ 1);
        let queue = Arc::new(Queue::default());
        let owner = self.subject.audience[who % self.subject.audience.len()].clone();
        let channel = if user { Channel::User(owner.clone()) } else { self.subject.channel() };
        if user {
            self.table.add_watcher(&owner, Watcher::new(id, Arc::clone(&queue), false));
        } else {
            self.table.add_direct(id, self.subject.entity, Arc::clone(&queue));
        }
        let place = Place { id, channel, owner: owner.clone() };
        let subscription = Subscription::new(queue, Arc::new(Leavers::default()), place);
        self.subscribers.push(Subscriber { id, subscription, seen: vec![], from: None, owner, user });
        self.subscribers.len() - 1
    }

    /// The same, and it is given a snapshot of now.
    pub fn watch(&mut self, who: usize, user: bool) -> usize {
        let index = self.add(who, user);
        self.land(index, true);
        index
    }

    pub fn land(&mut self, index: usize, listed: bool) {
        let (head, finished) = (self.head, self.is_finished(self.head));
        let one = &mut self.subscribers[index];
        one.from = Some(head);
        if one.user {
            let landing = self.subject.user_landing(&one.owner, head, listed, finished);
            self.table.land_user(one.id, &one.owner, landing);
        } else {
            self.table.land_direct(one.id, self.subject.entity, self.subject.landing(head, 0, finished));
        }
        self.collect();
    }

    pub fn leave(&mut self, index: usize) {
        let gone = self.subscribers.remove(index);
        self.table.remove(gone.id, gone.subscription.channel());
    }

    /// The event arrives, whether or not it did before.
    pub fn arrives(&mut self, offset: u64) -> Taken {
        let taken = self.table.on_event(self.event(offset));
        self.collect();
        taken
    }

    /// The event is committed and arrives, and what has to be read for it is.
    pub fn tells(&mut self, offset: u64) {
        self.head = offset;
        self.arrives(offset);
        self.fetched(false);
    }

    /// Catches up and forgets, as it is done when a while has passed.
    pub fn sweep(&mut self) {
        for offset in 1..=self.head {
            if time_of(offset) >= self.horizon {
                self.arrives(offset);
            }
        }
        self.horizon = time_of(self.head) + time::Duration::milliseconds(250);
        self.table.sweep(self.horizon);
    }

    pub fn fetched(&mut self, fails: bool) {
        self.collect();
        for (entity, after) in std::mem::take(&mut self.fetches) {
            let events = (!fails).then(|| (after + 1..=self.head).map(|offset| self.event(offset)).collect());
            self.table.on_fetched(entity, after, events);
        }
        self.table.tick();
        self.collect();
    }

    fn collect(&mut self) {
        self.fetches.extend(self.table.take_fetches());
    }

    pub fn drain(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        for subscriber in &mut self.subscribers {
            let mut frames = Vec::new();
            while subscriber.subscription.poll_frames(&mut cx, &mut frames, 1000).is_ready() {
                if frames.is_empty() {
                    break;
                }
                subscriber.seen.extend(frames.drain(..).map(|frame| (frame.kind(), frame.offset())));
            }
        }
    }

    /// Everybody has a snapshot, a catch-up has read all there is, and nothing is under way any more.
    pub fn come_to_rest(&mut self) {
        while let Some(index) = self.subscribers.iter().position(|one| one.from.is_none()) {
            self.land(index, true);
        }
        for offset in 1..=self.head {
            self.arrives(offset);
        }
        for _ in 0..3 {
            self.fetched(false);
        }
        self.drain();
    }

    /// What a subscriber has been given since it was asked last.
    pub fn seen(&mut self, index: usize) -> Vec<(FrameKind, u64)> {
        self.drain();
        std::mem::take(&mut self.subscribers[index].seen)
    }

    /// The offsets of the events among it.
    pub fn events(&mut self, index: usize) -> Vec<u64> {
        let seen = self.seen(index);
        seen.into_iter().filter(|(kind, _)| *kind == FrameKind::Event).map(|(_, offset)| offset).collect()
    }
}
