//! `Idempotency-Key`: the same request twice is one submission.

use herald_api::Mode;
use herald_domain::submission::Verdict;
use herald_domain::view::AcceptedView;
use serde_json::{Value, json};

use super::app::{PORT, TestApp, config, python};

#[tokio::test]
async fn a_repeated_request_gets_its_first_answer_with_a_fresh_ticket() {
    let app = TestApp::loopback().await;
    let first = app.post("/submit", &python()).header("idempotency-key", "k1").send().await;
    let id = first.accepted();
    assert_eq!(first.header("idempotency-replayed"), "");
    app.judge_next(Verdict::Accepted).await;
    // The same request in other words: spaces, order of fields, null for absent.
    let again = r#"{ "stdin": null, "source": "print('Hello, World!')",  "language": "python" }"#;
    let replay = app.post("/submit", &Value::Null).body(again).header("idempotency-key", "k1").send().await;
    assert_eq!((replay.accepted(), replay.header("idempotency-replayed")), (id, "true"));
    assert_eq!(replay.header("location"), first.header("location"));
    let (first, replay): (AcceptedView, AcceptedView) = (first.json(), replay.json());
    assert_eq!((replay.status, &replay.status_url), (first.status, &first.status_url));
    let now = super::app::now();
    assert!(app.signing_key.verify(&replay.ticket, now).is_ok());
    assert_eq!(app.stored().await, 1);
}

#[tokio::test]
async fn a_key_with_another_request_is_refused_and_another_users_key_is_another_key() {
    let app = TestApp::loopback().await;
    app.post("/submit", &python()).header("idempotency-key", "k1").send().await.accepted();
    let other = json!({"language": "python", "source": "print(2)"});
    let reply = app.post("/submit", &other).header("idempotency-key", "k1").send().await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "idempotency_key_reused"));
    assert_eq!(app.stored().await, 1);
    let alices = app.post("/submit", &other).header("idempotency-key", "k1").header("herald-user", "alice");
    assert_eq!(alices.send().await.header("idempotency-replayed"), "");
    assert_eq!(app.stored().await, 2);
}

#[tokio::test]
async fn concurrent_duplicates_are_one_submission() {
    let app = TestApp::loopback().await;
    let calls = (0..8).map(|_| app.post("/submit", &python()).header("idempotency-key", "k1").send());
    let mut running = tokio::task::JoinSet::new();
    calls.for_each(|call| {
        running.spawn(call);
    });
    let replies = running.join_all().await;
    let ids: std::collections::HashSet<_> = replies.iter().map(|reply| reply.accepted()).collect();
    assert_eq!((ids.len(), app.stored().await), (1, 1));
    assert_eq!(replies.iter().filter(|reply| reply.header("idempotency-replayed") == "true").count(), 7);
}

#[tokio::test]
async fn a_replay_is_answered_where_a_new_request_would_be_refused() {
    let app = TestApp::start(Mode::Loopback { port: PORT }, herald_api::Config { max_queued: 1, ..config() }).await;
    let id = app.post("/submit", &python()).header("idempotency-key", "k1").send().await.accepted();
    assert_eq!(app.post("/submit", &python()).header("idempotency-key", "k2").send().await.code(), "queue_full");
    let replay = app.post("/submit", &python()).header("idempotency-key", "k1").send().await;
    assert_eq!((replay.accepted(), replay.header("idempotency-replayed")), (id, "true"));
    let other = json!({"language": "python", "source": "print(2)"});
    let reused = app.post("/submit", &other).header("idempotency-key", "k1").send().await;
    assert_eq!(reused.code(), "idempotency_key_reused");
    assert_eq!(app.stored().await, 1);
}

#[tokio::test]
async fn a_batch_is_repeated_as_a_whole() {
    let app = TestApp::loopback().await;
    let batch = json!({"submissions": [python(), python()]});
    let send = |batch: &Value| app.post("/submissions/batch", batch).header("idempotency-key", "b").send();
    let (first, replay) = (send(&batch).await.ok(), send(&batch).await.ok());
    let ids = |reply: &super::app::Reply| {
        let items = reply.json::<Value>()["items"].as_array().unwrap().clone();
        items.into_iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&first), ids(&replay));
    assert_eq!((first.header("idempotency-replayed"), replay.header("idempotency-replayed")), ("", "true"));
    // Longer than the first: its third item must not slip in.
    let reused = send(&json!({"submissions": [python(), python(), python()]})).await;
    assert_eq!(reused.code(), "idempotency_key_reused");
    assert_eq!(app.stored().await, 2);
    // The key of a batch is not the key of a single submission.
    app.post("/submit", &python()).header("idempotency-key", "b").send().await.accepted();
    assert_eq!(app.stored().await, 3);
}
