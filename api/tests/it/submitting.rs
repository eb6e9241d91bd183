//! Accepting: what comes back, what is stored, and when there is no room.

use herald_api::Mode;
use herald_api::views::BatchView;
use herald_domain::channel::Channel;
use herald_domain::submission::{LEASE_MS, Status};
use herald_domain::view::AcceptedView;
use herald_testkit::build;
use serde_json::{Value, json};

use super::app::{PORT, TestApp, config, python};

#[tokio::test]
async fn a_program_is_accepted_with_everything_needed_to_watch_it() {
    let app = TestApp::loopback().await;
    let reply = app.post("/submit", &python()).send().await;
    let id = reply.accepted();
    let view: AcceptedView = reply.json();
    assert_eq!(reply.header("location"), format!("/status/{id}"));
    assert_eq!((view.status, view.channel.as_str()), (Status::Queued, format!("submission:{id}").as_str()));
    assert_eq!(view.status_url, format!("http://127.0.0.1:8080/status/{id}"));
    let partition = build::owner("guest").partition();
    assert_eq!(view.ws_url, format!("ws://127.0.0.1:8080/ws/p/{partition}?ticket={}", view.ticket));
    assert_eq!(view.events_url, format!("http://127.0.0.1:8080/events/p/{partition}?ticket={}", view.ticket));
    let now = super::app::now();
    let grant = app.signing_key.verify(&view.ticket, now + 86_000).unwrap();
    assert_eq!((grant.channel, grant.owner.user_name(), grant.key), (Channel::Submission(id), "guest", None));
    assert!(app.signing_key.verify(&view.ticket, now + 86_500).is_err(), "a ticket lasts 24 hours");
}

#[tokio::test]
async fn what_was_sent_is_what_a_worker_gets() {
    let app = TestApp::loopback().await;
    let version = app.import("a-plus-b", "Add.").await;
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let body = json!({
        "problem": "a-plus-b", "language": "java", "stdin": "1 2", "limits": {"cpu_ms": 500, "processes": null},
        "files": [{"name": "Other.java", "content": ""}, {"name": "Main.java", "content": "a"}], "entry": "Main.java",
        "flags": ["-ea"],
    });
    let id = app.post("/submit", &body).header("traceparent", traceparent).send().await.accepted();
    let herald_domain::store::Claimed::Work(claim, _) = app.store.claim("any", build::token(), LEASE_MS).await.unwrap()
    else {
        panic!("the submission is not due")
    };
    let submission = &claim.submission;
    assert_eq!((submission.id, submission.language.as_str()), (id, "java"));
    assert_eq!(submission.problem.as_ref().unwrap().version, version);
    assert_eq!(submission.traceparent.as_deref(), Some(traceparent));
    let names: Vec<_> = claim.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["Main.java", "Other.java"]);
    assert_eq!(claim.flags, ["-ea"], "no worker has told yet what it allows");
    assert_eq!((claim.stdin.as_deref(), claim.limits.cpu_ms, claim.limits.processes), (Some("1 2"), Some(500), None));
}

#[tokio::test]
async fn a_single_source_is_named_as_its_language_wants() {
    let app = TestApp::loopback().await;
    let body = json!({"language": "java", "source": "class Main {}"});
    let id = app.post("/submit", &body).send().await.accepted();
    assert_eq!(app.store.get_source(id).await.unwrap()[0].name, "Main.java");
}

#[tokio::test]
async fn flags_are_those_that_the_language_allows() {
    let app = TestApp::loopback().await;
    app.worker().await;
    let with = |flags: Value| json!({"language": "python", "source": "x", "flags": flags});
    app.post("/submit", &with(json!(["-O", "-Xdev"]))).send().await.accepted();
    let problem = app.post("/submit", &with(json!(["-O", "-c", "-X\n"]))).send().await.problem();
    let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!((problem.status, pointers), (422, vec!["/flags/1", "/flags/2"]));
    assert_eq!(problem.errors[0].detail, "'python' does not allow the flag '-c'; allowed are -O, -X*");
    assert_eq!(app.stored().await, 1);
}

#[tokio::test]
async fn an_accepted_program_is_handed_to_the_broker() {
    use herald_domain::broker::Broker;
    let app = TestApp::loopback().await;
    let mut consumer = app.broker.consume_work("any", 1).await.unwrap();
    let id = app.submitted().await;
    assert_eq!(consumer.next().await.unwrap().message().submission, id);
}

