//! The table of subscribers and of the channels that they watch: pure state, no I/O, no clock.
//!
//! Invariant: whatever is lost, late, doubled or out of turn on the way in, each subscriber is given the stored events of
//! its channel by offset, without a gap, each once, from its snapshot on; or it is cut off and told to resume. Progress is
//! a hint and never goes backwards. What the table cannot know it asks for: [`Table::take_fetches`].

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use herald_domain::channel::{Channel, Entity};
use herald_domain::event::{Progress, StoredEvent};
use herald_domain::id::Epoch;
use herald_domain::owner::Owner;
use time::OffsetDateTime;

use crate::frame::{Frame, build};
use crate::log::{Direct, Fetch, Floor, Log, come_to};
use crate::queue::{End, Landed, Queue, SubscriberId};
use crate::watchers::{Base, Start, Watcher, Watchers};

/// Fetches in a row that may leave a gap open before the gap is taken to be for good.
const MAX_TRIES: u8 = 12;

/// What became of something that came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Taken {
    /// It went on, or waits for its turn.
    News,
    /// It went on before, or an event has overtaken it.
    Stale,
    /// Nobody here is subscribed to it.
    Unwatched,
}

/// A snapshot, or what a resume needs, as read for one subscriber of an entity.
pub(crate) struct DirectLanding {
    pub frames: Vec<Frame>,
    /// The offset that the frames reach.
    pub at: u64,
    /// All who may see the entity, not only the one who asked.
    pub audience: Vec<Owner>,
    pub floor: Floor,
    pub finished: bool,
    pub landed: Landed,
}

/// The snapshot of a `user:` channel, as read.
pub(crate) struct UserLanding {
    pub frame: Frame,
    /// What it tells of.
    pub items: Vec<Standing>,
    /// Events from here on are not in it.
    pub since: OffsetDateTime,
}

/// Where an entity stood in a snapshot.
pub(crate) struct Standing {
    pub base: Base,
    /// All who may see it.
    pub audience: Vec<Owner>,
    /// No progress of it is to be expected.
    pub finished: bool,
}

/// Counted since the last look.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Dropped {
    pub slow: u64,
    pub stale_progress: u64,
    pub conflated_progress: u64,
}

pub(crate) struct Table {
    epoch: Epoch,
    /// Bytes that may wait for one subscriber.
    limit: usize,
    logs: HashMap<Entity, Log>,
    watchers: Watchers,
    fetches: Vec<(Entity, u64)>,
    again: Vec<Entity>,
    /// All who watch users have been given what happened before this, or know it from their snapshots.
    told: OffsetDateTime,
    dropped: Dropped,
}

impl Table {
    pub(crate) fn new(epoch: Epoch, limit: usize) -> Self {
        Self {
            epoch,
            limit,
            logs: HashMap::new(),
            watchers: Watchers::default(),
            fetches: Vec::new(),
            again: Vec::new(),
            told: OffsetDateTime::UNIX_EPOCH,
            dropped: Dropped::default(),
        }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Lists a subscriber of an entity's channel; events that go on from now are held for it until it lands.
    pub(crate) fn add_direct(&mut self, id: SubscriberId, entity: Entity, queue: Arc<Queue>) {
        let log = self.logs.entry(entity).or_insert_with(|| Log::new(entity, None, self.told));
        let held = Some(Vec::new());
        log.list(Direct { id, queue, at: 0, held, floor: Floor::default(), waits: false });
    }

    /// Lists one who only wants to know of an offset beyond `beyond`.
    pub(crate) fn add_waiting(&mut self, id: SubscriberId, entity: Entity, queue: Arc<Queue>, beyond: u64) {
        let log = self.logs.entry(entity).or_insert_with(|| Log::new(entity, None, self.told));
        if log.order.head().is_some_and(|head| head > beyond) {
            queue.end(End::Reached);
        }
        log.list(Direct { id, queue, at: beyond, held: None, floor: Floor::default(), waits: true });
    }

    /// Lists a subscriber of a `user:` channel.
    pub(crate) fn add_watcher(&mut self, owner: &Owner, watcher: Watcher) {
        self.watchers.add(owner, watcher);
    }

    pub(crate) fn remove(&mut self, id: SubscriberId, channel: &Channel) {
        if let Channel::User(owner) = channel {
            self.watchers.remove(owner, id);
        }
        let Some(entity) = channel.entity() else { return };
        let Some(log) = self.logs.get_mut(&entity) else { return };
        if let Some(index) = log.find(id) {
            log.subscribers.remove(index);
        }
        if log.subscribers.is_empty() && !self.watchers.any(&log.audience) {
            self.logs.remove(&entity);
        }
    }

    /// A stored event, from wherever.
    pub(crate) fn on_event(&mut self, event: StoredEvent) -> Taken {
        let Some(entity) = event.channel.entity() else { return Taken::Unwatched };
        let log = match self.logs.entry(entity) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => match self.watchers.start(&event.audience, entity, event.offset) {
                Start::Unwatched => return Taken::Unwatched,
                Start::At(head) => new.insert(Log::new(entity, Some(head), self.told)),
                Start::Unknown => new.insert(Log::new(entity, None, self.told)),
            },
        };
        if log.audience.is_empty() {
            log.audience.clone_from(&event.audience);
        }
        if !log.order.offer(event) {
            return Taken::Stale;
        }
        self.settle(entity);
        Taken::News
    }

