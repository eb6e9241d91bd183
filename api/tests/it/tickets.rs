//! `POST /tickets`.

use herald_api::views::TicketView;
use herald_domain::channel::Channel;
use herald_domain::identity::Scope;
use herald_testkit::build;
use serde_json::{Value, json};

use super::app::{TestApp, now, python};

fn for_channel(channel: &str) -> Value {
    json!({"channel": channel})
}

#[tokio::test]
async fn a_ticket_for_oneself_lasts_a_minute() {
    let app = TestApp::keyed().await;
    let key = app.key("alice", Scope::User).await;
    for channel in ["user:me", "user:alice"] {
        let view: TicketView = app.post("/tickets", &for_channel(channel)).key(&key).send().await.ok().json();
        let grant = app.signing_key.verify(&view.ticket, now()).unwrap();
        assert_eq!(grant.channel, Channel::User(build::owner("alice")));
        assert_eq!((view.channel.as_str(), grant.expires), ("user:alice", view.expires_at.unix_timestamp()));
        assert!((55..=60).contains(&(grant.expires - now())), "{grant:?}");
        let partition = build::owner("alice").partition();
        assert_eq!(view.ws_url, format!("ws://127.0.0.1:8080/ws/p/{partition}?ticket={}", view.ticket));
    }
}

#[tokio::test]
async fn a_ticket_for_a_submission_lasts_a_day() {
    let app = TestApp::loopback().await;
    let channel = format!("submission:{}", app.submitted().await);
    let view: TicketView = app.post("/tickets", &for_channel(&channel)).send().await.ok().json();
    assert_eq!(view.channel, channel);
    assert!(view.expires_at.unix_timestamp() - now() > 86_000);
}

#[tokio::test]
async fn there_is_no_ticket_for_what_is_not_ones_own() {
    let app = TestApp::loopback().await;
    let foreign = app.post("/submit", &python()).header("herald-user", "bob").send().await.accepted();
    let alice = app.key("alice", Scope::User).await;
    let unknown = "submission:01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d".to_owned();
    for channel in [format!("submission:{foreign}"), unknown, "submission:x".into(), "user:bob".into()] {
        let reply = app.post("/tickets", &for_channel(&channel)).key(&alice).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not_found"), "{channel}");
    }
    // Acting for bob, an admin may.
    let channel = for_channel(&format!("submission:{foreign}"));
    let view: TicketView = app.post("/tickets", &channel).header("herald-user", "bob").send().await.ok().json();
    assert_eq!(app.signing_key.verify(&view.ticket, now()).unwrap().owner, build::owner("bob"));
}

#[tokio::test]
async fn what_is_no_channel_is_refused_by_pointer() {
    let app = TestApp::loopback().await;
    for body in [for_channel("room:x"), for_channel(""), json!({"channel": 1}), json!({}), json!({"channel": null})] {
        let (status, _, pointers) = app.post("/tickets", &body).send().await.fault();
        assert_eq!((status, pointers), (422, vec!["/channel".to_owned()]), "{body}");
    }
}
