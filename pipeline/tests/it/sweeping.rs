//! What no message told of.

use std::time::Duration;

use herald_domain::store::Outbox;
use herald_domain::submission::Verdict;
use herald_testkit::build::{new_submission, owner};

use crate::world::{Deed, Scripted, world};

#[tokio::test]
async fn a_process_that_knows_itself_alone_takes_over_at_once_what_a_dead_one_left() {
    let world = world().await;
    // A dead process's: one row leased, one whose message was in the broker that died with it, one still in the outbox.
    world.broker.set_away(true);
    let ids = [world.submit().await, world.submit().await, world.submit().await];
    let store = &world.store;
    herald_domain::store::Work::claim(store, "any", herald_testkit::build::token(), 15_000).await.unwrap();
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
