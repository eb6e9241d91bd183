//! Judging again: by page, once for each submission, with every verdict kept for its owner to see.

use axum::http::Method;
use herald_api::views::{RejudgeCountView, RejudgeView};
use herald_api::{Config, Mode};
use herald_domain::broker::Broker;
use herald_domain::id::SubmissionId;
use herald_domain::identity::Scope;
use herald_domain::submission::{NewSubmission, ProblemRef, Status, Verdict};
use herald_domain::verdict::VerdictRecord;
use herald_domain::view::{Page, StatusView};
use herald_testkit::build;
use serde_json::json;

use super::app::{PORT, TestApp, config, python};

const REJUDGE: &str = "/admin/problems/sum/rejudge";

/// Submissions of the problem, judged by its current version.
async fn judged(app: &TestApp, count: usize) -> Vec<SubmissionId> {
    let request = json!({"problem": "sum", "language": "python", "source": python()["source"]});
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(app.post("/submit", &request).send().await.accepted());
        app.judge_next(Verdict::Accepted).await;
    }
    ids
}

async fn verdicts(app: &TestApp, id: SubmissionId) -> Vec<VerdictRecord> {
    app.get(&format!("/submissions/{id}/verdicts")).send().await.ok().json::<Page<VerdictRecord>>().items
}

#[tokio::test]
async fn a_problem_is_rejudged_page_by_page_and_each_verdict_is_kept() {
    let app = TestApp::loopback().await;
    app.worker().await;
    let old = app.import("sum", "first").await;
    let ids = judged(&app, 3).await;
    let count: RejudgeCountView = app.get(REJUDGE).send().await.ok().json();
    assert_eq!((count.version.as_str(), count.submissions, count.open), (old.as_str(), 0, 0));
    let new = app.import("sum", "second").await;
    let count: RejudgeCountView = app.get(REJUDGE).send().await.ok().json();
    assert_eq!((count.problem.as_str(), count.version.as_str(), count.submissions), ("sum", new.as_str(), 3));

    let mut consumer = app.broker.consume_work("any", 8).await.unwrap();
    let first: RejudgeView = app.call(Method::POST, &format!("{REJUDGE}?limit=2")).send().await.ok().json();
    assert_eq!(first.rejudged, 2);
    let next = format!("{REJUDGE}?limit=2&cursor={}", first.next.unwrap());
    let second: RejudgeView = app.call(Method::POST, &next).send().await.ok().json();
    assert_eq!((second.rejudged, second.next), (1, None));
    let anew: RejudgeView = app.call(Method::POST, REJUDGE).send().await.ok().json();
    assert_eq!(anew.rejudged, 0, "each is queued once");
    // Each was accepted, and is to be judged once more.
    for _ in 0..6 {
        consumer.next().await.unwrap().ack().await.unwrap();
    }
    let status: StatusView = app.get(&format!("/status/{}", ids[0])).send().await.ok().json();
    assert_eq!((status.status, status.verdict, status.stdout), (Status::Queued, None, None));
    assert_eq!(verdicts(&app, ids[0]).await.len(), 1, "the verdict before is there all the time");
    for _ in &ids {
        app.judge_next(Verdict::WrongAnswer).await;
    }
    for id in ids {
        let told = verdicts(&app, id).await;
        let shown: Vec<_> = told
            .iter()
            .map(|one| (one.verdict, one.attempt, one.problem_version.as_deref(), one.cases.len()))
            .collect();
        let both = [(Verdict::WrongAnswer, 2, Some(&*new), 2), (Verdict::Accepted, 1, Some(&*old), 2)];
        assert_eq!(shown, both);
    }
    let again: RejudgeView = app.call(Method::POST, &format!("{REJUDGE}?again=true")).send().await.ok().json();
    assert_eq!(again.rejudged, 3);
}

