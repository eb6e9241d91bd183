//! The metrics that alerts use.

use crate::backend::Backend;
use crate::recorder::Seen;
use crate::world::{World, eventually};

#[tokio::test]
async fn connections_frames_and_closes_are_counted() {
    let seen = Seen::default();
    // Everything runs on this thread, and is seen by this recorder alone.
    let _guard = metrics::set_default_local_recorder(&seen);
    let world = World::new(Backend::Embedded).await;
    let work = world.submit("alice").await;
    let mut client = world.connect(&work.ticket(), "").await;
    let mut source = world.stream(&work.ticket(), "").await;
    work.finish().await;
    client.until(|frame| frame["offset"] == 4).await;
    for _ in 0..4 {
        source.event().await;
    }
    let open = |transport: &str| seen.gauge(&format!("herald_push_connections{{transport={transport}}}"));
    assert_eq!((open("websocket"), open("sse")), (1.0, 1.0));
    assert_eq!(seen.counter("herald_push_frames_total{type=snapshot}"), 2);
    assert_eq!(seen.counter("herald_push_frames_total{type=event}"), 6);
    client.0.close(None).await.unwrap();
    drop(source);
    eventually("both are gone", || (open("websocket"), open("sse")) == (0.0, 0.0)).await;
    assert_eq!(seen.counter("herald_push_closed_total{transport=websocket,code=1000}"), 1);
    assert_eq!(seen.counter("herald_push_closed_total{transport=sse,code=gone}"), 1);
}
