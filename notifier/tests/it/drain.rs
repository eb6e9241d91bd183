use herald_notifier::Config;
use serde_json::Value;

use crate::backend::{Backend, on_every_backend};
use crate::world::{SOON, World};

on_every_backend![
    a_drain_closes_all_tells_each_when_to_come_back_and_lets_nobody_in,
    a_socket_that_has_lived_its_time_is_told_to_resume,
    a_client_that_answers_no_ping_is_given_up,
];

async fn a_drain_closes_all_tells_each_when_to_come_back_and_lets_nobody_in(backend: Backend) {
    let config = Config { drain_spread_secs: 1, ..Config::default() };
    let world = World::with(backend, config).await;
    let work = world.submit("alice").await;
    let mut clients = Vec::new();
    for _ in 0..10 {
        let mut client = world.connect(&work.ticket(), "").await;
        client.json().await;
        clients.push(client);
    }
    let mut source = world.stream(&work.ticket(), "").await;
    source.event().await;
    let notifier = world.notifier.clone();
    let drain = tokio::spawn(async move { notifier.drain().await });
    let mut delays = Vec::new();
    for client in &mut clients {
        let (code, reason, _) = client.closed().await;
        assert_eq!(code, 1001);
        delays.push(serde_json::from_str::<Value>(&reason).unwrap()["reconnect_in_ms"].as_u64().unwrap());
    }
    assert!(delays.iter().all(|delay| *delay <= 1_000), "{delays:?}");
    delays.sort_unstable();
    delays.dedup();
    assert!(delays.len() > 1, "each is told its own: {delays:?}");
    let farewell = source.block().await.unwrap();
    assert!(farewell.starts_with("retry: "), "{farewell}");
    assert_eq!(source.block().await, None);
    drop((clients, source));
    let left = tokio::time::timeout(SOON, drain).await.expect("the drain ends").unwrap();
    assert_eq!((left, world.notifier.connections()), (0, 0));
    let late = reqwest::get(world.events_url(&work.ticket(), "")).await.unwrap();
    assert_eq!(late.status(), 503);
    assert_eq!(late.json::<Value>().await.unwrap()["code"], "shutting_down");
    world.shutdown.cancel();
    world.tasks.close();
    tokio::time::timeout(SOON, world.tasks.wait()).await.expect("no task is left");
}

async fn a_socket_that_has_lived_its_time_is_told_to_resume(backend: Backend) {
    let world = World::with(backend, Config { lifetime_secs: 1, ..Config::default() }).await;
    let work = world.submit("alice").await;
    let mut client = world.connect(&work.ticket(), "").await;
    let cursor = client.json().await["cursor"].as_str().unwrap().to_owned();
    let (code, reason, _) = client.closed().await;
    assert_eq!(code, 4000);
    assert_eq!(serde_json::from_str::<Value>(&reason).unwrap()["reason"], "lifetime");
    let mut again = world.connect(&work.ticket(), &format!("&after={cursor}")).await;
    assert_eq!(again.json().await["recovered"], true);
}

async fn a_client_that_answers_no_ping_is_given_up(backend: Backend) {
    // The pong's time is not a setting: what shows within it is the ping.
    let world = World::with(backend, Config { ping_secs: 1, ..Config::default() }).await;
    let work = world.submit("alice").await;
    let client = world.connect(&work.ticket(), "").await;
    let mut stream = client.0;
    let pinged = async {
        while let Some(Ok(message)) = futures::StreamExt::next(&mut stream).await {
            if message.is_ping() {
                return;
            }
        }
        panic!("the socket closed without a ping");
    };
    tokio::time::timeout(SOON, pinged).await.expect("silence is pinged");
}
