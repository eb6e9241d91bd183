//! The table against a feed that loses, doubles and reorders, and against reads that come back whenever they like.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Waker};

use herald_domain::event::raw;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::frame::FrameKind;
use crate::queue::{Leavers, Place, Subscription};

const EPOCH: Epoch = Epoch(Uuid::from_u128(1));
const LIMIT: usize = 1 << 20;

fn owner() -> Owner {
    Owner::user("alice").unwrap()
}

fn submission() -> SubmissionId {
    SubmissionId(Uuid::from_u128(7))
}

fn channel() -> Channel {
    Channel::Submission(submission())
}

/// Odd attempts: the third event of an attempt's three ends it; the log's last event ends the submission.
fn event(offset: u64, last: u64) -> StoredEvent {
    let status = if offset == last { "finished" } else { "running" };
    StoredEvent {
        channel: channel(),
        offset,
        at: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(i64::try_from(offset).unwrap()),
        audience: vec![owner()],
        name: format!("submission.{status}"),
        data: raw(&json!({"id": submission(), "status": status, "attempt": 1})),
    }
}

fn progress(attempt: u32, seq: u64, run: u32) -> Progress {
    let data = raw(&json!({"id": submission(), "tests": {"passed": run, "run": run, "total": 9}}));
    Progress { channel: channel(), audience: vec![owner()], attempt, seq, data }
}

fn landing(at: u64, run: u32, finished: bool) -> DirectLanding {
    DirectLanding {
        frames: vec![
            build::resumed(&herald_domain::channel::Cursor { epoch: EPOCH, channel: channel(), offset: at }).unwrap(),
        ],
        at,
        audience: vec![owner()],
        floor: Floor { attempt: 1, run },
        finished,
        landed: Landed::default(),
    }
}

fn user_landing(at: u64) -> UserLanding {
    let user = Channel::User(owner());
    let base = Base { submission: submission(), offset: at, floor: Floor::default() };
    UserLanding {
        frame: build::user_snapshot(EPOCH, &user, &[], None).unwrap(),
        items: if at == 0 { vec![] } else { vec![(base, false)] },
        since: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(i64::try_from(at).unwrap()),
    }
}

struct Subscriber {
    id: SubscriberId,
    subscription: Subscription,
    seen: Vec<(FrameKind, u64)>,
    /// The head at its landing.
    from: Option<u64>,
    user: bool,
}

#[derive(Default)]
struct Hub {
    subscribers: Vec<Subscriber>,
    next: u64,
}

impl Hub {
    fn add(&mut self, table: &mut Table, user: bool) {
        self.next += 1;
        // Two who come at once may pass the door in the other order than they drew their ids in.
        let id = SubscriberId(self.next ^ 1);
        let queue = Arc::new(Queue::default());
        let channel = if user { Channel::User(owner()) } else { channel() };
        if user {
            table.add_watcher(&owner(), Watcher::new(id, Arc::clone(&queue), false));
        } else {
            table.add_direct(id, submission(), Arc::clone(&queue));
        }
        let place = Place { id, channel, owner: owner() };
        let subscription = Subscription::new(queue, Arc::new(Leavers::default()), place);
        self.subscribers.push(Subscriber { id, subscription, seen: vec![], from: None, user });
    }

    fn drain(&mut self) {
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
}

#[derive(Clone, Debug)]
enum Step {
    /// The entity moves on by one event.
    Commit,
    /// An event that was committed arrives (again), by its distance from the newest.
    Live(u64),
    /// What was fetched arrives.
    Fetched,
    FetchFails,
    Subscribe(bool),
    /// The oldest subscriber without a snapshot is given one of now.
    Land,
    Leave(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Commit),
        5 => (0..6u64).prop_map(Step::Live),
        3 => Just(Step::Fetched),
        1 => Just(Step::FetchFails),
        2 => any::<bool>().prop_map(Step::Subscribe),
        3 => Just(Step::Land),
        1 => (0..8usize).prop_map(Step::Leave),
    ]
}

struct World {
    table: Table,
    hub: Hub,
    head: u64,
    fetches: Vec<(SubmissionId, u64)>,
}

