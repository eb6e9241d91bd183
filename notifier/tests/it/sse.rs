use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::world::{EventSource, World, eventually};

on_every_backend![
    a_stream_carries_the_same_frames_with_cursors_as_ids,
    last_event_id_resumes_and_wins_over_the_query,
    a_resume_at_the_end_of_a_finished_submission_is_answered_204,
    a_user_stream_that_reconnects_starts_from_a_snapshot,
    pages_of_allowed_origins_may_read_it,
];

async fn a_stream_carries_the_same_frames_with_cursors_as_ids(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let mut source = world.stream(&work.ticket(), "").await;
    let headers = source.response.headers().clone();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(
        (&headers["cache-control"], &headers["x-accel-buffering"]),
        (&"no-store".parse().unwrap(), &"no".parse().unwrap())
    );
    let retry = source.block().await.unwrap();
    let retry: u64 = retry.strip_prefix("retry: ").unwrap().parse().unwrap();
    assert!((1_000..=2_000).contains(&retry), "{retry}");
    let snapshot = source.event().await;
    assert_eq!((snapshot.name.as_str(), &snapshot.data["offset"]), ("snapshot", &json!(1)));
    work.finish().await;
    for (offset, name) in [(2, "submission.compiling"), (3, "submission.running"), (4, "submission.finished")] {
        let event = source.event().await;
        assert_eq!((event.name.as_str(), &event.data["offset"]), (name, &json!(offset)));
        assert_eq!(event.id.as_deref(), event.data["cursor"].as_str());
    }
    drop(source);
    eventually("its place is free again", || world.notifier.connections() == 0).await;
}

async fn last_event_id_resumes_and_wins_over_the_query(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let mut source = world.stream(&work.ticket(), "").await;
    let first = source.event().await.id.unwrap();
    work.compile().await;
    let second = source.event().await.id.unwrap();
    drop(source);
    work.run().await;
    let request = reqwest::Client::new().get(world.events_url(&work.ticket(), &format!("&after={first}")));
    let response = request.header("Last-Event-ID", second).send().await.unwrap();
    let mut source = EventSource::new(response);
    let resumed = source.event().await;
    assert_eq!((resumed.name.as_str(), &resumed.data["offset"]), ("resumed", &json!(2)));
    assert_eq!(source.event().await.data["offset"], 3);
    let mut by_query = world.stream(&work.ticket(), &format!("&after={first}")).await;
    assert_eq!(by_query.event().await.data["offset"], 1);
    assert_eq!(by_query.event().await.data["offset"], 2);
}

/// A browser would ask for the end of a finished submission for ever; 204 tells it to stop.
async fn a_resume_at_the_end_of_a_finished_submission_is_answered_204(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    work.finish().await;
    let mut source = world.stream(&work.ticket(), "").await;
    let snapshot = source.event().await;
    assert_eq!(snapshot.data["data"]["verdict"], "accepted");
    let after = format!("&after={}", snapshot.id.unwrap());
    let response = reqwest::get(world.events_url(&work.ticket(), &after)).await.unwrap();
    assert_eq!(response.status(), 204);
    assert_eq!(world.notifier.connections(), 1, "the first stream is still open");
}

/// A `user:` stream sends its entities' cursors as ids; a browser sends the last one back.
async fn a_user_stream_that_reconnects_starts_from_a_snapshot(backend: Backend) {
    let world = World::new(backend).await;
    let mut source = world.stream(&world.user_ticket("alice"), "").await;
    source.event().await;
    let work = world.submit("alice").await;
    let queued = source.event().await;
    assert_eq!((queued.name.as_str(), &queued.data["channel"]), ("submission.queued", &json!(work.channel())));
    let after = format!("&after={}", queued.id.unwrap());
    let snapshot = world.stream(&world.user_ticket("alice"), &after).await.event().await;
    assert_eq!((&snapshot.data["recovered"], &snapshot.data["reason"]), (&json!(false), &json!("snapshot_only")));
    assert_eq!(snapshot.data["data"]["items"].as_array().unwrap().len(), 1);
}

async fn pages_of_allowed_origins_may_read_it(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let url = world.events_url(&work.ticket(), "");
    let client = reqwest::Client::new();
    let response = client.get(&url).header("Origin", "https://app.example").send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["access-control-allow-origin"]),
        (200, &"https://app.example".parse().unwrap())
    );
    let request = client.request(reqwest::Method::OPTIONS, &url).header("Origin", "https://app.example");
    let preflight = request.header("Access-Control-Request-Headers", "last-event-id").send().await.unwrap();
    assert!(preflight.headers()["access-control-allow-headers"].to_str().unwrap().contains("last-event-id"));
    let foreign = client.get(&url).header("Origin", "https://evil.example").send().await.unwrap();
    assert_eq!((foreign.status().as_u16(), foreign.headers().get("access-control-allow-origin")), (403, None));
}
