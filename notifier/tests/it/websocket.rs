use futures::SinkExt;
use herald_domain::event::{LiveMessage, StoredEvent, raw};
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::backend::{Backend, on_every_backend};
use crate::recorder::Seen;
use crate::world::{Client, SOON, World, eventually};

on_every_backend![
    a_client_that_knows_only_the_url_gets_snapshot_steps_and_verdict,
    one_that_was_cut_midway_resumes_without_gap_or_double,
    more_channels_come_and_go_by_frames,
    what_concerns_two_subscriptions_of_a_socket_goes_out_once,
    bad_messages_are_answered_and_the_socket_goes_on,
    what_is_no_text_message_of_a_decent_size_ends_the_socket_by_its_code,
    a_client_that_says_goodbye_is_answered_and_forgotten,
    one_that_does_not_read_is_told_to_resume_and_costs_the_others_nothing,
    the_placement_path_changes_nothing,
];

fn is_event(name: &'static str) -> impl Fn(&Value) -> bool {
    move |frame| frame["event"] == name
}

fn offsets(frames: &[Value]) -> Vec<u64> {
    frames.iter().filter(|frame| frame["type"] == "event").map(|frame| frame["offset"].as_u64().unwrap()).collect()
}

async fn a_client_that_knows_only_the_url_gets_snapshot_steps_and_verdict(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let mut client = world.connect(&work.ticket(), "").await;
    let snapshot = client.json().await;
    assert_eq!((&snapshot["type"], &snapshot["data"]["status"]), (&json!("snapshot"), &json!("queued")));
    work.finish().await;
    let frames = client.until(is_event("submission.finished")).await;
    assert_eq!(offsets(&frames), [2, 3, 4]);
    assert_eq!(frames.last().unwrap()["data"]["verdict"], "accepted");
}

async fn one_that_was_cut_midway_resumes_without_gap_or_double(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let mut client = world.connect(&work.ticket(), "").await;
    work.compile().await;
    let frames = client.until(is_event("submission.compiling")).await;
    let cursor = frames.last().unwrap()["cursor"].as_str().unwrap().to_owned();
    drop(client);
    work.run().await;
    let mut client = world.connect(&work.ticket(), &format!("&after={cursor}")).await;
    let resumed = client.json().await;
    assert_eq!(
        (&resumed["type"], &resumed["offset"], &resumed["recovered"]),
        (&json!("resumed"), &json!(2), &json!(true))
    );
    work.end().await;
    assert_eq!(offsets(&client.until(is_event("submission.finished")).await), [3, 4]);
}

async fn more_channels_come_and_go_by_frames(backend: Backend) {
    let world = World::new(backend).await;
    let (first, second) = (world.submit("alice").await, world.submit("alice").await);
    let mut client = world.connect(&first.ticket(), "").await;
    client.json().await;
    client.say(json!({"type": "subscribe", "ticket": second.ticket(), "channel": second.channel()})).await;
    let snapshot = client.json().await;
    assert_eq!((&snapshot["type"], &snapshot["channel"]), (&json!("snapshot"), &json!(second.channel())));
    client.say(json!({"type": "unsubscribe", "channel": first.channel()})).await;
    let answer = client.json().await;
    assert_eq!(answer, json!({"v": 1, "type": "unsubscribed", "channel": first.channel()}));
    // Work is claimed oldest first, so both move on; only the second is still watched.
    first.finish().await;
    second.finish().await;
    let frames = client.until(is_event("submission.finished")).await;
    assert!(frames.iter().all(|frame| frame["channel"] == json!(second.channel())), "{frames:?}");
    assert_eq!(offsets(&frames), [2, 3, 4]);
}

async fn what_concerns_two_subscriptions_of_a_socket_goes_out_once(backend: Backend) {
    let world = World::new(backend).await;
    let mut client = world.connect(&world.user_ticket("alice"), "").await;
    assert_eq!(client.json().await["data"]["items"], json!([]));
    let work = world.submit("alice").await;
    assert_eq!(client.json().await["event"], "submission.queued");
    client.say(json!({"type": "subscribe", "ticket": work.ticket()})).await;
    assert_eq!(client.json().await["type"], "snapshot");
    work.finish().await;
    let frames = client.until(is_event("submission.finished")).await;
    assert_eq!(offsets(&frames), [2, 3, 4]);
    // The next thing on the socket is the answer, not a second copy.
    client.say(json!({"type": "unsubscribe", "channel": work.channel()})).await;
    assert_eq!(client.json().await["type"], "unsubscribed");
}

