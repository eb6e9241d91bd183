//! Subscribers of `user:` channels: filters over the events of all entities that concern a user.

use std::collections::HashMap;
use std::sync::Arc;

use herald_domain::channel::Entity;
use herald_domain::owner::Owner;
use time::OffsetDateTime;

use crate::frame::Frame;
use crate::log::{Come, Floor};
use crate::queue::{End, Queue, SubscriberId};

/// Frames that a subscriber may have waiting for its snapshot; it is cut off beyond.
const MAX_HELD: usize = 1024;

/// Where an entity stood in a subscriber's snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base {
    pub entity: Entity,
    pub offset: u64,
    pub floor: Floor,
}

/// A subscriber of a `user:` channel.
pub(crate) struct Watcher {
    pub id: SubscriberId,
    pub queue: Arc<Queue>,
    /// What went on since it came, with the store's time of each, until its snapshot has been read.
    held: Option<Vec<(Frame, Entity, OffsetDateTime)>>,
    /// By id; events up to these offsets are in its snapshot.
    base: Box<[Base]>,
    /// Events of entities that are not in the snapshot count from this time on.
    since: OffsetDateTime,
    /// It only wants to know that something happened.
    waits: bool,
}

impl Watcher {
    pub(crate) fn new(id: SubscriberId, queue: Arc<Queue>, waits: bool) -> Self {
        let held = (!waits).then(Vec::new);
        Self { id, queue, held, base: Box::default(), since: OffsetDateTime::UNIX_EPOCH, waits }
    }

    /// Its snapshot was read: from here on it is given what the snapshot does not tell.
    pub(crate) fn land(&mut self, mut base: Vec<Base>, since: OffsetDateTime, limit: usize) {
        base.sort_unstable_by_key(|entry| entry.entity);
        self.base = base.into_boxed_slice();
        self.since = since;
        for (frame, entity, at) in self.held.take().unwrap_or_default() {
            self.offer(&frame, entity, at, limit);
        }
    }

    fn base(&self, entity: Entity) -> Option<&Base> {
        let found = self.base.binary_search_by_key(&entity, |entry| entry.entity);
        found.ok().map(|index| &self.base[index])
    }

    /// Gives it an event that is next in turn on its channel; `false` if it was cut off by it.
    pub(crate) fn offer(&mut self, frame: &Frame, entity: Entity, at: OffsetDateTime, limit: usize) -> bool {
        if self.waits {
            self.queue.end(End::Reached);
            return true;
        }
        match &mut self.held {
            Some(held) if held.len() < MAX_HELD => held.push((frame.clone(), entity, at)),
            Some(_) => {
                self.queue.end(End::Slow);
                return false;
            }
            None => {
                let told = self.base(entity).map_or(at < self.since, |base| frame.offset() <= base.offset);
                return told || self.queue.push_event(frame, limit);
            }
        }
        true
    }

    /// Gives it a passing state of an entity whose newest event it has; `false` if an older one gave way.
    pub(crate) fn offer_progress(
        &self,
        frame: &Frame,
        (entity, head): (Entity, u64),
        come: Come,
        limit: usize,
    ) -> bool {
        let news = self.base(entity).is_none_or(|base| base.offset <= head && base.floor.admits(come.floor));
        if self.held.is_some() || self.waits || !news {
            return true;
        }
        self.queue.push_passing(frame, come.is_output, limit)
    }
}

/// All of them, by user.
#[derive(Default)]
pub(crate) struct Watchers(HashMap<Owner, Vec<Watcher>>);

/// Where a channel's order starts for those who watch its user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Start {
    /// Nobody needs the event.
    Unwatched,
    At(u64),
    /// Some may lack events before: read them.
    Unknown,
}

impl Watchers {
    pub(crate) fn add(&mut self, owner: &Owner, watcher: Watcher) {
        self.0.entry(owner.clone()).or_default().push(watcher);
    }

    pub(crate) fn remove(&mut self, owner: &Owner, id: SubscriberId) {
        if let Some(watchers) = self.0.get_mut(owner) {
            watchers.retain(|watcher| watcher.id != id);
            if watchers.is_empty() {
                self.0.remove(owner);
            }
        }
    }

    pub(crate) fn find(&mut self, owner: &Owner, id: SubscriberId) -> Option<&mut Watcher> {
        self.0.get_mut(owner)?.iter_mut().find(|watcher| watcher.id == id)
    }

    pub(crate) fn any(&self, audience: &[Owner]) -> bool {
        audience.iter().any(|owner| self.0.contains_key(owner))
    }

    /// Calls `each` for every watcher whom the audience names.
    pub(crate) fn each(&mut self, audience: &[Owner], mut each: impl FnMut(&mut Watcher)) {
        for (index, owner) in audience.iter().enumerate() {
            if !audience[..index].contains(owner)
                && let Some(watchers) = self.0.get_mut(owner)
            {
                watchers.iter_mut().for_each(&mut each);
            }
        }
    }

    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Watcher> {
        self.0.values_mut().flatten()
    }

    /// Where to start for an entity that is not in the table, of which the event with `offset` has come.
    pub(crate) fn start(&self, audience: &[Owner], entity: Entity, offset: u64) -> Start {
        let mut known: Option<u64> = None;
        let mut watchers = audience.iter().filter_map(|owner| self.0.get(owner)).flatten().peekable();
        if watchers.peek().is_none() {
            return Start::Unwatched;
        }
        for watcher in watchers {
            match watcher.base(entity) {
                Some(base) => known = Some(known.map_or(base.offset, |least| least.min(base.offset))),
                None if offset == 1 => return Start::At(0),
                None => return Start::Unknown,
            }
        }
        match known {
            Some(least) if least >= offset => Start::Unwatched,
            Some(least) => Start::At(least),
            None => Start::Unknown,
        }
    }
}
