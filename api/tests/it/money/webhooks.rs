//! Webhook endpoints: whose they are, what may be one, what is shown once, and calls that a person asks for.

use herald_domain::event::raw;
use herald_domain::money::{Deed, EffectOutcome, Service};
use herald_domain::notice::NoticeOutcome;
use herald_domain::submission::Verdict;
use herald_pipeline::Teller;
use herald_services::Webhook;
use herald_services::webhook::{Config, Message, Sender};
use herald_testkit::build;
use herald_testkit::webhook_receiver::{Answer, WebhookReceiver};
use serde_json::{Value, json};

use super::super::app::{TestApp, python};
use super::{bank, paid, payment, served};

async fn make(app: &TestApp, user: &str, url: &str, events: Value) -> Value {
    let reply = app.post("/webhooks", &json!({"url": url, "events": events})).user(user).send().await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let view: Value = reply.json();
    assert_eq!(reply.header("location"), format!("/webhooks/{}", view["id"].as_str().unwrap()));
    view
}

fn path(endpoint: &Value) -> String {
    format!("/webhooks/{}", endpoint["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_secret_is_shown_once_and_an_endpoint_to_its_owner_only() {
    let app = bank().await;
    let made = make(&app, "alice", "https://shop.example/hooks", json!(["transfer.*", "transfer.*"])).await;
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"), "{made}");
    let seen: Value = app.get(&path(&made)).user("alice").send().await.ok().json();
    let mut expected = made.clone();
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!((&seen, &seen["events"]), (&expected, &json!(["transfer.*"])));
    let listed: Value = app.get("/webhooks").user("alice").send().await.ok().json();
    assert_eq!(listed, json!({"items": [expected], "next": null}));
    assert_eq!(app.get("/webhooks").user("bob").send().await.ok().json::<Value>()["items"], json!([]));
    for call in [
        app.get(&path(&made)),
        app.delete(&path(&made)),
        app.post(&format!("{}/rotate", path(&made)), &json!({})),
        app.post(&format!("{}/ping", path(&made)), &json!({})),
        app.get(&format!("{}/attempts", path(&made))),
    ] {
        assert_eq!(call.user("bob").send().await.code(), "not_found");
    }
    assert_eq!(app.delete(&path(&made)).user("alice").send().await.status, 204);
    assert_eq!(app.get(&path(&made)).user("alice").send().await.code(), "not_found");
}

#[tokio::test]
async fn what_can_be_no_endpoint_is_named_with_what_it_takes() {
    let app = TestApp::guarded().await;
    let refused = |body: Value| {
        let call = app.post("/webhooks", &body).user("alice");
        async move { call.send().await.fault() }
    };
    let all = json!(["transfer.*"]);
    for url in [
        "http://shop.example/h",
        "https://u:p@shop.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "ftp://x.example/",
        "no url",
        "",
    ] {
        let fault = refused(json!({"url": url, "events": all})).await;
        assert_eq!(fault, (422, "validation_failed".to_owned(), vec!["/url".to_owned()]), "{url}");
    }
    for (events, pointer) in [
        (json!([]), "/events"),
        (json!("transfer.*"), "/events"),
        (json!(["transfer.*", "transfer.pending"]), "/events/1"),
        (json!(["submission.finished", "submission.queued"]), "/events/1"),
        (json!([7]), "/events/0"),
        (Value::Null, "/events"),
    ] {
        let fault = refused(json!({"url": "https://shop.example/", "events": events})).await;
        assert_eq!(fault, (422, "validation_failed".to_owned(), vec![pointer.to_owned()]), "{events}");
    }
    for _ in 0..20 {
        make(&app, "alice", "https://shop.example/hooks", all.clone()).await;
    }
    let one_more = app.post("/webhooks", &json!({"url": "https://shop.example/", "events": all})).user("alice");
    assert_eq!(one_more.send().await.code(), "too_many_endpoints");
}

#[tokio::test]
async fn a_ping_goes_out_signed_and_is_listed_and_a_rotation_signs_twice() {
    let (app, receiver) = (bank().await, WebhookReceiver::start().await);
    let made = make(&app, "alice", &receiver.url(), json!(["transfer.*"])).await;
    let ping = || app.post(&format!("{}/ping", path(&made)), &json!({})).user("alice").send();
    let call: Value = ping().await.ok().json();
    assert_eq!(
        (&call["event"], &call["delivered"], &call["status"]),
        (&json!("webhook.ping"), &json!(true), &json!(200))
    );
    let rotated: Value =
        app.post(&format!("{}/rotate", path(&made)), &json!({})).user("alice").send().await.ok().json();
    assert_ne!(rotated["secret"], made["secret"]);
    assert!(rotated["old_secret_expires_at"].is_string(), "{rotated}");
    receiver.answer_once([Answer::Status(500)]);
    let failed: Value = ping().await.ok().json();
    assert_eq!((&failed["delivered"], &failed["error"]), (&json!(false), &json!("it answered 500")));
    let calls = receiver.wait_for(2).await;
    let secrets = [&made, &rotated].map(|view| view["secret"].as_str().unwrap().to_owned());
    assert!(calls[0].is_signed_with(&secrets[0]) && !calls[0].is_signed_with(&secrets[1]));
    assert!(secrets.iter().all(|secret| calls[1].is_signed_with(secret)));
    let listed: Value = app.get(&format!("{}/attempts", path(&made))).user("alice").send().await.ok().json();
    let ids: Vec<_> = listed["items"].as_array().unwrap().iter().map(|attempt| attempt["id"].clone()).collect();
    assert_eq!(ids, [failed["id"].clone(), call["id"].clone()]);
}

#[tokio::test]
async fn a_replay_says_the_same_again_and_nothing_goes_to_one_that_is_gone() {
    let (app, receiver) = (bank().await, WebhookReceiver::start().await);
    let made = make(&app, "bob", &receiver.url(), json!(["transfer.completed"])).await;
    let id = paid(&app, &payment()).await;
    delivered(&app, id).await;
    served(&app, Service::Webhook, id, EffectOutcome::Done { detail: raw(&json!({})), deed: Deed::Nothing }).await;
    let listed: Value = app.get(&format!("{}/attempts", path(&made))).user("bob").send().await.ok().json();
    let attempt = listed["items"][0].clone();
    assert_eq!((&attempt["transfer"], &attempt["delivered"]), (&json!(id), &json!(true)));
    let replay = |attempt: &Value| {
        let attempt = attempt["id"].as_str().unwrap();
        app.post(&format!("{}/attempts/{attempt}/replay", path(&made)), &json!({})).user("bob").send()
    };
    let again: Value = replay(&attempt).await.ok().json();
    assert_eq!((&again["message"], &again["delivered"]), (&attempt["message"], &json!(true)));
    let calls = receiver.wait_for(2).await;
    assert_eq!((calls[0].header("webhook-id"), &calls[0].body), (calls[1].header("webhook-id"), &calls[1].body));
    let unknown = json!({"id": "01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d"});
    assert_eq!(replay(&unknown).await.code(), "not_found");

    receiver.answer_once([Answer::Status(410)]);
    let gone: Value = replay(&attempt).await.ok().json();
    assert_eq!(gone["error"], "it answered 410");
    let seen: Value = app.get(&path(&made)).user("bob").send().await.ok().json();
    assert!(seen["disabled_at"].is_string() && seen["disabled_reason"] == "gone", "{seen}");
    assert_eq!(replay(&attempt).await.code(), "endpoint_disabled");
}

/// Of a submission of one's own; once it was redriven there is another story to tell.
#[tokio::test]
async fn an_end_of_a_submission_is_replayed_as_long_as_it_is_the_end() {
    let (app, receiver) = (bank().await, WebhookReceiver::start().await);
    let made = make(&app, "alice", &receiver.url(), json!(["submission.finished", "submission.*"])).await;
    assert_eq!(made["events"], json!(["submission.finished", "submission.*"]));
    app.post("/submit", &python()).user("alice").send().await;
    let id = app.judge_next(Verdict::InternalError).await;
    let config = Config { allow_private: true };
    let service = Webhook::new(&config, app.store.clone(), std::sync::Arc::new(herald_domain::clock::SystemClock));
    let claims = app.store.claim_notices(build::token(), 15_000, 10).await.unwrap();
    assert_eq!(service.tell(&claims[0]).await, NoticeOutcome::Told);
    let listed: Value = app.get(&format!("{}/attempts", path(&made))).user("alice").send().await.ok().json();
    let attempt = listed["items"][0].clone();
    assert_eq!((&attempt["submission"], &attempt["transfer"]), (&json!(id), &Value::Null));
    assert_eq!((&attempt["event"], &attempt["delivered"]), (&json!("submission.finished"), &json!(true)));
    let replay = || {
        let path = format!("{}/attempts/{}/replay", path(&made), attempt["id"].as_str().unwrap());
        app.post(&path, &json!({})).user("alice").send()
    };
    let again: Value = replay().await.ok().json();
    assert_eq!(again["message"], attempt["message"]);
    let calls = receiver.wait_for(2).await;
    assert_eq!((calls[0].header("webhook-id"), &calls[0].body), (calls[1].header("webhook-id"), &calls[1].body));

    let letter = build::dead_letter(Some(id), app.store.store_now().await.unwrap());
    app.store.add_dead_letter(&letter).await.unwrap();
    app.store.redrive(letter.id, build::message_id()).await.unwrap().unwrap();
    assert_eq!(replay().await.code(), "not_found");
    app.judge_next(Verdict::Accepted).await;
    assert_eq!(replay().await.code(), "not_found");
}

/// Plays the webhook service.
async fn delivered(app: &TestApp, id: herald_domain::id::TransferId) {
    let clock = std::sync::Arc::new(herald_domain::clock::SystemClock);
    let sender = Sender::new(&Config { allow_private: true }, app.store.clone(), clock.clone());
    let transfer = app.store.get_transfer(id, None).await.unwrap().unwrap();
    let message = Message::of(&transfer).unwrap();
    for endpoint in app.store.endpoints_for(&transfer.audience(), &message.event).await.unwrap() {
        sender.send(&endpoint, &message).await;
    }
}
