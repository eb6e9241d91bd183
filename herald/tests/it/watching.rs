//! Following a submission through cuts and refusals.

use herald::client::submission::Followed;
use herald::client::watch::{News, follow};
use herald::client::{Address, Client, http::Call};
use herald_domain::view::AcceptedView;

use crate::stub::{Script, Stub};

/// What a watcher was shown, one word and count for each update.
async fn shown(stub: &Stub) -> Vec<String> {
    let client = Client::new(Address::parse(&stub.url).unwrap(), None);
    let accepted: AcceptedView = client.call(Call::post("/submit", &serde_json::json!({}))).await.unwrap();
    let mut shown = Vec::new();
    follow(&client, &(&accepted).into(), Followed::new(accepted.id), &mut |news| {
        if let News::Update(update) = news {
            shown.push(format!("{} {}", update.status, update.tests.run));
        }
    })
    .await
    .unwrap();
    shown
}

const WHOLE: [&str; 5] = ["queued 0", "compiling 0", "running 0", "running 1", "finished 2"];

#[tokio::test]
async fn every_step_is_pushed_over_one_socket() {
    let stub = Stub::start(Script { verdict: Some("accepted"), ..Script::default() }).await;
    assert_eq!(shown(&stub).await, WHOLE);
    assert_eq!(stub.connections(), ["ws"]);
}

#[tokio::test]
async fn after_each_cut_it_goes_on_where_it_was_and_shows_nothing_twice() {
    let script = Script { verdict: Some("accepted"), cut_after: Some(2), ..Script::default() };
    let stub = Stub::start(script).await;
    // Progress is not stored: what was cut off of it is not shown again.
    assert_eq!(shown(&stub).await, ["queued 0", "compiling 0", "running 0", "finished 2"]);
    assert_eq!(stub.connections(), ["ws", "ws after c2", "ws after c3"]);
}

#[tokio::test]
async fn where_no_websocket_gets_through_server_sent_events_take_over() {
    let script = Script { verdict: Some("accepted"), no_sockets: true, cut_after: Some(3), ..Script::default() };
    let stub = Stub::start(script).await;
    let shown = shown(&stub).await;
    assert_eq!((shown.first().unwrap().as_str(), shown.last().unwrap().as_str()), ("queued 0", "finished 2"));
    assert_eq!(stub.connections()[..2], ["events", "events after c3"]);
}

#[tokio::test]
async fn where_nothing_can_be_pushed_it_polls() {
    let script = Script { verdict: Some("accepted"), no_sockets: true, no_events: true, ..Script::default() };
    let stub = Stub::start(script).await;
    assert_eq!(shown(&stub).await, ["queued 0", "running 0", "finished 2"]);
}
