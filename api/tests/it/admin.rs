//! Admin routes: keys, dead letters, the fleet.

use axum::http::Method;
use herald_api::views::{DeadLetterView, KeyView, NewKeyView, RedriveView};
use herald_domain::broker::Broker;
use herald_domain::identity::Scope;
use herald_domain::process::ProcessInfo;
use herald_domain::submission::{Status, Verdict};
use herald_domain::view::{Page, StatusView};
use herald_testkit::build;
use serde_json::json;

use super::app::{TestApp, python};

#[tokio::test]
async fn a_key_is_made_used_listed_and_revoked() {
    let app = TestApp::loopback().await;
    let reply = app.post("/admin/keys", &json!({"user": "alice", "scope": "admin"})).send().await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.header("cache-control"), "no-store");
    let made: NewKeyView = reply.json();
    assert!(made.key.starts_with("hk_") && made.key.len() == 67, "64 hex digits after the prefix");
    assert_eq!((made.about.user.as_str(), made.about.scope), ("alice", Scope::Admin));
    app.get("/admin/keys").key(&made.key).send().await.ok();
    let other: NewKeyView = app.post("/admin/keys", &json!({"user": "bob"})).send().await.ok().json();
    assert_eq!(other.about.scope, Scope::User);
    let list = app.get("/admin/keys").send().await.ok();
    assert!(!list.text().contains(&made.key) && !list.text().contains("hash"), "{}", list.text());
    assert_eq!(list.json::<Page<KeyView>>().items.len(), 2);
    let path = format!("/admin/keys/{}", made.about.id);
    assert_eq!(app.delete(&path).send().await.status, 204);
    assert_eq!(app.delete(&path).send().await.status, 404, "it was revoked before");
    assert_eq!(app.delete("/admin/keys/x").send().await.status, 404);
    let list: Page<KeyView> = app.get("/admin/keys").send().await.ok().json();
    assert!(list.items.iter().any(|key| key.id == made.about.id && key.revoked_at.is_some()));
}

#[tokio::test]
async fn a_key_wants_a_good_name_and_scope() {
    let app = TestApp::loopback().await;
    for (body, pointer) in [
        (json!({}), "/user"),
        (json!({"user": "a b"}), "/user"),
        (json!({"user": 7}), "/user"),
        (json!({"user": "a", "scope": "root"}), "/scope"),
        (json!({"user": "a", "scop": "user"}), "/scop"),
    ] {
        let (status, _, pointers) = app.post("/admin/keys", &body).send().await.fault();
        assert_eq!((status, pointers), (422, vec![pointer.to_owned()]), "{body}");
    }
}

#[tokio::test]
async fn a_dead_letter_is_listed_with_its_user_and_redriven() {
    let app = TestApp::loopback().await;
    let id = app.post("/submit", &python()).header("herald-user", "alice").send().await.accepted();
    app.judge_next(Verdict::InternalError).await;
    let letter = build::dead_letter(Some(id), time::OffsetDateTime::UNIX_EPOCH);
    app.store.add_dead_letter(&letter).await.unwrap();
    let page: Page<DeadLetterView> = app.get("/admin/dead-letters").send().await.ok().json();
    let found = &page.items[0];
    assert_eq!((found.id, found.user.as_deref()), (letter.id, Some("alice")));
    assert_eq!(found.entity.as_deref(), Some(format!("submission:{id}").as_str()));
    let mut consumer = app.broker.consume_work("any", 8).await.unwrap();
    let path = format!("/admin/dead-letters/{}/redrive", letter.id);
    let done: RedriveView = app.call(Method::POST, &path).send().await.ok().json();
    assert_eq!((done.redriven, done.more), (1, false));
    let status: StatusView = app.get(&format!("/status/{id}")).header("herald-user", "alice").send().await.ok().json();
    assert_eq!((status.status, status.verdict), (Status::Queued, None));
    // Once for the accept, once more for the redrive.
    for _ in 0..2 {
        let delivery = consumer.next().await.unwrap();
        assert_eq!(delivery.message().submission, id);
        delivery.ack().await.unwrap();
    }
    assert_eq!(app.call(Method::POST, &path).send().await.status, 404);
    assert_eq!(app.call(Method::POST, "/admin/dead-letters/x/redrive").send().await.status, 404);
}

#[tokio::test]
async fn all_dead_letters_are_redriven_by_one_call() {
    let app = TestApp::loopback().await;
    for n in 0..120 {
        let entity = if n == 0 { Some(app.submitted().await) } else { None };
        let letter = build::dead_letter(entity, time::OffsetDateTime::UNIX_EPOCH);
        app.store.add_dead_letter(&letter).await.unwrap();
    }
    app.judge_next(Verdict::InternalError).await;
    let done: RedriveView = app.post("/admin/dead-letters/redrive", &json!({})).send().await.ok().json();
    assert_eq!((done.redriven, done.more), (120, false));
    assert_eq!(app.store.list_dead_letters(None, 1).await.unwrap(), []);
    let body = app.post("/admin/dead-letters/redrive", &json!({"id": 1})).send().await;
    assert_eq!(body.code(), "validation_failed");
}

#[tokio::test]
async fn dead_letters_come_in_pages() {
    let app = TestApp::loopback().await;
    for _ in 0..3 {
        app.store.add_dead_letter(&build::dead_letter(None, time::OffsetDateTime::UNIX_EPOCH)).await.unwrap();
    }
    let first: Page<DeadLetterView> = app.get("/admin/dead-letters?limit=2").send().await.ok().json();
    let path = format!("/admin/dead-letters?limit=2&cursor={}", first.next.unwrap());
    let second: Page<DeadLetterView> = app.get(&path).send().await.ok().json();
    assert_eq!((first.items.len(), second.items.len(), second.next), (2, 1, None));
    assert!(first.items[1].id > second.items[0].id);
}

#[tokio::test]
async fn the_fleet_is_shown() {
    let app = TestApp::loopback().await;
    app.worker().await;
    let page: Page<ProcessInfo> = app.get("/admin/processes").send().await.ok().json();
    assert_eq!((page.items[0].kind.as_str(), page.items[0].slots), ("worker", Some(4)));
}
