use herald_domain::channel::Channel;
use herald_domain::id::SubmissionId;
use herald_push::{FrameKind, HubConfig, SubscribeError};
use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::world::{SOON, World, quick};

on_every_backend![
    the_snapshot_comes_first_and_then_every_event_in_order,
    one_that_comes_late_gets_the_verdict_in_its_snapshot,
    a_lost_message_is_caught_up,
    a_gap_is_closed_at_once,
    messages_out_of_order_and_doubled_come_out_in_order_once,
    progress_rises_and_ends_with_the_submission,
    a_channel_of_another_or_of_nobody_is_unknown,
    many_subscribers_of_one_channel_get_the_same,
    who_waits_for_an_event_is_told_of_it_and_of_none_before,
    a_hub_that_stops_ends_its_subscriptions,
];

async fn the_snapshot_comes_first_and_then_every_event_in_order(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let work = world.submit("alice").await;
    let mut watch = work.watch(None).await;
    let snapshot = watch.json().await;
    assert_eq!(
        (&snapshot["type"], &snapshot["offset"], &snapshot["recovered"], &snapshot["data"]["status"]),
        (&json!("snapshot"), &json!(1), &json!(true), &json!("queued"))
    );
    assert_eq!(snapshot["channel"], json!(work.channel()));
    work.finish().await;
    let events = [watch.json().await, watch.json().await, watch.json().await];
    assert_eq!(events.each_ref().map(|event| event["offset"].as_u64().unwrap()), [2, 3, 4]);
    assert_eq!(
        events.each_ref().map(|event| event["event"].as_str().unwrap()),
        ["submission.compiling", "submission.running", "submission.finished"]
    );
    assert_eq!(events[2]["data"]["verdict"], "accepted");
}

async fn one_that_comes_late_gets_the_verdict_in_its_snapshot(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let work = world.submit("alice").await;
    work.finish().await;
    let snapshot = work.watch(None).await.json().await;
    assert_eq!((&snapshot["offset"], &snapshot["data"]["verdict"]), (&json!(4), &json!("accepted")));
}

async fn a_lost_message_is_caught_up(backend: Backend) {
    let world = World::new(backend, quick()).await;
    let work = world.submit("alice").await;
    let mut watch = work.watch(None).await;
    work.compiling().await;
    work.running().await;
    work.finished().await;
    assert_eq!(watch.until(4).await[1..], [(FrameKind::Event, 2), (FrameKind::Event, 3), (FrameKind::Event, 4)]);
}

/// Those who come at the same moment pass the hub's door in any order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_that_comes_at_once_is_served_to_the_last() {
    let world = World::new(Backend::Embedded, HubConfig::default()).await;
    for _ in 0..20 {
        let work = world.submit("alice").await;
        let crowd = (0..50).map(|_| {
            let (hub, grant) = (world.hub.clone(), work.grant());
            tokio::spawn(async move { hub.subscribe(&grant, None).await.map(drop) })
        });
        for served in futures::future::join_all(crowd).await {
            served.unwrap().expect("it is let in");
        }
    }
}

/// Only the last of four events arrives, long before the next catch-up: the others are fetched at once.
async fn a_gap_is_closed_at_once(backend: Backend) {
    let mut config = quick();
    (config.catch_up, config.catch_up_away) = (SOON * 10, SOON * 10);
    let world = World::new(backend, config).await;
    let work = world.submit("alice").await;
    let mut watch = work.watch(None).await;
    watch.frame().await.unwrap();
    work.compiling().await;
    work.running().await;
    work.publish(&work.finished().await);
    assert_eq!(watch.events_until(4).await, [2, 3, 4]);
}

async fn messages_out_of_order_and_doubled_come_out_in_order_once(backend: Backend) {
    let world = World::new(backend, quick()).await;
    let work = world.submit("alice").await;
    let mut watch = work.watch(None).await;
    let (compiling, running, finished) = (work.compiling().await, work.running().await, work.finished().await);
    for event in [&finished, &compiling, &finished, &running, &compiling] {
        work.publish(event);
    }
    assert_eq!(watch.events_until(4).await, [2, 3, 4]);
    let next = world.submit("alice").await;
    let mut other = next.watch(None).await;
    next.finish().await;
    other.events_until(4).await;
    // Catch-ups have come by since, and told it nothing twice.
    let more = tokio::time::timeout(quick().catch_up * 3, watch.0.next()).await;
    assert!(more.is_err(), "{more:?}");
}

