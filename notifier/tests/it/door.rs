//! Who is not let in, and what they are told.

use herald_domain::channel::{Channel, Cursor};
use herald_domain::id::SubmissionId;
use herald_notifier::Config;
use herald_testkit::build;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use uuid::Uuid;

use crate::backend::{Backend, on_every_backend};
use crate::world::{World, eventually};

on_every_backend![
    each_refusal_has_its_status_and_code,
    own_pages_and_allowed_ones_may_connect,
    limits_are_told_and_a_place_that_is_left_is_free_again,
    too_many_connects_at_once_are_asked_to_wait,
    revoking_a_key_closes_its_sockets_and_refuses_its_tickets,
];

/// Status, problem details and `Retry-After` of a handshake that is refused.
async fn refused(url: &str, origin: Option<&str>) -> (u16, Value, bool) {
    let mut request = url.into_client_request().unwrap();
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    match tokio_tungstenite::connect_async(request).await {
        Err(Error::Http(response)) => {
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            let retry = response.headers().contains_key("retry-after");
            let body = response.body().as_deref().unwrap_or_default();
            (response.status().as_u16(), serde_json::from_slice(body).unwrap(), retry)
        }
        other => panic!("a refusal was due, and {other:?} came"),
    }
}

async fn code_of(url: &str) -> (u16, String) {
    let (status, problem, _) = refused(url, None).await;
    assert_eq!(problem["status"], status);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
    (status, problem["code"].as_str().unwrap().to_owned())
}

async fn each_refusal_has_its_status_and_code(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let nobodys = Channel::Submission(SubmissionId(Uuid::from_u128(404)));
    let foreign_cursor = Cursor { epoch: world.store.epoch().await.unwrap(), channel: nobodys.clone(), offset: 1 };
    let mallory = world.ticket(&world.user("mallory"), work.channel(), None);
    for (url, status, code) in [
        (format!("ws://{}/ws", world.address), 401, "bad_ticket"),
        (world.ws_url("forged", ""), 401, "bad_ticket"),
        (world.ws_url(&world.expired_ticket(&work.owner, work.channel()), ""), 401, "expired_ticket"),
        (world.ws_url(&work.ticket(), "&after=nonsense"), 400, "bad_cursor"),
        (world.ws_url(&work.ticket(), &format!("&after={}", foreign_cursor.encode())), 400, "bad_cursor"),
        (world.ws_url(&world.ticket(&work.owner, nobodys, None), ""), 404, "unknown_channel"),
        (world.ws_url(&mallory, ""), 404, "unknown_channel"),
    ] {
        assert_eq!(code_of(&url).await, (status, code.to_owned()), "{url}");
    }
    let (status, problem, _) = refused(&world.ws_url(&work.ticket(), ""), Some("https://evil.example")).await;
    assert_eq!((status, &problem["code"]), (403, &json!("origin_not_allowed")));
    let plain = reqwest::get(world.ws_url(&work.ticket(), "").replace("ws://", "http://")).await.unwrap();
    assert_eq!((plain.status().as_u16(), &plain.headers()["upgrade"]), (426, &"websocket".parse().unwrap()));
    assert_eq!(world.notifier.connections(), 0);
}

async fn own_pages_and_allowed_ones_may_connect(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    for origin in [format!("http://{}", world.address), "https://app.example".to_owned()] {
        let mut request = world.ws_url(&work.ticket(), "").into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        tokio_tungstenite::connect_async(request).await.unwrap();
    }
}

async fn limits_are_told_and_a_place_that_is_left_is_free_again(backend: Backend) {
    let config = Config { max_connections: 3, max_connections_per_user: 2, ..Config::default() };
    let world = World::with(backend, config).await;
    let (alice, bob) = (world.user_ticket("alice"), world.user_ticket("bob"));
    let first = world.connect(&alice, "").await;
    let _second = world.stream(&alice, "").await;
    let (status, problem, retry) = refused(&world.ws_url(&alice, ""), None).await;
    assert_eq!((status, &problem["code"], retry), (429, &json!("too_many_connections"), true));
    let _third = world.connect(&bob, "").await;
    let (status, problem, retry) = refused(&world.ws_url(&bob, ""), None).await;
    assert_eq!((status, &problem["code"], retry), (503, &json!("too_many_connections"), true));
    drop(first);
    eventually("a place is free again", || world.notifier.connections() == 2).await;
    world.connect(&alice, "").await.json().await;
}

async fn too_many_connects_at_once_are_asked_to_wait(backend: Backend) {
    let world = World::with(backend, Config { max_connecting: 0, ..Config::default() }).await;
    let (status, problem, retry) = refused(&world.ws_url(&world.user_ticket("alice"), ""), None).await;
    assert_eq!((status, &problem["code"], retry), (503, &json!("overloaded"), true));
    assert_eq!(world.notifier.connections(), 0);
}

async fn revoking_a_key_closes_its_sockets_and_refuses_its_tickets(backend: Backend) {
    let world = World::new(backend).await;
    let work = world.submit("alice").await;
    let key = build::api_key(&work.owner, "secret", time::OffsetDateTime::UNIX_EPOCH);
    world.store.add_key(&key).await.unwrap();
    let ticket = world.ticket(&work.owner, work.channel(), Some(key.id));
    let mut by_url = world.connect(&ticket, "").await;
    by_url.json().await;
    let mut by_frame = world.connect(&world.user_ticket("alice"), "").await;
    by_frame.json().await;
    by_frame.say(json!({"type": "subscribe", "ticket": ticket})).await;
    by_frame.json().await;
    let mut other = world.connect(&work.ticket(), "").await;
    other.json().await;
    world.store.revoke_key(key.id).await.unwrap();
    assert_eq!(by_url.closed().await.0, 4001);
    assert_eq!(by_frame.closed().await.0, 4001);
    assert_eq!(code_of(&world.ws_url(&ticket, "")).await, (401, "revoked_ticket".to_owned()));
    work.compile().await;
    assert_eq!(other.json().await["event"], "submission.compiling");
}
