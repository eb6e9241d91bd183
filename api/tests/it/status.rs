//! `GET /status/{id}`: plain, conditional, waiting; and cancelling.

use std::time::Duration;

use herald_domain::submission::{Status, Verdict};
use herald_domain::view::StatusView;
use tokio::time::Instant;

use super::app::{TestApp, python};

/// Far longer than a wake-up takes, far shorter than the wait asked for.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test]
async fn the_state_is_told_with_its_tag_until_the_verdict() {
    let app = TestApp::loopback().await;
    let id = app.submitted().await;
    let path = format!("/status/{id}");
    let reply = app.get(&path).send().await.ok();
    assert_eq!((reply.header("etag"), reply.header("retry-after")), ("W/\"1\"", "1"));
    assert_eq!(reply.header("cache-control"), "no-store");
    let view: StatusView = reply.json();
    assert_eq!((view.status, view.verdict, view.offset, view.attempt), (Status::Queued, None, 1, 0));
    app.judge_next(Verdict::WrongAnswer).await;
    let reply = app.get(&path).send().await.ok();
    assert_eq!((reply.header("etag"), reply.header("retry-after")), ("W/\"4\"", ""));
    let view: StatusView = reply.json();
    assert_eq!((view.status, view.verdict), (Status::Finished, Some(Verdict::WrongAnswer)));
    assert_eq!((view.stdout.as_deref(), view.cases.len()), (Some("Hello, World!\n"), 2));
    assert_eq!(view.truncated, ["stderr"]);
}

#[tokio::test]
async fn an_unchanged_state_is_a_304() {
    let app = TestApp::loopback().await;
    let path = format!("/status/{}", app.submitted().await);
    for tag in ["W/\"1\"", "\"1\"", "W/\"9\", W/\"1\"", "*"] {
        let reply = app.get(&path).header("if-none-match", tag).send().await;
        assert_eq!((reply.status.as_u16(), reply.header("etag"), reply.text()), (304, "W/\"1\"", ""), "{tag}");
        assert_eq!(reply.header("retry-after"), "1");
    }
    assert_eq!(app.get(&path).header("if-none-match", "W/\"2\"").send().await.status, 200);
}

#[tokio::test]
async fn a_long_poll_answers_as_soon_as_there_is_a_verdict() {
    let app = TestApp::loopback().await;
    let path = format!("/status/{}", app.submitted().await);
    let waiting = tokio::spawn(app.get(&path).header("prefer", "wait=30").send());
    // A second watcher, done at the next event, shows that requests that came before it are waiting by now.
    let next = app.get(&path).header("prefer", "wait=30").header("if-none-match", "W/\"1\"").send();
    let next = tokio::spawn(next);
    tokio::task::yield_now().await;
    let begun = Instant::now();
    app.judge_next(Verdict::Accepted).await;
    let reply = waiting.await.unwrap();
    assert!(begun.elapsed() < SOON, "woken after {:?}", begun.elapsed());
    assert_eq!(reply.json::<StatusView>().verdict, Some(Verdict::Accepted));
    assert_eq!(reply.header("preference-applied"), "wait=30");
    assert!(reply.header("vary").contains("Prefer"), "{}", reply.header("vary"));
    assert!(next.await.unwrap().json::<StatusView>().offset > 1);
}

#[tokio::test]
async fn a_long_poll_that_sees_nothing_answers_when_its_time_is_over() {
    let app = TestApp::loopback().await;
    let path = format!("/status/{}", app.submitted().await);
    let begun = Instant::now();
    let reply = app.get(&path).header("prefer", "wait=1").send().await.ok();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(reply.json::<StatusView>().status, Status::Queued);
    let reply = app.get(&path).header("prefer", "wait=1").header("if-none-match", "W/\"1\"").send().await;
    assert_eq!((reply.status.as_u16(), reply.header("preference-applied")), (304, "wait=1"));
}

#[tokio::test]
async fn a_shutdown_lets_no_one_wait() {
    let app = TestApp::loopback().await;
    let path = format!("/status/{}", app.submitted().await);
    let waiting = tokio::spawn(app.get(&path).header("prefer", "wait=30").send());
    tokio::task::yield_now().await;
    let begun = Instant::now();
    app.shutdown.cancel();
    assert_eq!(waiting.await.unwrap().status, 200);
    assert!(begun.elapsed() < SOON);
    assert_eq!(app.get("/readyz").send().await.fault().0, 503);
    assert_eq!(app.get("/livez").send().await.status, 200);
}

#[tokio::test]
async fn a_long_poll_is_only_for_the_owner() {
    let app = TestApp::loopback().await;
    let id = app.post("/submit", &python()).header("herald-user", "alice").send().await.accepted();
    let path = format!("/status/{id}");
    let begun = Instant::now();
    assert_eq!(app.get(&path).header("prefer", "wait=30").send().await.status, 404);
    assert!(begun.elapsed() < SOON);
    assert_eq!(app.get(&path).header("herald-user", "alice").send().await.status, 200);
    assert_eq!(app.get(&path).header("herald-user", "bob").send().await.status, 404);
}

#[tokio::test]
async fn a_cancelled_submission_is_final_and_a_watcher_learns_of_it() {
    let app = TestApp::loopback().await;
    let id = app.submitted().await;
    let waiting = tokio::spawn(app.get(&format!("/status/{id}")).header("prefer", "wait=30").send());
    tokio::task::yield_now().await;
    let begun = Instant::now();
    let cancelled: StatusView = app.delete(&format!("/submissions/{id}")).send().await.ok().json();
    assert_eq!((cancelled.status, cancelled.verdict), (Status::Cancelled, None));
    assert_eq!(waiting.await.unwrap().json::<StatusView>().status, Status::Cancelled);
    assert!(begun.elapsed() < SOON);
    let again: StatusView = app.delete(&format!("/submissions/{id}")).send().await.ok().json();
    assert_eq!(again.offset, cancelled.offset, "cancelling twice changes nothing");
}

#[tokio::test]
async fn a_finished_submission_cannot_be_cancelled() {
    let app = TestApp::loopback().await;
    let id = app.submitted().await;
    app.judge_next(Verdict::Accepted).await;
    let reply = app.delete(&format!("/submissions/{id}")).send().await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (409, "already_finished"));
    assert_eq!(app.store.get_submission(id, None).await.unwrap().unwrap().status, Status::Finished);
}