    /// Passes on what is next in turn, and asks for what is missing.
    fn settle(&mut self, entity: Entity) {
        let Some(log) = self.logs.get_mut(&entity) else { return };
        while let Some(event) = log.order.next() {
            log.note(&event);
            if log.subscribers.is_empty() && (log.has_told(&event) || !self.watchers.any(&event.audience)) {
                continue;
            }
            let Ok(frame) = build::event(self.epoch, &event) else { continue };
            self.dropped.slow += pass_on(log, &mut self.watchers, entity, &event, &frame, self.limit);
        }
        if log.order.waiting().is_none() {
            return;
        }
        // Where only subscribers without a snapshot watch, the snapshot will say where to join in.
        if log.order.head().is_some() || self.watchers.any(&log.audience) {
            self.fetch(entity);
        }
    }

    fn fetch(&mut self, entity: Entity) {
        if let Some(log) = self.logs.get_mut(&entity)
            && log.fetch == Fetch::Idle
        {
            log.fetch = Fetch::InFlight;
            self.fetches.push((entity, log.order.head().unwrap_or(0)));
        }
    }

    /// Channels whose events after an offset are missing; each must be answered by [`Table::on_fetched`].
    pub(crate) fn take_fetches(&mut self) -> Vec<(Entity, u64)> {
        std::mem::take(&mut self.fetches)
    }

    /// The answer to a fetch; `None`: the store could not be read. Returns how many events were new.
    pub(crate) fn on_fetched(&mut self, entity: Entity, after: u64, events: Option<Vec<StoredEvent>>) -> u64 {
        let Some(log) = self.logs.get_mut(&entity) else { return 0 };
        let failed = events.is_none();
        let events = events.unwrap_or_default();
        if log.order.head().is_none() && after == 0 && !failed {
            let first = events.first().map(|event| event.offset);
            let first = [first, log.order.waiting()].into_iter().flatten().min();
            if let Some(first) = first {
                log.order.join(first - 1);
            }
        }
        let mut news = 0;
        for event in events {
            news += u64::from(log.order.offer(event));
        }
        log.fetch = Fetch::InFlight;
        self.settle(entity);
        self.after_fetch(entity, failed);
        news
    }

    /// A gap that a fetch left open is tried again at the next tick, and given up after [`MAX_TRIES`].
    fn after_fetch(&mut self, entity: Entity, failed: bool) {
        let Some(log) = self.logs.get_mut(&entity) else { return };
        let Some(waiting) = log.order.waiting() else {
            (log.fetch, log.tries) = (if failed { Fetch::Again } else { Fetch::Idle }, 0);
            if failed {
                self.again.push(entity);
            }
            return;
        };
        log.tries += u8::from(!failed);
        if log.tries < MAX_TRIES {
            log.fetch = Fetch::Again;
            self.again.push(entity);
            return;
        }
        tracing::error!(channel = %entity, waiting, "events are missing from the store; subscribers start anew");
        for subscriber in &log.subscribers {
            subscriber.queue.end(End::Gap);
        }
        (log.fetch, log.tries) = (Fetch::Idle, 0);
        log.order.join(waiting - 1);
        self.settle(entity);
    }

    /// At each tick: fetches that failed are asked for again.
    pub(crate) fn tick(&mut self) {
        for entity in std::mem::take(&mut self.again) {
            if let Some(log) = self.logs.get_mut(&entity) {
                log.fetch = Fetch::Idle;
                self.fetch(entity);
            }
        }
    }

    pub(crate) fn on_progress(&mut self, progress: &Progress) -> Taken {
        let Some(entity) = progress.channel.entity() else { return Taken::Unwatched };
        let Some(log) = self.logs.get_mut(&entity) else { return Taken::Unwatched };
        if !log.admits(progress) {
            self.dropped.stale_progress += 1;
            return Taken::Stale;
        }
        let (Some(head), Ok(frame)) = (log.order.head(), build::progress(progress)) else { return Taken::Stale };
        let come = come_to(progress);
        let (dropped, limit) = (&mut self.dropped, self.limit);
        for subscriber in &log.subscribers {
            // One whose snapshot is ahead of the head knows of a state that this may not belong to.
            if subscriber.held.is_none()
                && !subscriber.waits
                && subscriber.at <= head
                && subscriber.floor.admits(come.floor)
                && !subscriber.queue.push_passing(&frame, come.is_output, limit)
            {
                dropped.conflated_progress += 1;
            }
        }
        self.watchers.each(&progress.audience, |watcher| {
            if !watcher.offer_progress(&frame, (entity, head), come, limit) {
                dropped.conflated_progress += 1;
            }
        });
        Taken::News
    }