impl World {
    fn new() -> Self {
        Self { table: Table::new(EPOCH, LIMIT), hub: Hub::default(), head: 1, fetches: vec![] }
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Commit => self.head += 1,
            Step::Live(back) => {
                self.table.on_event(event(self.head.saturating_sub(*back).max(1), u64::MAX));
            }
            Step::Fetched => self.fetched(false),
            Step::FetchFails => self.fetched(true),
            Step::Subscribe(user) => self.hub.add(&mut self.table, *user),
            Step::Land => self.land(),
            Step::Leave(index) if *index < self.hub.subscribers.len() => {
                let gone = self.hub.subscribers.remove(*index);
                self.table.remove(gone.id, gone.subscription.channel());
            }
            Step::Leave(_) => {}
        }
        self.fetches.extend(self.table.take_fetches());
    }

    fn fetched(&mut self, fails: bool) {
        for (id, after) in std::mem::take(&mut self.fetches) {
            let events = (!fails).then(|| (after + 1..=self.head).map(|offset| event(offset, u64::MAX)).collect());
            self.table.on_fetched(id, after, events);
        }
        self.table.tick();
    }

    fn land(&mut self) {
        let Some(waiting) = self.hub.subscribers.iter_mut().find(|one| one.from.is_none()) else { return };
        waiting.from = Some(self.head);
        if waiting.user {
            self.table.land_user(waiting.id, &owner(), user_landing(self.head));
        } else {
            self.table.land_direct(waiting.id, submission(), landing(self.head, 0, false));
        }
    }

    /// Everybody has a snapshot, a catch-up has read all there is, and nothing is under way any more.
    fn come_to_rest(&mut self) {
        while self.hub.subscribers.iter().any(|one| one.from.is_none()) {
            self.apply(&Step::Land);
        }
        for offset in 1..=self.head {
            self.table.on_event(event(offset, u64::MAX));
        }
        for _ in 0..3 {
            self.apply(&Step::Fetched);
        }
        self.hub.drain();
    }
}

proptest! {
    /// Whatever happens on the way, each subscriber ends with exactly the events after its snapshot, in order.
    #[test]
    fn every_subscriber_gets_every_event_after_its_snapshot_once_and_in_order(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in &steps {
            world.apply(step);
            world.hub.drain();
        }
        world.come_to_rest();
        for subscriber in &world.hub.subscribers {
            let events: Vec<_> =
                subscriber.seen.iter().filter(|(kind, _)| *kind == FrameKind::Event).map(|(_, offset)| *offset).collect();
            let expected: Vec<_> = (subscriber.from.unwrap() + 1..=world.head).collect();
            prop_assert_eq!(&events, &expected, "user: {}", subscriber.user);
            prop_assert_ne!(subscriber.seen[0].0, FrameKind::Event, "the first frame is the snapshot");
        }
    }
}

fn landed(world: &mut World, at: u64, run: u32) -> usize {
    world.hub.add(&mut world.table, false);
    let index = world.hub.subscribers.len() - 1;
    let id = world.hub.subscribers[index].id;
    world.table.land_direct(id, submission(), landing(at, run, false));
    index
}

fn kinds(world: &mut World, index: usize) -> Vec<(FrameKind, u64)> {
    world.hub.drain();
    std::mem::take(&mut world.hub.subscribers[index].seen)
}

#[test]
fn progress_of_another_attempt_or_an_older_state_or_after_the_end_is_dropped() {
    let mut world = World::new();
    let index = landed(&mut world, 2, 3);
    kinds(&mut world, index);
    let mut give = |progress: Progress| {
        world.table.on_progress(&progress);
        kinds(&mut world, index).len()
    };
    assert_eq!(give(progress(1, 5, 4)), 1);
    assert_eq!(give(progress(1, 5, 4)), 0, "the same again");
    assert_eq!(give(progress(1, 4, 4)), 0, "out of turn");
    assert_eq!(give(progress(2, 9, 5)), 0, "an attempt that no event told of");
    assert_eq!(give(progress(0, 9, 5)), 0, "an older attempt");
    assert_eq!(give(progress(1, 6, 2)), 0, "less than the snapshot showed");
    assert_eq!(give(progress(1, 7, 3)), 1);
    world.table.on_event(event(3, 3));
    assert_eq!(kinds(&mut world, index), [(FrameKind::Event, 3)]);
    world.table.on_progress(&progress(1, 8, 9));
    assert_eq!(kinds(&mut world, index), [], "after the end");
}

#[test]
fn an_event_takes_its_waiting_progress_away() {
    let mut world = World::new();
    let index = landed(&mut world, 2, 0);
    world.table.on_progress(&progress(1, 1, 1));
    world.table.on_progress(&progress(1, 2, 2));
    world.table.on_event(event(3, 3));
    assert_eq!(kinds(&mut world, index), [(FrameKind::Resumed, 2), (FrameKind::Event, 3)]);
    assert_eq!(world.table.take_dropped().conflated_progress, 1);
}

