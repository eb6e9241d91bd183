//! What every error has in common, and the errors that no handler makes.

use axum::Router;
use axum::http::Method;
use axum::routing::get;

use super::app::{TestApp, python};
use super::backend::Backend;

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_problems_too() {
    let app = TestApp::loopback().await;
    for path in ["/", "/nothing", "/status", "/status/a/b", "/v2/submit", "/assets/x.js"] {
        let reply = app.get(path).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "no_such_path"), "{path}");
    }
    for (method, path, allowed) in [
        (Method::GET, "/submit", "POST"),
        (Method::PUT, "/submissions", "GET,HEAD"),
        (Method::POST, "/livez", "GET,HEAD"),
        (Method::PATCH, "/admin/keys", "GET,HEAD,POST"),
    ] {
        let reply = app.call(method, path).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (405, "method_not_allowed"), "{path}");
        assert_eq!(reply.header("allow"), allowed, "{path}");
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_a_503_to_be_tried_again() {
    let app = TestApp::loopback().await;
    let id = app.submitted().await;
    let key = app.key("alice", herald_domain::identity::Scope::User).await;
    app.backend.close().await;
    let replies = [
        app.post("/submit", &python()).send().await,
        app.get(&format!("/status/{id}")).send().await,
        app.get("/submissions").send().await,
        app.get("/languages").key(&key).send().await,
        app.delete(&format!("/submissions/{id}")).send().await,
    ];
    for reply in replies {
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "store_unavailable"));
        assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
        assert!(!reply.text().to_lowercase().contains("pool"), "the cause stays inside: {}", reply.text());
    }
    let ready = app.get("/readyz").send().await;
    assert_eq!((ready.status.as_u16(), ready.code().as_str()), (503, "not_ready"));
    assert_eq!(app.get("/livez").send().await.status, 200, "the process itself lives");
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing_but_its_id() {
    async fn boom() -> &'static str {
        panic!("the secret is 42")
    }
    let app = TestApp::loopback().await;
    let guarded = app.api.guard(Router::new().route("/boom", get(boom)));
    let reply = app.get("/boom").through(guarded).header("x-request-id", "abc").send().await;
    let problem = reply.problem();
    assert_eq!((problem.status, problem.code.as_str()), (500, "internal_error"));
    assert_eq!(problem.request_id.as_deref(), Some("abc"));
    assert!(!reply.text().contains("secret"), "{}", reply.text());
}

#[tokio::test]
async fn guarded_routes_keep_the_host_rule_and_need_no_key() {
    let app = TestApp::loopback().await;
    let page = || app.api.guard(Router::new().route("/", get(|| async { "page" })));
    let reply = app.get("/").through(page()).send().await;
    assert_eq!((reply.text(), reply.header("x-request-id").is_empty()), ("page", false));
    assert_eq!(app.get("/").through(page()).header("host", "evil.example").send().await.status, 421);
    // Merged as a binary does it, the API's routes and its 404 stay as they are.
    let merged = || app.api.router().merge(page());
    assert_eq!(app.get("/").through(merged()).send().await.text(), "page");
    assert_eq!(app.get("/languages").through(merged()).send().await.status, 200);
    assert_eq!(app.get("/nothing").through(merged()).send().await.code(), "no_such_path");
}

#[tokio::test]
async fn readiness_says_more_when_asked() {
    let app = TestApp::loopback().await;
    let brief: serde_json::Value = app.get("/readyz").send().await.ok().json();
    assert_eq!(brief, serde_json::json!({"status": "ok", "checks": {"store": "ok", "broker": "ok"}}));
    for path in ["/readyz?verbose", "/readyz?verbose=1"] {
        let verbose: serde_json::Value = app.get(path).send().await.ok().json();
        assert!(verbose["checks"]["store"].as_str().unwrap().contains(Backend::NAME), "{verbose}");
        assert_eq!(verbose["checks"]["open"], "0 unfinished submissions");
    }
}
