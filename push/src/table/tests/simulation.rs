//! The table against a feed that loses, doubles and reorders, and against reads that come back whenever they like.

use proptest::prelude::*;

use super::world::{World, submission, transfer};
use crate::frame::FrameKind;

#[derive(Clone, Debug)]
enum Step {
    /// The entity moves on by one event.
    Commit,
    /// An event that was committed arrives (again), by its distance from the newest.
    Live(u64),
    /// What was fetched arrives.
    Fetched,
    FetchFails,
    /// Someone of the audience, for the user's channel or the entity's own.
    Subscribe(usize, bool),
    /// The oldest subscriber without a snapshot is given one of now; a user's names the entity, or is full of newer ones.
    Land(bool),
    Leave(usize),
    /// A while passes.
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Commit),
        5 => (0..6u64).prop_map(Step::Live),
        3 => Just(Step::Fetched),
        1 => Just(Step::FetchFails),
        2 => (0..2usize, any::<bool>()).prop_map(|(who, user)| Step::Subscribe(who, user)),
        3 => any::<bool>().prop_map(Step::Land),
        1 => (0..8usize).prop_map(Step::Leave),
        1 => Just(Step::Sweep),
    ]
}

impl World {
    fn apply(&mut self, step: &Step) {
        match step {
            Step::Commit => self.head += 1,
            Step::Live(back) => {
                self.arrives(self.head.saturating_sub(*back).max(1));
            }
            Step::Fetched => self.fetched(false),
            Step::FetchFails => self.fetched(true),
            Step::Subscribe(who, user) => {
                self.add(*who, *user);
            }
            Step::Land(listed) => {
                if let Some(index) = self.subscribers.iter().position(|one| one.from.is_none()) {
                    self.land(index, *listed);
                }
            }
            Step::Leave(index) if *index < self.subscribers.len() => self.leave(*index),
            Step::Leave(_) => {}
            Step::Sweep => self.sweep(),
        }
    }
}

proptest! {
    /// Whatever happens on the way, each subscriber ends with exactly the events after its snapshot, in order.
    #[test]
    fn every_subscriber_gets_every_event_after_its_snapshot_once_and_in_order(
        money in any::<bool>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new(if money { transfer() } else { submission() }, 3);
        for step in &steps {
            world.apply(step);
            world.drain();
        }
        world.come_to_rest();
        for subscriber in &world.subscribers {
            let events: Vec<_> =
                subscriber.seen.iter().filter(|(kind, _)| *kind == FrameKind::Event).map(|(_, offset)| *offset).collect();
            let expected: Vec<_> = (subscriber.from.unwrap() + 1..=world.head).collect();
            prop_assert_eq!(&events, &expected, "user: {}", subscriber.user);
            prop_assert_ne!(subscriber.seen[0].0, FrameKind::Event, "the first frame is the snapshot");
        }
    }
}

/// Found by the simulation: the one who joined first must not be forgotten when the order starts at a later snapshot.
#[test]
fn a_second_snapshot_does_not_hide_events_from_the_first() {
    let mut world = World::new(submission(), 3);
    let steps = [
        Step::Subscribe(0, true),
        Step::Subscribe(0, false),
        Step::Land(true),
        Step::Land(true),
        Step::Commit,
        Step::Leave(0),
        Step::Subscribe(0, false),
    ];
    steps.iter().for_each(|step| world.apply(step));
    world.come_to_rest();
    assert_eq!(world.seen(0), [(FrameKind::Resumed, 1), (FrameKind::Event, 2)]);
}
