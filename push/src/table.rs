//! The table of subscribers and of the channels that they watch: pure state, no I/O, no clock.
//!
//! Invariant: whatever is lost, late, doubled or out of turn on the way in, each subscriber is given the stored events of
//! its channel by offset, without a gap, each once, from its snapshot on; or it is cut off and told to resume. Progress is
//! a hint and never goes backwards. What the table cannot know it asks for: [`Table::take_fetches`].

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use herald_domain::channel::Channel;
use herald_domain::event::{Progress, StoredEvent};
use herald_domain::id::{Epoch, SubmissionId};
use herald_domain::owner::Owner;
use time::OffsetDateTime;

use crate::frame::{Frame, build};
use crate::log::{Direct, Fetch, Floor, Log, floor_of};
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

/// A snapshot, or what a resume needs, as read for one subscriber of a submission.
pub(crate) struct DirectLanding {
    pub frames: Vec<Frame>,
    /// The offset that the frames reach.
    pub at: u64,
    pub audience: Vec<Owner>,
    pub floor: Floor,
    pub finished: bool,
    pub landed: Landed,
}

/// The snapshot of a `user:` channel, as read.
pub(crate) struct UserLanding {
    pub frame: Frame,
    /// What it tells of: where each entity stands, and whether it is final.
    pub items: Vec<(Base, bool)>,
    /// Events from here on are not in it.
    pub since: OffsetDateTime,
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
    logs: HashMap<SubmissionId, Log>,
    watchers: Watchers,
    fetches: Vec<(SubmissionId, u64)>,
    again: Vec<SubmissionId>,
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
            dropped: Dropped::default(),
        }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Lists a subscriber of a submission's channel; events that go on from now are held for it until it lands.
    pub(crate) fn add_direct(&mut self, id: SubscriberId, submission: SubmissionId, queue: Arc<Queue>) {
        let log = self.logs.entry(submission).or_insert_with(|| Log::new(None));
        let held = Some(Vec::new());
        log.list(Direct { id, queue, at: 0, held, floor: Floor::default(), waits: false });
    }

    /// Lists one who only wants to know of an offset beyond `beyond`.
    pub(crate) fn add_waiting(&mut self, id: SubscriberId, submission: SubmissionId, queue: Arc<Queue>, beyond: u64) {
        let log = self.logs.entry(submission).or_insert_with(|| Log::new(None));
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
        match channel {
            Channel::User(owner) => self.watchers.remove(owner, id),
            Channel::Submission(submission) => {
                let Some(log) = self.logs.get_mut(submission) else { return };
                if let Some(index) = log.find(id) {
                    log.subscribers.remove(index);
                }
                if log.subscribers.is_empty() && !self.watchers.any(&log.audience) {
                    self.logs.remove(submission);
                }
            }
        }
    }

    /// A stored event, from wherever.
    pub(crate) fn on_event(&mut self, event: StoredEvent) -> Taken {
        let Channel::Submission(submission) = event.channel else { return Taken::Unwatched };
        let log = match self.logs.entry(submission) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => match self.watchers.start(&event.audience, submission, event.offset) {
                Start::Unwatched => return Taken::Unwatched,
                Start::At(head) => new.insert(Log::new(Some(head))),
                Start::Unknown => new.insert(Log::new(None)),
            },
        };
        if log.audience.is_empty() {
            log.audience.clone_from(&event.audience);
        }
        if !log.order.offer(event) {
            return Taken::Stale;
        }
        self.settle(submission);
        Taken::News
    }

    /// Passes on what is next in turn, and asks for what is missing.
    fn settle(&mut self, submission: SubmissionId) {
        let Some(log) = self.logs.get_mut(&submission) else { return };
        while let Some(event) = log.order.next() {
            log.note(&event);
            if log.subscribers.is_empty() && !self.watchers.any(&event.audience) {
                continue;
            }
            let Ok(frame) = build::event(self.epoch, &event) else { continue };
            self.dropped.slow += pass_on(log, &mut self.watchers, submission, &event, &frame, self.limit);
        }
        if log.order.waiting().is_none() {
            return;
        }
        // Where only subscribers without a snapshot watch, the snapshot will say where to join in.
        if log.order.head().is_some() || self.watchers.any(&log.audience) {
            self.fetch(submission);
        }
    }

    fn fetch(&mut self, submission: SubmissionId) {
        if let Some(log) = self.logs.get_mut(&submission)
            && log.fetch == Fetch::Idle
        {
            log.fetch = Fetch::InFlight;
            self.fetches.push((submission, log.order.head().unwrap_or(0)));
        }
    }

    /// Channels whose events after an offset are missing; each must be answered by [`Table::on_fetched`].
    pub(crate) fn take_fetches(&mut self) -> Vec<(SubmissionId, u64)> {
        std::mem::take(&mut self.fetches)
    }

    /// The answer to a fetch; `None`: the store could not be read. Returns how many events were new.
    pub(crate) fn on_fetched(&mut self, submission: SubmissionId, after: u64, events: Option<Vec<StoredEvent>>) -> u64 {
        let Some(log) = self.logs.get_mut(&submission) else { return 0 };
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
        self.settle(submission);
        self.after_fetch(submission, failed);
        news
    }

    /// A gap that a fetch left open is tried again at the next tick, and given up after [`MAX_TRIES`].
    fn after_fetch(&mut self, submission: SubmissionId, failed: bool) {
        let Some(log) = self.logs.get_mut(&submission) else { return };
        let Some(waiting) = log.order.waiting() else {
            (log.fetch, log.tries) = (if failed { Fetch::Again } else { Fetch::Idle }, 0);
            if failed {
                self.again.push(submission);
            }
            return;
        };
        log.tries += u8::from(!failed);
        if log.tries < MAX_TRIES {
            log.fetch = Fetch::Again;
            self.again.push(submission);
            return;
        }
        tracing::error!(%submission, waiting, "events are missing from the store; subscribers start anew");
        for subscriber in &log.subscribers {
            subscriber.queue.end(End::Gap);
        }
        (log.fetch, log.tries) = (Fetch::Idle, 0);
        log.order.join(waiting - 1);
        self.settle(submission);
    }

    /// At each tick: fetches that failed are asked for again.
    pub(crate) fn tick(&mut self) {
        for submission in std::mem::take(&mut self.again) {
            if let Some(log) = self.logs.get_mut(&submission) {
                log.fetch = Fetch::Idle;
                self.fetch(submission);
            }
        }
    }

    pub(crate) fn on_progress(&mut self, progress: &Progress) -> Taken {
        let Channel::Submission(submission) = progress.channel else { return Taken::Unwatched };
        let Some(log) = self.logs.get_mut(&submission) else { return Taken::Unwatched };
        if !log.admits(progress) {
            self.dropped.stale_progress += 1;
            return Taken::Stale;
        }
        let (Some(head), Ok(frame)) = (log.order.head(), build::progress(progress)) else { return Taken::Stale };
        let come = floor_of(progress);
        let dropped = &mut self.dropped;
        for subscriber in &log.subscribers {
            // One whose snapshot is ahead of the head knows of a state that this may not belong to.
            if subscriber.held.is_none()
                && !subscriber.waits
                && subscriber.at <= head
                && subscriber.floor.admits(come)
                && !subscriber.queue.push_progress(&frame)
            {
                dropped.conflated_progress += 1;
            }
        }
        self.watchers.each(&progress.audience, |watcher| {
            if !watcher.offer_progress(&frame, submission, head, come) {
                dropped.conflated_progress += 1;
            }
        });
        Taken::News
    }

    /// A subscriber's snapshot, or what its resume needs, has been read.
    pub(crate) fn land_direct(&mut self, id: SubscriberId, submission: SubmissionId, landing: DirectLanding) {
        let Some(log) = self.logs.get_mut(&submission) else { return };
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
            None if self.watchers.any(&log.audience) => self.fetch(submission),
            None => {
                let lowest =
                    log.subscribers.iter().filter(|one| one.held.is_none() && !one.waits).map(|one| one.at).min();
                let joins = lowest.map_or(at, |lowest| lowest.min(at));
                log.order.join(joins);
                log.stands_at(attempt, finished && joins == at);
                self.settle(submission);
                if joins < at {
                    self.fetch(submission);
                }
            }
            Some(head) if at > head => self.fetch(submission),
            Some(_) => {}
        }
    }

    pub(crate) fn land_user(&mut self, id: SubscriberId, owner: &Owner, landing: UserLanding) {
        let Some(watcher) = self.watchers.find(owner, id) else { return };
        let base = landing.items.iter().map(|(base, _)| *base).collect();
        watcher.queue.land(Landed::default(), vec![landing.frame]);
        watcher.land(base, landing.since, self.limit);
        for (base, finished) in landing.items {
            // Unfinished ones are tracked from now, so that their progress can be told from that of an older attempt.
            if !finished {
                self.track(owner, base);
            }
        }
    }

    fn track(&mut self, owner: &Owner, base: Base) {
        let audience = std::slice::from_ref(owner);
        let head = match self.watchers.start(audience, base.submission, base.offset + 1) {
            Start::At(head) => Some(head),
            Start::Unknown | Start::Unwatched => None,
        };
        let log = match self.logs.entry(base.submission) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let log = new.insert(Log::new(head));
                log.audience = vec![owner.clone()];
                log.stands_at(base.floor.attempt, false);
                log
            }
        };
        if log.order.head().is_none_or(|head| head < base.offset) {
            self.fetch(base.submission);
        }
    }

    /// A subscriber cannot be served.
    pub(crate) fn refuse(&mut self, id: SubscriberId, channel: &Channel, end: End) {
        match channel {
            Channel::User(owner) => {
                if let Some(watcher) = self.watchers.find(owner, id) {
                    watcher.queue.end(end);
                }
            }
            Channel::Submission(submission) => {
                let Some(log) = self.logs.get(submission) else { return };
                if let Some(index) = log.find(id) {
                    log.subscribers[index].queue.end(end);
                }
            }
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

    /// Forgets channels that nobody is subscribed to. Those of a watched user stay while they are unfinished, or could
    /// still be read again by a catch-up, which never reaches back before `horizon`.
    pub(crate) fn sweep(&mut self, horizon: OffsetDateTime) {
        let watchers = &self.watchers;
        self.logs.retain(|_, log| {
            let recent = !log.finished || log.newest >= horizon;
            !log.subscribers.is_empty() || (recent && watchers.any(&log.audience))
        });
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
    submission: SubmissionId,
    event: &StoredEvent,
    frame: &Frame,
    limit: usize,
) -> u64 {
    let mut slow = 0;
    for subscriber in &mut log.subscribers {
        slow += u64::from(!subscriber.offer(frame, limit));
    }
    watchers.each(&event.audience, |watcher| slow += u64::from(!watcher.offer(frame, submission, event.at, limit)));
    slow
}

#[cfg(test)]
mod tests;