#[tokio::test]
async fn a_language_without_a_worker_that_has_it_is_refused_once_there_are_workers() {
    let app = TestApp::loopback().await;
    app.worker().await;
    app.submitted().await;
    for language in ["go", "rust"] {
        let body = json!({"language": language, "source": "x"});
        let problem = app.post("/submit", &body).send().await.problem();
        assert_eq!((problem.status, problem.code.as_str()), (422, "language_unavailable"));
        assert_eq!(problem.errors[0].pointer, "/language");
    }
    assert_eq!(app.stored().await, 1);
}

#[tokio::test]
async fn a_batch_is_accepted_in_order_up_to_the_users_bound() {
    let app =
        TestApp::start(Mode::Loopback { port: PORT }, herald_api::Config { max_open_per_user: 2, ..config() }).await;
    let batch = json!({"submissions": [python(), {"language": "c", "source": "int main;"}, python()]});
    let reply = app.post("/submissions/batch", &batch).send().await;
    assert_eq!(reply.status, 202, "{}", reply.text());
    let items = reply.json::<Value>()["items"].clone();
    assert_eq!(items[2]["error"]["code"], "too_many_open");
    let first = items[0]["id"].as_str().unwrap();
    let status: Value = app.get(&format!("/status/{first}")).send().await.json();
    assert_eq!(status["language"], "python");
    assert!(items[1]["ws_url"].as_str().unwrap().starts_with("ws://"));
    let reply = app.post("/submissions/batch", &batch).send().await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (429, "too_many_open"));
    assert_eq!(app.stored().await, 2);
}

#[tokio::test]
async fn a_batch_may_have_a_hundred() {
    let app = TestApp::loopback().await;
    let reply = app.post("/submissions/batch", &json!({"submissions": vec![python(); 100]})).send().await.ok();
    assert_eq!(reply.json::<BatchView>().items.len(), 100);
    assert_eq!(app.stored().await, 100);
}

#[tokio::test]
async fn a_user_with_too_many_open_waits_and_others_do_not() {
    let app =
        TestApp::start(Mode::Loopback { port: PORT }, herald_api::Config { max_open_per_user: 1, ..config() }).await;
    app.submitted().await;
    let reply = app.post("/submit", &python()).send().await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (429, "too_many_open"));
    assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
    app.post("/submit", &python()).header("herald-user", "alice").send().await.accepted();
    app.judge_next(herald_domain::submission::Verdict::Accepted).await;
    app.submitted().await;
}

#[tokio::test]
async fn a_full_queue_turns_work_away_until_there_is_room() {
    let app = TestApp::start(Mode::Loopback { port: PORT }, herald_api::Config { max_queued: 2, ..config() }).await;
    app.submitted().await;
    let batch = json!({"submissions": [python(), python()]});
    let reply = app.post("/submissions/batch", &batch).send().await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "queue_full"));
    assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
    app.submitted().await;
    assert_eq!(app.post("/submit", &python()).send().await.code(), "queue_full");
    assert_eq!(app.stored().await, 2);
    app.judge_next(herald_domain::submission::Verdict::Accepted).await;
    // The count is renewed in the background within a second or so.
    let room = async {
        while app.post("/submit", &python()).send().await.status != 202 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), room).await.expect("room again");
}

#[tokio::test]
async fn while_the_broker_is_away_programs_are_accepted_all_the_same() {
    use herald_domain::broker::Broker;
    let app = TestApp::loopback().await;
    app.broker.close().await;
    app.submitted().await;
    assert_eq!(app.store.count_outbox().await.unwrap(), 1, "the wake-up is owed");
    let ready: Value = app.get("/readyz").send().await.ok().json();
    assert_eq!((ready["status"].as_str(), ready["checks"]["store"].as_str()), (Some("degraded"), Some("ok")));
}

#[tokio::test]
async fn urls_follow_the_public_address_or_else_the_host() {
    let config = herald_api::Config { public_url: Some("https://judge.example/x/".parse().unwrap()), ..config() };
    let app = TestApp::start(Mode::Loopback { port: PORT }, config).await;
    let view: AcceptedView = app.post("/submit", &python()).send().await.json();
    assert!(view.status_url.starts_with("https://judge.example/x/status/"), "{view:?}");
    assert!(view.ws_url.starts_with("wss://judge.example/x/ws/p/"), "{view:?}");
    let app = TestApp::loopback().await;
    let reply = app.post("/submit", &python()).header("host", "localhost:8080").send().await;
    assert!(reply.json::<AcceptedView>().ws_url.starts_with("ws://localhost:8080/ws/p/"));
}