async fn progress_rises_and_ends_with_the_submission(backend: Backend) {
    let world = World::new(backend, quick()).await;
    let work = world.submit("alice").await;
    let mut watch = work.watch(None).await;
    work.publish(&work.compiling().await);
    work.publish(&work.running().await);
    watch.until(3).await;
    work.progress(1);
    assert_eq!(watch.json().await["data"]["tests"]["run"], 1);
    work.publish_progress(1, 9, 5);
    work.publish_progress(1, 8, 4);
    work.publish_progress(2, 10, 1);
    work.publish_progress(1, 10, 6);
    let mut runs = Vec::new();
    while runs.last() != Some(&6) {
        let frame = watch.json().await;
        assert_eq!((&frame["type"], &frame["attempt"]), (&json!("progress"), &json!(1)));
        runs.push(frame["data"]["tests"]["run"].as_u64().unwrap());
    }
    assert!(runs.is_sorted() && !runs.contains(&4), "{runs:?}");
    work.publish(&work.finished().await);
    work.progress(9);
    assert_eq!(watch.until(4).await, [(FrameKind::Event, 4)]);
    let more = tokio::time::timeout(std::time::Duration::from_millis(200), watch.0.next()).await;
    assert!(more.is_err(), "{more:?}");
}

async fn a_channel_of_another_or_of_nobody_is_unknown(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let work = world.submit("alice").await;
    let mut foreign = work.grant();
    foreign.owner = world.user("mallory");
    assert_eq!(world.hub.subscribe(&foreign, None).await.err(), Some(SubscribeError::UnknownChannel));
    let mut nobodys = work.grant();
    nobodys.channel = Channel::Submission(SubmissionId(uuid::Uuid::from_u128(404)));
    assert_eq!(world.hub.subscribe(&nobodys, None).await.err(), Some(SubscribeError::UnknownChannel));
    let mut of_user = work.grant();
    of_user.channel = Channel::User(world.user("bob"));
    assert_eq!(world.hub.subscribe(&of_user, None).await.err(), Some(SubscribeError::UnknownChannel));
    // The owner is served all the same.
    work.watch(None).await.frame().await.unwrap();
}

async fn many_subscribers_of_one_channel_get_the_same(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let work = world.submit("alice").await;
    let mut watches = Vec::new();
    for _ in 0..50 {
        watches.push(work.watch(None).await);
    }
    work.finish().await;
    for watch in &mut watches {
        assert_eq!(watch.events_until(4).await, [2, 3, 4]);
    }
}

async fn who_waits_for_an_event_is_told_of_it_and_of_none_before(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let work = world.submit("alice").await;
    let (channel, owner) = (work.channel(), work.owner.clone());
    tokio::time::timeout(SOON, world.hub.wait_beyond(&channel, &owner, 0)).await.expect("it is already so");
    let waits = world.hub.wait_beyond(&channel, &owner, 1);
    tokio::pin!(waits);
    let early = tokio::time::timeout(std::time::Duration::from_millis(100), &mut waits).await;
    assert!(early.is_err());
    work.publish(&work.compiling().await);
    tokio::time::timeout(SOON, &mut waits).await.expect("the event was published");
    let foreign = world.user("mallory");
    tokio::time::timeout(SOON, world.hub.wait_beyond(&channel, &foreign, 9)).await.expect("it cannot be known");
}

async fn a_hub_that_stops_ends_its_subscriptions(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let work = world.submit("alice").await;
    let mut watch = work.watch(None).await;
    watch.frame().await.unwrap();
    world.shutdown.cancel();
    assert_eq!(watch.frame().await.err(), Some(herald_push::End::Stopped));
    assert_eq!(work.try_watch(&world.hub, None).await.err(), Some(SubscribeError::Unavailable));
    world.tasks.close();
    tokio::time::timeout(SOON, world.tasks.wait()).await.expect("its tasks end");
}
