use std::time::Duration;

use herald_domain::channel::{Channel, Cursor};
use herald_domain::id::{Epoch, SubmissionId};
use herald_push::{FrameKind, HubConfig, SubscribeError};
use serde_json::json;
use uuid::Uuid;

use crate::backend::{Backend, on_every_backend};
use crate::recorder::Seen;
use crate::world::{Watch, World};

on_every_backend![
    a_resume_midway_misses_nothing_and_repeats_nothing,
    each_event_cursor_resumes_right_after_its_event,
    a_resume_that_cannot_be_complete_says_so_and_starts_anew,
    a_cursor_that_is_none_or_of_another_channel_is_an_error,
];

async fn a_resume_midway_misses_nothing_and_repeats_nothing(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let work = world.submit("alice").await;
    let mut watch = work.watch(None).await;
    work.publish(&work.compiling().await);
    let seen = watch.until(2).await;
    assert_eq!(seen, [(FrameKind::Snapshot, 1), (FrameKind::Event, 2)]);
    let mut again = work.watch(None).await;
    let cursor = again.frame().await.unwrap().cursor().unwrap().to_owned();
    drop((watch, again));
    work.publish(&work.running().await);
    // At another hub of the fleet.
    let other = world.another_hub(HubConfig::default());
    let mut resumed = Watch(work.try_watch(&other, Some(&cursor)).await.unwrap());
    let first = resumed.json().await;
    assert_eq!((&first["type"], &first["offset"], &first["recovered"]), (&json!("resumed"), &json!(2), &json!(true)));
    work.publish(&work.finished().await);
    assert_eq!(resumed.until(4).await, [(FrameKind::Event, 3), (FrameKind::Event, 4)]);
}

async fn each_event_cursor_resumes_right_after_its_event(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let work = world.submit("alice").await;
    let mut watch = work.watch(None).await;
    work.finish().await;
    for offset in 1..=4 {
        let frame = watch.frame().await.unwrap();
        let mut resumed = work.watch(frame.cursor()).await;
        assert_eq!(resumed.frame().await.unwrap().kind(), FrameKind::Resumed);
        let landed = resumed.0.take_landed();
        assert_eq!(landed.complete, offset == 4, "only a resume at the head of a finished one is complete");
        if offset < 4 {
            assert_eq!(resumed.events_until(4).await, (offset + 1..=4).collect::<Vec<_>>());
        }
    }
}

async fn a_resume_that_cannot_be_complete_says_so_and_starts_anew(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let work = world.submit("alice").await;
    let epoch = world.store.epoch().await.unwrap();
    let cursor = Cursor { epoch, channel: work.channel(), offset: 1 };
    let other_epoch = Cursor { epoch: Epoch(Uuid::from_u128(5)), ..cursor.clone() };
    let ahead = Cursor { offset: 99, ..cursor };
    for (cursor, reason) in [(other_epoch, "epoch"), (ahead, "ahead")] {
        let first = work.watch(Some(&cursor.encode())).await.json().await;
        assert_eq!(
            (&first["type"], &first["recovered"], &first["reason"], &first["offset"]),
            (&json!("snapshot"), &json!(false), &json!(reason), &json!(1))
        );
    }
}

async fn a_cursor_that_is_none_or_of_another_channel_is_an_error(backend: Backend) {
    let world = World::new(backend, HubConfig::default()).await;
    let work = world.submit("alice").await;
    let epoch = world.store.epoch().await.unwrap();
    let foreign = Cursor { epoch, channel: Channel::Submission(SubmissionId(Uuid::from_u128(1))), offset: 1 }.encode();
    for bad in ["", "nonsense", foreign.as_str()] {
        assert_eq!(work.try_watch(&world.hub, Some(bad)).await.err(), Some(SubscribeError::BadCursor), "{bad:?}");
    }
}

/// A storm of reconnects must not become a storm of queries.
#[tokio::test]
async fn resumes_that_come_together_are_read_together() {
    let seen = Seen::default();
    let _guard = metrics::set_default_local_recorder(&seen);
    let config = HubConfig { gather: Duration::from_millis(300), ..HubConfig::default() };
    let world = World::new(Backend::Embedded, config).await;
    let work = world.submit("alice").await;
    let cursor = work.watch(None).await.frame().await.unwrap().cursor().unwrap().to_owned();
    let reads = || seen.counter("herald_push_read_size{}");
    assert_eq!(reads(), 1);
    let resumes = (0..100).map(|_| work.watch(Some(&cursor)));
    for mut watch in futures::future::join_all(resumes).await {
        assert_eq!(watch.frame().await.unwrap().kind(), FrameKind::Resumed);
    }
    assert_eq!(reads(), 2);
}
