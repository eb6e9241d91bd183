//! What no message told of.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use herald_domain::broker::Broker;
use herald_domain::store::{Outbox, Work};
use herald_domain::submission::Verdict;
use herald_testkit::build::{new_submission, owner, token};
use tokio::sync::Semaphore;

use crate::faulty_store::Fault;
use crate::world::{Deed, PATIENCE, Scripted, world};

#[tokio::test]
async fn a_process_that_knows_itself_alone_takes_over_at_once_what_a_dead_one_left() {
    let world = world().await;
    // A dead process's: one row leased, one whose message was in the broker that died with it, one still in the outbox.
    world.broker.set_away(true);
    let ids = [world.submit().await, world.submit().await, world.submit().await];
    let store = &world.store;
    store.claim("any", token(), 15_000).await.unwrap();
    let published: Vec<_> = {
        world.clock.advance(Duration::from_secs(6));
        store.claim_outbox(1, 35_000).await.unwrap().iter().map(|row| row.id).collect()
    };
    store.delete_outbox(&published).await.unwrap();

    world.broker.set_away(false);
    let judge = Scripted::new([Deed::Accept]);
    world.worker(&judge);
    world.sweeper(true);
    // No clock is moved: nothing here waits for a lease or a claim to run out.
    for id in ids {
        world.until(id, |submission| submission.verdict.is_some()).await;
    }
}

#[tokio::test]
async fn a_wiped_broker_is_refilled_from_the_rows() {
    let world = world().await;
    world.broker.set_away(true);
    let id = world.submit().await;
    world.clock.advance(Duration::from_secs(6));
    let rows: Vec<_> = world.store.claim_outbox(10, 1).await.unwrap().iter().map(|row| row.id).collect();
    world.store.delete_outbox(&rows).await.unwrap();
    world.clock.advance(Duration::from_secs(11));
    world.broker.set_away(false);
    world.worker(&Scripted::new([Deed::Accept]));
    world.sweeper(false);
    world.until(id, |submission| submission.verdict.is_some()).await;
}

#[tokio::test]
async fn what_no_worker_takes_in_time_ends_as_internal_error() {
    let world = world().await;
    let submission =
        herald_domain::submission::NewSubmission { class: "gpu".into(), ..new_submission(&owner("alice")) };
    let id = world.submit_as(submission).await;
    world.clock.advance(Duration::from_secs(3_601));
    world.sweeper(false);
    let ended = world.until(id, |submission| submission.status.is_final()).await;
    assert_eq!((ended.verdict, ended.reason.as_deref()), (Some(Verdict::InternalError), Some("no_worker")));
}

/// A day without anybody, the workers included, is not a day in which no worker wanted it.
#[tokio::test]
async fn what_waited_while_everything_was_off_is_judged_and_not_expired() {
    let world = world().await;
    world.broker.set_away(true);
    let id = world.submit().await;
    world.clock.advance(Duration::from_secs(86_400));
    world.broker.set_away(false);
    world.sweeper(true);
    world.until_calls("due_wakes", 10).await;
    world.worker(&Scripted::new([Deed::Accept]));
    let done = world.until(id, |submission| submission.status.is_final()).await;
    assert_eq!((done.verdict, done.reason.as_deref()), (Some(Verdict::Accepted), Some("ok")));
}

/// Nor is an outage of the store, in which nobody could have started anything.
#[tokio::test]
async fn an_outage_of_the_store_puts_expiry_off() {
    let world = world().await;
    world.faulty.set("due_wakes", [Fault::Away]);
    world.sweeper(false);
    world.until_calls("due_wakes", 100).await;
    assert_eq!(world.faulty.calls("expire_unclaimed"), 0);
    world.faulty.set("due_wakes", [Fault::None]);
    let before = world.faulty.calls("due_wakes");
    world.until_calls("expire_unclaimed", 1).await;
    let calm = world.faulty.calls("due_wakes") - before;
    assert!(calm >= 60, "only {calm} passes after the store was back");
}