    /// A subscriber's snapshot, or what its resume needs, has been read.
    pub(crate) fn land_direct(&mut self, id: SubscriberId, entity: Entity, landing: DirectLanding) {
        let Some(log) = self.logs.get_mut(&entity) else { return };
        let Some(index) = log.find(id) else { return };
        let (attempt, finished, at) = (landing.floor.attempt, landing.finished, landing.at);
        if log.audience.is_empty() {
            log.audience = landing.audience;
        }
        let subscriber = &mut log.subscribers[index];
        if subscriber.waits {
            if at > subscriber.at {
                subscriber.queue.end(End::Reached);
            }
        } else {
            subscriber.at = at;
            subscriber.floor = landing.floor;
            subscriber.queue.land(landing.landed, landing.frames);
            for frame in subscriber.held.take().unwrap_or_default() {
                self.dropped.slow += u64::from(!subscriber.offer(&frame, self.limit));
            }
        }
        match log.order.head() {
            // Others, who watch the user, may lack events up to here: the log is read from its start.
            None if self.watchers.any(&log.audience) => self.fetch(entity),
            None => {
                let lowest =
                    log.subscribers.iter().filter(|one| one.held.is_none() && !one.waits).map(|one| one.at).min();
                let joins = lowest.map_or(at, |lowest| lowest.min(at));
                log.order.join(joins);
                log.stands_at(attempt, finished && joins == at);
                self.settle(entity);
                if joins < at {
                    self.fetch(entity);
                }
            }
            Some(head) if at > head => self.fetch(entity),
            Some(_) => {}
        }
    }

    pub(crate) fn land_user(&mut self, id: SubscriberId, owner: &Owner, landing: UserLanding) {
        let Some(watcher) = self.watchers.find(owner, id) else { return };
        let base = landing.items.iter().map(|item| item.base).collect();
        watcher.queue.land(Landed::default(), vec![landing.frame]);
        watcher.land(base, landing.since, self.limit);
        // Unfinished ones are tracked from now, so that their progress can be told from that of an older attempt.
        landing.items.into_iter().filter(|item| !item.finished).for_each(|item| self.track(item));
    }

    fn track(&mut self, Standing { base, audience, .. }: Standing) {
        let head = match self.watchers.start(&audience, base.entity, base.offset + 1) {
            Start::At(head) => Some(head),
            Start::Unknown | Start::Unwatched => None,
        };
        let log = match self.logs.entry(base.entity) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let log = new.insert(Log::new(base.entity, head, self.told));
                log.audience = audience;
                log.stands_at(base.floor.attempt, false);
                log
            }
        };
        if log.order.head().is_none_or(|head| head < base.offset) {
            self.fetch(base.entity);
        }
    }

    /// A subscriber cannot be served.
    pub(crate) fn refuse(&mut self, id: SubscriberId, channel: &Channel, end: End) {
        if let Channel::User(owner) = channel
            && let Some(watcher) = self.watchers.find(owner, id)
        {
            watcher.queue.end(end);
        }
        if let Some(log) = channel.entity().and_then(|entity| self.logs.get(&entity))
            && let Some(index) = log.find(id)
        {
            log.subscribers[index].queue.end(end);
        }
    }

    /// Ends all subscriptions; with a new epoch, starts anew.
    pub(crate) fn end_all(&mut self, end: End, epoch: Epoch) {
        for log in self.logs.values() {
            log.subscribers.iter().for_each(|subscriber| subscriber.queue.end(end));
        }
        self.watchers.all().for_each(|watcher| watcher.queue.end(end));
        *self = Self::new(epoch, self.limit);
    }

    /// Forgets channels that nobody is subscribed to. Those of a watched user stay while they are unfinished or lack events,
    /// or could still be read again by a catch-up, which has passed on whatever happened before `horizon` and never reaches
    /// back there. An event of a forgotten channel has it read anew; what is from before `horizon` is then not told again.
    pub(crate) fn sweep(&mut self, horizon: OffsetDateTime) {
        let watchers = &self.watchers;
        self.logs.retain(|_, log| {
            let needed = !log.finished || log.order.waiting().is_some() || log.newest >= horizon;
            !log.subscribers.is_empty() || (needed && watchers.any(&log.audience))
        });
        self.told = horizon;
    }

    pub(crate) fn take_dropped(&mut self) -> Dropped {
        std::mem::take(&mut self.dropped)
    }
}

/// Gives an event that is next in turn to all who are to have it, direct subscribers first (a session with both kinds
/// relies on that order); returns how many were cut off by it.
fn pass_on(
    log: &mut Log,
    watchers: &mut Watchers,
    entity: Entity,
    event: &StoredEvent,
    frame: &Frame,
    limit: usize,
) -> u64 {
    let mut slow = 0;
    for subscriber in &mut log.subscribers {
        slow += u64::from(!subscriber.offer(frame, limit));
    }
    if !log.has_told(event) {
        watchers.each(&event.audience, |watcher| slow += u64::from(!watcher.offer(frame, entity, event.at, limit)));
    }
    slow
}

#[cfg(test)]
mod tests;