async fn bad_messages_are_answered_and_the_socket_goes_on(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let mut client = world.connect(&work.ticket(), "").await;
    client.json().await;
    let expired = world.expired_ticket(&work.owner, work.channel());
    for (message, code) in [
        (json!("hello"), "bad_frame"),
        (json!({"type": "publish", "channel": "x"}), "unknown_type"),
        (json!({"type": "subscribe", "ticket": "forged"}), "bad_ticket"),
        (json!({"type": "subscribe", "ticket": expired}), "expired_ticket"),
        (json!({"type": "subscribe", "ticket": work.ticket()}), "already_subscribed"),
    ] {
        client.say(message).await;
        let answer = client.json().await;
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!(code)));
    }
    client.0.send(Message::Ping(Bytes::from_static(b"hm"))).await.unwrap();
    work.finish().await;
    assert_eq!(offsets(&client.until(is_event("submission.finished")).await), [2, 3, 4]);
}

async fn what_is_no_text_message_of_a_decent_size_ends_the_socket_by_its_code(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let mut client = world.connect(&work.ticket(), "").await;
    client.json().await;
    client.0.send(Message::Binary(Bytes::from_static(b"{}"))).await.unwrap();
    assert_eq!(client.json().await["code"], "binary_frame");
    assert_eq!(client.closed().await.0, 1003);
    let mut client = world.connect(&work.ticket(), "").await;
    client.json().await;
    client.0.send(Message::text("x".repeat(200_000))).await.unwrap();
    assert_eq!(client.closed().await.0, 1009);
    let mut client = world.connect(&work.ticket(), "").await;
    client.json().await;
    let broken = Frame::message(Bytes::from_static(&[b'"', 0xC3, 0x28]), OpCode::Data(Data::Text), true);
    client.0.send(Message::Frame(broken)).await.unwrap();
    assert_eq!(client.closed().await.0, 1007);
    eventually("their places are free again", || world.notifier.connections() == 0).await;
}

async fn a_client_that_says_goodbye_is_answered_and_forgotten(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let mut client = world.connect(&work.ticket(), "").await;
    client.json().await;
    assert_eq!(world.notifier.connections(), 1);
    client.0.close(None).await.unwrap();
    eventually("its place is free again", || world.notifier.connections() == 0).await;
}

/// Events of almost the largest size, which only the hub knows.
fn large_event(work: &crate::world::Work<'_>, offset: u64) -> LiveMessage {
    let data = raw(&json!({"id": work.id, "status": "running", "attempt": 1, "padding": "x".repeat(15_000)}));
    LiveMessage::Event(StoredEvent {
        channel: work.channel(),
        offset,
        at: time::OffsetDateTime::UNIX_EPOCH,
        audience: vec![work.owner.clone()],
        name: "submission.running".into(),
        data,
    })
}

async fn connect_with_small_buffer(world: &World, ticket: &str) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16_384).unwrap();
    let stream = socket.connect(world.address.parse().unwrap()).await.unwrap();
    let url = world.ws_url(ticket, "");
    let (stream, _) = tokio_tungstenite::client_async(url, MaybeTlsStream::Plain(stream)).await.unwrap();
    Client(stream)
}

async fn one_that_does_not_read_is_told_to_resume_and_costs_the_others_nothing(backend: Backend) {
    let seen = Seen::default();
    let _guard = metrics::set_default_local_recorder(&seen);
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let mut slow = connect_with_small_buffer(&world, &work.ticket()).await;
    let mut quick = world.connect(&work.ticket(), "").await;
    quick.json().await;
    let mut last = 1;
    // Enough for all that the kernel buffers, and the subscriber's 256 KiB.
    while seen.counter("herald_push_dropped_total{reason=slow}") == 0 {
        assert!(last < 5_000, "nobody is cut off");
        last += 1;
        world.broker.publish_live(&large_event(&work, last));
        assert_eq!(quick.json().await["offset"], last);
    }
    let (code, reason, frames) = tokio::time::timeout(SOON, slow.closed()).await.unwrap_or_else(|_| panic!("no close"));
    assert_eq!(code, 4000);
    assert_eq!(serde_json::from_str::<Value>(&reason).unwrap()["reason"], "slow");
    assert!(frames < usize::try_from(last).unwrap(), "{frames} of {last}");
    work.finish().await;
}

async fn the_placement_path_changes_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let url = world.ws_url(&work.ticket(), "").replace("/ws?", "/ws/p/7?");
    let (stream, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    assert_eq!(Client(stream).json().await["type"], "snapshot");
}