/// A machine that slept, or a clock that was set ahead: nobody had an hour in which to start anything.
#[tokio::test]
async fn a_clock_that_leaps_ahead_puts_expiry_off() {
    let world = world().await;
    let id = world.submit().await;
    world.sweeper(false);
    world.until_calls("expire_unclaimed", 1).await;
    world.clock.advance(Duration::from_secs(7_200));
    let passes = world.faulty.calls("due_wakes");
    world.until_calls("due_wakes", passes + 20).await;
    world.worker(&Scripted::new([Deed::Accept]));
    let done = world.until(id, |submission| submission.status.is_final()).await;
    assert_eq!(done.verdict, Some(Verdict::Accepted));
}

#[tokio::test]
async fn housekeeping_that_takes_long_holds_nothing_up() {
    let world = world().await;
    world.faulty.set("maintain", [Fault::Held(Arc::new(Semaphore::new(0)))]);
    world.sweeper(false);
    world.until_calls("maintain", 1).await;
    let before = world.faulty.calls("due_wakes");
    world.until_calls("due_wakes", before + 5).await;
}

/// What a dead process left in the outbox is in the queue before the sweeper looks: the rest is woken at once all the same.
#[tokio::test]
async fn a_take_over_does_not_wait_for_an_empty_queue() {
    let world = world().await;
    world.broker.set_away(true);
    let ids = [world.submit().await, world.submit().await];
    world.clock.advance(Duration::from_secs(6));
    let published: Vec<_> = world.store.claim_outbox(1, 35_000).await.unwrap().iter().map(|row| row.id).collect();
    world.store.delete_outbox(&published).await.unwrap();
    world.broker.set_away(false);
    let relayed = async {
        while world.broker.work_depth("any").await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, relayed).await.expect("the relay sweeps");
    world.sweeper(true);
    world.until_calls("due_wakes", 1).await;
    world.worker(&Scripted::new([Deed::Accept]));
    for id in ids {
        world.until(id, |submission| submission.verdict.is_some()).await;
    }
}

#[tokio::test]
async fn a_take_over_that_is_tried_again_ends_no_lease_of_its_own_process() {
    let world = world().await;
    let away = vec![Fault::Away; 3];
    world.faulty.set("open_classes", [away, vec![Fault::None]].concat());
    world.sweeper(true);
    world.until_calls("open_classes", 1).await;
    let gate = Arc::new(Semaphore::new(0));
    let judge = Scripted::new([Deed::Wait(gate.clone())]);
    world.worker(&judge);
    let id = world.submit().await;
    let _ = judge.begun.acquire().await.unwrap();
    world.until_calls("open_classes", 5).await;
    gate.add_permits(1);
    let done = world.until(id, |submission| submission.status.is_final()).await;
    assert_eq!((done.verdict, done.attempt), (Some(Verdict::Accepted), 1));
}

/// A queue in which something waits has not lost anything that a sweeper could know of.
#[tokio::test]
async fn a_queue_that_is_not_empty_is_not_refilled() {
    let world = world().await;
    world.submit().await;
    world.until_published().await;
    world.clock.advance(Duration::from_secs(11));
    world.sweeper(false);
    world.until_calls("due_wakes", 12).await;
    assert_eq!(world.broker.work_depth("any").await.unwrap(), 1);
    assert_eq!(world.faulty.calls("due_rows"), 0);
}

/// What the broker gave up is in the store before it is gone from the broker.
#[tokio::test]
async fn a_fallen_message_becomes_a_dead_letter_before_it_is_taken() {
    let world = world().await;
    let clock = world.clock.clone();
    world.faulty.set("add_dead_letter", [Fault::Away, Fault::None]);
    world.tasks.spawn(herald_pipeline::record_fallen(world.deps(), clock, world.stop.clone()));
    let id = world.submit().await;
    world.broker.fallen.fall(format!(r#"{{"v":1,"submission":"{id}","class":"any"}}"#).into_bytes());
    world.until_calls("add_dead_letter", 1).await;
    assert_eq!(world.broker.fallen.taken.load(Ordering::SeqCst), 0, "the store was away");
    let recorded = async {
        while world.broker.fallen.taken.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, recorded).await.expect("it is recorded once the store is back");
    let letters = world.store.list_dead_letters(None, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].queue.as_str(), &letters[0].entity), ("judge.any", &Some(format!("submission:{id}"))));
}
