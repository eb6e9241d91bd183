mod simulation;
mod world;

use std::collections::HashMap;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::frame::FrameKind;
use crate::queue::{Leavers, Place, Subscription};
use world::{EPOCH, LIMIT, World, submission, time_of, transfer};

/// A submission that is far from its end.
fn judging() -> World {
    World::new(submission(), 99)
}

#[test]
fn progress_of_another_attempt_or_an_older_state_or_after_the_end_is_dropped() {
    let mut world = judging();
    let subject = world.subject.clone();
    let index = world.add(0, false);
    let id = world.subscribers[index].id;
    world.table.land_direct(id, subject.entity, subject.landing(2, 3, false));
    world.seen(index);
    let mut give = |attempt, seq, run| {
        world.table.on_progress(&subject.progress(attempt, seq, run));
        world.seen(index).len()
    };
    assert_eq!(give(1, 5, 4), 1);
    assert_eq!(give(1, 5, 4), 0, "the same again");
    assert_eq!(give(1, 4, 4), 0, "out of turn");
    assert_eq!(give(2, 9, 5), 0, "an attempt that no event told of");
    assert_eq!(give(0, 9, 5), 0, "an older attempt");
    assert_eq!(give(1, 6, 2), 0, "less than the snapshot showed");
    assert_eq!(give(1, 7, 3), 1);
    world.table.on_event(subject.event(3, 3));
    assert_eq!(world.seen(index), [(FrameKind::Event, 3)]);
    world.table.on_progress(&subject.progress(1, 8, 9));
    assert_eq!(world.seen(index), [], "after the end");
}

#[test]
fn an_event_takes_its_waiting_progress_away() {
    let mut world = judging();
    world.head = 2;
    let index = world.watch(0, false);
    world.table.on_progress(&world.subject.progress(1, 1, 1));
    world.table.on_progress(&world.subject.progress(1, 2, 2));
    world.arrives(3);
    assert_eq!(world.seen(index), [(FrameKind::Resumed, 2), (FrameKind::Event, 3)]);
    assert_eq!(world.table.take_dropped().conflated_progress, 1);
}

/// Each piece is news of its own, and the end does not overtake it.
#[test]
fn pieces_of_output_are_kept_in_their_place_and_left_out_when_too_much_waits() {
    let mut world = judging();
    world.head = 2;
    let index = world.watch(0, false);
    for seq in 1..=3 {
        world.table.on_progress(&world.subject.output(1, seq, "x"));
    }
    world.arrives(3);
    let kinds: Vec<_> = world.seen(index).into_iter().map(|(kind, _)| kind).collect();
    let [progress, event] = [FrameKind::Progress, FrameKind::Event];
    assert_eq!(kinds, [FrameKind::Resumed, progress, progress, progress, event]);

    let mut world = judging();
    world.head = 2;
    let index = world.watch(0, false);
    let piece = "x".repeat(LIMIT / 128);
    for seq in 1..=100 {
        world.table.on_progress(&world.subject.output(1, seq, &piece));
    }
    world.arrives(3);
    let kinds: Vec<_> = world.seen(index).into_iter().map(|(kind, _)| kind).collect();
    assert!(kinds.len() < 66 && kinds.last() == Some(&event), "{kinds:?}");
}

#[test]
fn a_slow_subscriber_is_cut_off_while_others_go_on() {
    let mut world = judging();
    world.table = Table::new(EPOCH, 2_000);
    let (slow, quick) = (world.watch(0, false), world.watch(0, false));
    let mut cx = Context::from_waker(Waker::noop());
    let mut seen = 0;
    for offset in 2..=20 {
        world.arrives(offset);
        let mut frames = Vec::new();
        let _ = world.subscribers[quick].subscription.poll_frames(&mut cx, &mut frames, 10_000);
        seen += frames.iter().filter(|frame| frame.kind() == FrameKind::Event).count();
    }
    assert_eq!(seen, 19);
    assert!(world.subscribers[slow].subscription.poll_slow(&mut cx).is_ready());
    let ended = world.subscribers[slow].subscription.poll_frames(&mut cx, &mut Vec::new(), 10_000);
    assert_eq!(ended, Poll::Ready(Err(End::Slow)));
    assert_eq!(world.table.take_dropped().slow, 1);
}

#[test]
fn a_gap_that_the_store_cannot_close_ends_the_subscription_rather_than_lie() {
    let mut world = judging();
    let index = world.watch(0, false);
    world.table.on_event(world.event(3));
    for _ in 0..=MAX_TRIES {
        for (entity, after) in world.table.take_fetches() {
            world.table.on_fetched(entity, after, Some(vec![]));
        }
        world.table.tick();
    }
    let mut cx = Context::from_waker(Waker::noop());
    let mut frames = Vec::new();
    let subscription = &mut world.subscribers[index].subscription;
    let _ = subscription.poll_frames(&mut cx, &mut frames, 10_000);
    assert_eq!(subscription.poll_frames(&mut cx, &mut frames, 10_000), Poll::Ready(Err(End::Gap)));
}

