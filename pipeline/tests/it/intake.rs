//! Accepting: durable before the answer, whatever the broker does.

use std::sync::Arc;

use herald_domain::store::{Accepted, Outbox, StoreError, Submissions};
use herald_testkit::build::{idempotency, new_submission, owner};
use tokio::sync::Semaphore;

use crate::faulty_store::Fault;
use crate::world::{Deed, PATIENCE, Scripted, world};

#[tokio::test]
async fn many_at_once_are_all_accepted_and_judged_exactly_once() {
    let world = world().await;
    let judge = Scripted::new([Deed::Accept]);
    world.worker(&judge);
    let ids = futures::future::join_all((0..200).map(|_| world.submit())).await;
    for id in ids {
        let done = world.until(id, |submission| submission.status.is_final()).await;
        assert_eq!(done.attempt, 1);
        assert_eq!(judge.attempts_of(id), 1);
        let names = world.event_names(id).await;
        assert_eq!(names, ["submission.queued", "submission.compiling", "submission.finished"]);
    }
    world.until_published().await;
}

#[tokio::test]
async fn one_bad_key_in_a_commit_spoils_nobody_else() {
    let world = world().await;
    let alice = owner("alice");
    let keyed = |request: &str| herald_domain::submission::NewSubmission {
        idempotency: idempotency("k", request),
        ..new_submission(&alice)
    };
    let outcomes = futures::future::join_all([
        world.intake.accept(keyed("a")),
        world.intake.accept(keyed("b")),
        world.intake.accept(new_submission(&alice)),
        world.intake.accept(keyed("a")),
    ])
    .await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert!(matches!(outcomes[0], Accepted::Created(_)));
    assert_eq!(outcomes[1], Accepted::KeyReused);
    assert!(matches!(outcomes[2], Accepted::Created(_)));
    assert!(matches!(outcomes[3], Accepted::Replayed(_)));
}

#[tokio::test]
async fn while_the_broker_is_away_everything_is_accepted_and_done_once_it_is_back() {
    let world = world().await;
    world.broker.set_away(true);
    let ids = futures::future::join_all((0..20).map(|_| world.submit())).await;
    assert_eq!(world.store.count_outbox().await.unwrap(), 20);
    let judge = Scripted::new([Deed::Accept]);
    world.worker(&judge);
    world.broker.set_away(false);
    // The rows were claimed for five seconds by the process that wrote them.
    world.clock.advance(std::time::Duration::from_secs(6));
    for id in ids {
        world.until(id, |submission| submission.verdict.is_some()).await;
        assert_eq!(judge.attempts_of(id), 1);
    }
}

/// What the relay claimed while nothing can be published would wait for its claim to run out once something can.
#[tokio::test]
async fn a_row_is_not_claimed_while_the_broker_is_away() {
    let world = world().await;
    world.broker.set_away(true);
    let id = world.submit().await;
    world.clock.advance(std::time::Duration::from_secs(6));
    // For as long as the relay takes to sweep twice.
    world.sweeper(false);
    world.until_calls("due_wakes", 40).await;
    world.broker.set_away(false);
    world.worker(&Scripted::new([Deed::Accept]));
    world.until(id, |submission| submission.verdict.is_some()).await;
}

/// A commit that fails for one of its items is done item by item, but not in a store that has gone away meanwhile.
#[tokio::test]
async fn a_store_that_goes_away_in_the_middle_is_not_asked_for_each_of_a_batch() {
    let world = world().await;
    let gate = Arc::new(Semaphore::new(0));
    let script = [Fault::Held(gate.clone()), Fault::Broken, Fault::None, Fault::Broken, Fault::Away];
    world.faulty.set("accept_submissions", script);
    let asked = |n: usize| {
        let (intake, faulty) = (world.intake.clone(), world.faulty.clone());
        async move {
            if n > 0 {
                // Behind the first, whose commit is held, so that they share the next.
                while faulty.calls("accept_submissions") == 0 {
                    tokio::task::yield_now().await;
                }
            }
            intake.accept(new_submission(&owner("alice"))).await
        }
    };
    let release = async {
        while world.faulty.calls("accept_submissions") == 0 {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
        gate.add_permits(1);
    };
    let (outcomes, ()) = futures::join!(futures::future::join_all((0..20).map(asked)), release);
    let created = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Accepted::Created(_)))).count();
    let broken = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Broken(_)))).count();
    let away = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Unavailable(_)))).count();
    assert_eq!((created, broken, away), (2, 1, 17));
    assert_eq!(world.faulty.calls("accept_submissions"), 5);
    assert_eq!(world.store.count_open().await.unwrap(), 2, "what was refused is not stored");
}

/// A process that went on without its relay would look well and wake nobody.
#[tokio::test]
async fn a_background_task_that_panics_ends_all_of_them() {
    for method in ["claim_outbox", "accept_submissions"] {
        let world = world().await;
        world.faulty.set(method, [Fault::Panic]);
        if method == "accept_submissions" {
            let refused = world.intake.accept(new_submission(&owner("alice"))).await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        }
        tokio::time::timeout(PATIENCE, world.stop.cancelled()).await.expect("the others are told to end");
    }
}
