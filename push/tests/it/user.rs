use herald_domain::channel::Channel;
use herald_domain::ticket::Grant;
use herald_push::{FrameKind, HubConfig};
use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::world::{Watch, World, quick};

on_every_backend![
    a_user_sees_what_changed_last_and_then_the_events_of_all_that_is_theirs,
    lost_events_of_a_new_submission_are_found,
    progress_of_what_was_under_way_at_the_snapshot_is_passed_on,
    a_resume_is_always_a_fresh_snapshot,
    both_kinds_of_subscriber_get_each_event,
];

async fn a_user_sees_what_changed_last_and_then_the_events_of_all_that_is_theirs(backend: Backend) {
    let world = World::new(backend, quick()).await;
    let before = world.submit("alice").await;
    let foreign = world.submit("bob").await;
    let mut watch = world.subscribe_user("alice").await;
    let snapshot = watch.json().await;
    assert_eq!(
        (&snapshot["type"], &snapshot["channel"]),
        (&json!("snapshot"), &json!(Channel::User(world.user("alice"))))
    );
    let items = snapshot["data"]["items"].as_array().unwrap();
    assert_eq!(items.iter().map(|item| &item["id"]).collect::<Vec<_>>(), [&json!(before.id)]);
    before.finish().await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let frame = watch.json().await;
        assert_eq!(frame["channel"], json!(before.channel()));
        seen.push(frame["offset"].as_u64().unwrap());
    }
    assert_eq!(seen, [2, 3, 4]);
    foreign.finish().await;
    let after = world.submit("alice").await;
    after.finish().await;
    for offset in 1..=4 {
        let frame = watch.json().await;
        assert_eq!((&frame["channel"], &frame["offset"]), (&json!(after.channel()), &json!(offset)));
    }
}

/// Not one of its events but the last is published.
async fn lost_events_of_a_new_submission_are_found(backend: Backend) {
    let world = World::new(backend, quick()).await;
    let mut watch = world.subscribe_user("alice").await;
    watch.frame().await.unwrap();
    let work = world.submit("alice").await;
    work.compiling().await;
    work.running().await;
    work.publish(&work.finished().await);
    assert_eq!(watch.events_until(4).await, [1, 2, 3, 4]);
    let next = world.submit("alice").await;
    next.compiling().await;
    assert_eq!(watch.events_until(2).await, [1, 2]);
}

async fn progress_of_what_was_under_way_at_the_snapshot_is_passed_on(backend: Backend) {
    let world = World::new(backend, quick()).await;
    let work = world.submit("alice").await;
    work.publish(&work.compiling().await);
    work.publish(&work.running().await);
    let mut watch = world.subscribe_user("alice").await;
    watch.frame().await.unwrap();
    work.progress(3);
    let frame = watch.json().await;
    assert_eq!((&frame["type"], &frame["data"]["tests"]["run"]), (&json!("progress"), &json!(3)));
}

async fn a_resume_is_always_a_fresh_snapshot(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let work = world.submit("alice").await;
    let owner = world.user("alice");
    let grant = Grant { channel: Channel::User(owner.clone()), owner, expires: 0, key: None };
    let user_cursor = Watch(world.hub.subscribe(&grant, None).await.unwrap()).frame().await.unwrap();
    let entity_cursor = work.watch(None).await.frame().await.unwrap();
    for cursor in [user_cursor.cursor(), entity_cursor.cursor()] {
        let mut watch = Watch(world.hub.subscribe(&grant, cursor).await.unwrap());
        let first = watch.json().await;
        assert_eq!((&first["recovered"], &first["reason"]), (&json!(false), &json!("snapshot_only")));
    }
}

async fn both_kinds_of_subscriber_get_each_event(backend: Backend) {
    let world = World::new(backend, quick()).await;
    let mut user = world.subscribe_user("alice").await;
    user.frame().await.unwrap();
    let work = world.submit("alice").await;
    let mut own = work.watch(None).await;
    assert_eq!(own.frame().await.unwrap().kind(), FrameKind::Snapshot);
    work.compiling().await;
    work.publish(&work.running().await);
    work.publish(&work.finished().await);
    assert_eq!(own.events_until(4).await, [2, 3, 4]);
    assert_eq!(user.events_until(4).await, [1, 2, 3, 4]);
}