/// What nobody is subscribed to any more takes no room; a watched user's unfinished submission keeps its place.
#[test]
fn channels_without_subscribers_are_forgotten() {
    let mut world = World::new(submission(), 3);
    world.watch(0, false);
    world.leave(0);
    assert!(world.table.logs.is_empty());
    world.watch(0, true);
    world.arrives(2);
    world.table.sweep(time_of(3_600));
    assert_eq!(world.table.logs.len(), 1, "unfinished and watched");
    world.arrives(3);
    world.table.sweep(time_of(3));
    assert_eq!(world.table.logs.len(), 1, "a catch-up could still read it again");
    world.table.sweep(time_of(3_600));
    assert!(world.table.logs.is_empty());
}

#[test]
fn a_transfer_is_kept_only_while_its_events_are_fresh() {
    let mut world = World::new(transfer(), 1);
    world.watch(0, true);
    assert!(world.table.logs.is_empty(), "no progress of it is to come");
    world.arrives(2);
    world.table.sweep(time_of(2));
    assert_eq!(world.table.logs.len(), 1);
    world.table.sweep(time_of(3));
    assert!(world.table.logs.is_empty());
}

/// A refund comes a day later: it reaches both parties, whichever channel they watch, and nothing is told twice.
#[test]
fn a_late_event_of_a_forgotten_transfer_reaches_both_parties_once() {
    let mut world = World::new(transfer(), 1);
    let (payer, payee) = (world.watch(0, true), world.add(1, true));
    world.land(payee, false);
    (2..=6).for_each(|offset| world.tells(offset));
    assert_eq!((world.events(payer), world.events(payee)), ((2..=6).collect(), (2..=6).collect()));
    world.sweep();
    assert!(world.table.logs.is_empty());
    // The seventh is lost on the way.
    world.tells(8);
    assert_eq!((world.events(payer), world.events(payee)), (vec![7, 8], vec![7, 8]));
}

#[test]
fn a_transfer_opened_late_tells_those_who_had_its_events_nothing_again() {
    let mut world = World::new(transfer(), 1);
    let user = world.add(1, true);
    world.land(user, false);
    (2..=4).for_each(|offset| world.tells(offset));
    assert_eq!(world.events(user), [2, 3, 4]);
    world.sweep();
    let own = world.watch(0, false);
    world.tells(5);
    assert_eq!((world.events(own), world.events(user)), (vec![5], vec![5]));
}

/// The payer's snapshot must not make the table believe that the payee has seen as much.
#[test]
fn what_one_party_has_seen_is_not_taken_for_seen_by_the_other() {
    let mut world = World::new(transfer(), 1);
    let payee = world.watch(1, true);
    // Nothing of it arrives.
    world.head = 3;
    let payer = world.watch(0, false);
    world.fetched(false);
    assert_eq!((world.events(payer), world.events(payee)), (vec![], vec![2, 3]));
}

#[test]
fn an_event_that_waits_for_others_is_not_forgotten() {
    let mut world = World::new(transfer(), 1);
    let payer = world.watch(0, true);
    world.head = 3;
    world.arrives(3);
    world.table.sweep(time_of(3_600));
    world.fetched(false);
    assert_eq!(world.events(payer), [2, 3]);
}

#[test]
fn whoever_waits_is_told_once_the_offset_is_passed() {
    for subject in [submission(), transfer()] {
        let mut table = Table::new(EPOCH, LIMIT);
        let mut queues = HashMap::new();
        for (id, beyond) in [(1, 1), (2, 5)] {
            let queue = Arc::new(Queue::default());
            table.add_waiting(SubscriberId(id), subject.entity, Arc::clone(&queue), beyond);
            table.land_direct(SubscriberId(id), subject.entity, subject.landing(1, 0, false));
            let place = Place { id: SubscriberId(id), channel: subject.channel(), owner: subject.audience[0].clone() };
            queues.insert(id, Subscription::new(queue, Arc::new(Leavers::default()), place));
        }
        table.on_event(subject.event(2, 99));
        let mut cx = Context::from_waker(Waker::noop());
        let mut ended = |id| queues.get_mut(&id).unwrap().poll_frames(&mut cx, &mut vec![], 1);
        assert_eq!(ended(1), Poll::Ready(Err(End::Reached)));
        assert!(ended(2).is_pending());
    }
}
