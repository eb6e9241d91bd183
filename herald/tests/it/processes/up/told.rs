//! A server of one's own that is told of submissions.

use herald_testkit::webhook_receiver::{Answer, Call, WebhookReceiver};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::processes::program::ONE_CASE;
use crate::processes::scale::room;
use crate::processes::site::{Site, setting};

/// The second is under way when the process is killed: nobody knows whether it was taken, so it is said again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_submission_is_told_of_though_the_process_is_killed_in_the_middle_of_a_call() {
    let _room = room().await;
    let receiver = WebhookReceiver::start().await;
    let mut site = Site::up_with(vec![setting("HERALD_WEBHOOK_ALLOW_PRIVATE", "1")]).await;
    let client = site.client();
    let endpoint = json!({"url": receiver.url(), "events": ["submission.finished"]});
    let (status, made) = client.post("/webhooks", &endpoint).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");

    let first = client.submit(ONE_CASE).await;
    assert_tells_of(&receiver.wait_for(1).await[0], &first.id, &made);
    receiver.answer(Answer::Hang);
    let second = client.submit(ONE_CASE).await;
    let before = receiver.wait_for(2).await.remove(1);
    let process = &mut site.processes[0];
    process.kill().await;
    receiver.answer(Answer::Status(200));
    process.start_again().await;
    let after = receiver.wait_for(3).await.remove(2);
    assert_tells_of(&after, &second.id, &made);
    assert_eq!((before.header("webhook-id"), &before.body), (after.header("webhook-id"), &after.body));

    let process = &mut site.processes[0];
    process.terminate();
    assert!(process.ended().await.success(), "what was begun is recorded");
    process.start_again().await;
    let attempts = client.list(&format!("/webhooks/{}/attempts?limit=10", made["id"].as_str().unwrap())).await;
    let told: Vec<_> = attempts.iter().map(|attempt| &attempt["submission"]).collect();
    assert_eq!(told, [&json!(second.id), &json!(first.id)], "each once, as far as anybody lived to record it");
    assert_eq!(receiver.calls().len(), 3);
}

fn assert_tells_of(call: &Call, id: &str, endpoint: &Value) {
    assert!(call.is_signed_with(endpoint["secret"].as_str().unwrap()), "{call:?}");
    let told: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!((&told["type"], &told["data"]["id"]), (&json!("submission.finished"), &json!(id)));
    assert_eq!((&told["data"]["status"], &told["data"]["verdict"]), (&json!("finished"), &json!("accepted")));
}