/// However much is judged again, the bounds are those of fresh work.
#[tokio::test]
async fn rejudged_work_turns_no_submission_away() {
    let bounds = Config { max_queued: 1, max_open_per_user: 1, ..config() };
    let app = TestApp::start(Mode::Loopback { port: PORT }, bounds).await;
    app.worker().await;
    let problem = Some(ProblemRef { slug: "sum".into(), version: app.import("sum", "first").await });
    for _ in 0..5 {
        let old = NewSubmission { problem: problem.clone(), ..build::new_submission(&build::owner("guest")) };
        app.store.accept_submissions(&[build::intake(old)], 1).await.unwrap();
        app.judge_next(Verdict::Accepted).await;
    }
    app.import("sum", "second").await;
    let done: RejudgeView = app.call(Method::POST, REJUDGE).send().await.ok().json();
    assert_eq!(done.rejudged, 5);
    let fresh = app.post("/submit", &python()).send().await.accepted();
    assert_eq!(app.judge_next(Verdict::Accepted).await, fresh, "and it goes first");
}

#[tokio::test]
async fn a_cancel_of_what_is_judged_again_gives_the_verdict_back() {
    let app = TestApp::loopback().await;
    app.worker().await;
    let old = app.import("sum", "first").await;
    let id = judged(&app, 1).await[0];
    app.import("sum", "second").await;
    app.call(Method::POST, REJUDGE).send().await.ok();
    let ended: StatusView = app.delete(&format!("/submissions/{id}")).send().await.ok().json();
    assert_eq!((ended.status, ended.verdict), (Status::Finished, Some(Verdict::Accepted)));
    assert_eq!((ended.problem_version, ended.stdout.as_deref()), (Some(old), Some("Hello, World!\n")));
    assert_eq!(app.delete(&format!("/submissions/{id}")).send().await.code(), "already_finished");
    assert_eq!(verdicts(&app, id).await.len(), 1);
}

#[tokio::test]
async fn only_an_admin_rejudges_and_only_the_owner_or_an_admin_sees_verdicts() {
    let app = TestApp::keyed().await;
    app.worker().await;
    app.import("sum", "first").await;
    let (alice, bob) = (app.key("alice", Scope::User).await, app.key("bob", Scope::User).await);
    let admin = app.key("root", Scope::Admin).await;
    for method in [Method::GET, Method::POST] {
        assert_eq!(app.call(method, REJUDGE).key(&alice).send().await.code(), "admin_required");
    }
    let id = app.post("/submit", &python()).key(&alice).send().await.accepted();
    let path = format!("/submissions/{id}/verdicts");
    assert_eq!(app.get(&path).key(&alice).send().await.ok().json::<Page<VerdictRecord>>().items, [], "not judged yet");
    app.judge_next(Verdict::Accepted).await;
    let seen: Page<VerdictRecord> = app.get(&path).key(&alice).send().await.ok().json();
    assert_eq!((seen.items[0].verdict, &seen.items[0].problem_version, seen.next), (Verdict::Accepted, &None, None));
    assert_eq!(app.get(&path).key(&bob).send().await.code(), "not_found");
    app.get(&path).key(&admin).header("herald-user", "alice").send().await.ok();
}

#[tokio::test]
async fn what_is_wrong_with_a_rejudge_is_told() {
    let app = TestApp::loopback().await;
    app.import("sum", "first").await;
    for method in [Method::GET, Method::POST] {
        let unknown = app.call(method.clone(), "/admin/problems/summ/rejudge").send().await.problem();
        assert_eq!((unknown.status, unknown.code.as_str()), (404, "not_found"));
        assert!(unknown.detail.contains("'summ'") && unknown.detail.contains("GET /problems"), "{}", unknown.detail);
        for (query, pointer) in [("since=yesterday", "?since"), ("again=yes", "?again"), ("until=2026-11-01", "?until")]
        {
            let problem = app.call(method.clone(), &format!("{REJUDGE}?{query}")).send().await.problem();
            assert_eq!((problem.code.as_str(), problem.errors[0].pointer.as_str()), ("bad_query", pointer));
        }
    }
    let future: RejudgeCountView = app.get(&format!("{REJUDGE}?since=2100-01-01&again=true")).send().await.ok().json();
    assert_eq!(future.submissions, 0);
}
