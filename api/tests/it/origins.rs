//! Pages of other sites: what they may ask for, and what they may not do.

use axum::http::Method;
use herald_api::{Config, Mode};
use herald_domain::identity::Scope;

use super::app::{TestApp, config, python};

const FOREIGN: [&str; 5] = [
    "https://evil.example",
    "null",
    "http://127.0.0.1.evil.example:8080",
    "http://localhost.evil.example",
    "https://judge.example.evil.example",
];

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let app = TestApp::loopback().await;
    for origin in FOREIGN {
        let reply = app.post("/submit", &python()).header("origin", origin).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (403, "origin_not_allowed"), "{origin}");
        assert_eq!(reply.header("access-control-allow-origin"), "", "{origin}");
        let read = app.get("/languages").header("origin", origin).send().await;
        assert_eq!((read.status.as_u16(), read.header("access-control-allow-origin")), (401, ""), "{origin}");
        let redrive = app.call(Method::POST, "/admin/dead-letters/redrive").header("origin", origin).send().await;
        assert_eq!(redrive.code(), "origin_not_allowed", "{origin}");
    }
    let key = app.key("alice", Scope::User).await;
    let with_key = app.post("/submit", &python()).key(&key).header("origin", FOREIGN[0]).send().await;
    assert_eq!(with_key.code(), "origin_not_allowed", "a key does not change where a request comes from");
    assert_eq!(app.stored().await, 0);
}

#[tokio::test]
async fn a_form_of_another_site_fails_by_its_content_type_too() {
    let app = TestApp::loopback().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        assert_eq!(app.post("/submit", &python()).header("content-type", kind).send().await.status, 415);
    }
}

#[tokio::test]
async fn a_development_server_on_another_port_may_submit() {
    let app = TestApp::loopback().await;
    for origin in ["http://localhost:5173", "http://127.0.0.1:3000", "http://[::1]:4321", "http://127.0.0.1:8080"] {
        let reply = app.post("/submit", &python()).header("origin", origin).send().await;
        reply.accepted();
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        for shown in ["location", "etag", "retry-after", "x-request-id", "idempotency-replayed"] {
            assert!(reply.header("access-control-expose-headers").contains(shown), "{shown}");
        }
        assert!(reply.headers.get_all("vary").iter().any(|value| value == "Origin"));
    }
}

#[tokio::test]
async fn a_preflight_is_answered_for_those_who_may() {
    let app = TestApp::loopback().await;
    let preflight = |origin: &str| {
        let call = app.call(Method::OPTIONS, "/submit").header("origin", origin);
        call.header("access-control-request-method", "POST").send()
    };
    let reply = preflight("http://localhost:5173").await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), "http://localhost:5173");
    for taken in ["content-type", "authorization", "idempotency-key", "prefer", "if-none-match"] {
        assert!(reply.header("access-control-allow-headers").contains(taken), "{taken}");
    }
    assert!(reply.header("access-control-allow-methods").contains("DELETE"));
    assert_eq!(reply.header("access-control-allow-credentials"), "", "there are no cookies to send");
    assert_eq!(preflight("https://evil.example").await.code(), "origin_not_allowed");
}

#[tokio::test]
async fn with_keys_the_own_origin_and_those_named_may_and_loopback_may_not() {
    let config = Config {
        public_url: Some("https://judge.example".parse().unwrap()),
        allowed_origins: vec!["https://app.example".parse().unwrap()],
        ..config()
    };
    let app = TestApp::start(Mode::Keyed, config).await;
    let key = app.key("alice", Scope::User).await;
    let submit = |host: &str, origin: &str| {
        app.post("/submit", &python()).key(&key).header("host", host).header("origin", origin).send()
    };
    for (host, origin) in [
        ("judge.example", "https://judge.example"),
        ("10.0.0.7:8080", "https://judge.example"),
        ("10.0.0.7:8080", "http://10.0.0.7:8080"),
        ("judge.example", "https://app.example"),
        ("judge.example", "https://APP.example:443"),
    ] {
        submit(host, origin).await.accepted();
    }
    for origin in ["http://localhost:5173", "https://evil.example", "http://app.example", "https://app.example:8443"] {
        assert_eq!(submit("judge.example", origin).await.code(), "origin_not_allowed", "{origin}");
    }
    // An error can be read by the page that it is for.
    let refused = app.get("/languages").header("origin", "https://app.example").send().await;
    assert_eq!((refused.status.as_u16(), refused.header("access-control-allow-origin")), (401, "https://app.example"));
}