#[test]
fn a_slow_subscriber_is_cut_off_while_others_go_on() {
    let mut world = World { table: Table::new(EPOCH, 2_000), ..World::new() };
    let (slow, quick) = (landed(&mut world, 1, 0), landed(&mut world, 1, 0));
    let mut cx = Context::from_waker(Waker::noop());
    let mut seen = 0;
    for offset in 2..=20 {
        world.table.on_event(event(offset, 99));
        let mut frames = Vec::new();
        let _ = world.hub.subscribers[quick].subscription.poll_frames(&mut cx, &mut frames, 10_000);
        seen += frames.iter().filter(|frame| frame.kind() == FrameKind::Event).count();
    }
    assert_eq!(seen, 19);
    assert!(world.hub.subscribers[slow].subscription.poll_slow(&mut cx).is_ready());
    let ended = world.hub.subscribers[slow].subscription.poll_frames(&mut cx, &mut Vec::new(), 10_000);
    assert_eq!(ended, std::task::Poll::Ready(Err(End::Slow)));
    assert_eq!(world.table.take_dropped().slow, 1);
}

#[test]
fn a_gap_that_the_store_cannot_close_ends_the_subscription_rather_than_lie() {
    let mut world = World::new();
    let index = landed(&mut world, 1, 0);
    world.table.on_event(event(3, 99));
    for _ in 0..=MAX_TRIES {
        for (id, after) in world.table.take_fetches() {
            world.table.on_fetched(id, after, Some(vec![]));
        }
        world.table.tick();
    }
    let mut cx = Context::from_waker(Waker::noop());
    let mut frames = Vec::new();
    let subscription = &mut world.hub.subscribers[index].subscription;
    let _ = subscription.poll_frames(&mut cx, &mut frames, 10_000);
    assert_eq!(subscription.poll_frames(&mut cx, &mut frames, 10_000), std::task::Poll::Ready(Err(End::Gap)));
}

/// What nobody is subscribed to any more takes no room; a watched user's unfinished entity keeps its place.
#[test]
fn channels_without_subscribers_are_forgotten() {
    let mut world = World::new();
    landed(&mut world, 1, 0);
    world.apply(&Step::Leave(0));
    assert!(world.table.logs.is_empty());
    world.hub.add(&mut world.table, true);
    world.apply(&Step::Land);
    world.table.on_event(event(2, 99));
    let late = OffsetDateTime::UNIX_EPOCH + time::Duration::hours(1);
    world.table.sweep(late);
    assert_eq!(world.table.logs.len(), 1, "unfinished and watched");
    world.table.on_event(event(3, 3));
    world.table.sweep(OffsetDateTime::UNIX_EPOCH);
    assert_eq!(world.table.logs.len(), 1, "a catch-up could still read it again");
    world.table.sweep(late);
    assert!(world.table.logs.is_empty());
}

#[test]
fn whoever_waits_is_told_once_the_offset_is_passed() {
    let mut table = Table::new(EPOCH, LIMIT);
    let mut queues = HashMap::new();
    for (id, beyond) in [(1, 1), (2, 5)] {
        let queue = Arc::new(Queue::default());
        table.add_waiting(SubscriberId(id), submission(), Arc::clone(&queue), beyond);
        table.land_direct(SubscriberId(id), submission(), landing(1, 0, false));
        let place = Place { id: SubscriberId(id), channel: channel(), owner: owner() };
        queues.insert(id, Subscription::new(queue, Arc::new(Leavers::default()), place));
    }
    table.on_event(event(2, 99));
    let mut cx = Context::from_waker(Waker::noop());
    let mut ended = |id| queues.get_mut(&id).unwrap().poll_frames(&mut cx, &mut vec![], 1);
    assert_eq!(ended(1), std::task::Poll::Ready(Err(End::Reached)));
    assert!(ended(2).is_pending());
}

/// Found by the simulation: the one who joined first must not be forgotten when the order starts at a later snapshot.
#[test]
fn a_second_snapshot_does_not_hide_events_from_the_first() {
    let mut world = World::new();
    let steps = [
        Step::Subscribe(true),
        Step::Subscribe(false),
        Step::Land,
        Step::Land,
        Step::Commit,
        Step::Leave(0),
        Step::Subscribe(false),
    ];
    steps.iter().for_each(|step| world.apply(step));
    world.come_to_rest();
    assert_eq!(kinds(&mut world, 0), [(FrameKind::Resumed, 1), (FrameKind::Event, 2)]);
}
