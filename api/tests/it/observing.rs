//! Request ids, logs and metrics.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

use axum::http::Method;
use herald_domain::identity::Scope;
use herald_domain::view::AcceptedView;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;

use super::app::TestApp;

/// Collects what this process logs, from when it is first asked for.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn of_this_process() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        let log = LOG.get_or_init(|| {
            let log = Log::default();
            let writer = log.clone();
            let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::DEBUG);
            subscriber.with_writer(move || writer.clone()).init();
            log
        });
        log.clone()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_submission_can_be_found_in_the_log_and_nothing_secret_can() {
    let app = TestApp::keyed().await;
    let key = app.key("alice", Scope::User).await;
    let log = Log::of_this_process();
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let call =
        app.post("/submit", &json!({"language": "python", "source": "print('the source')", "stdin": "the input"}));
    let reply = call.key(&key).header("traceparent", traceparent).header("x-request-id", "req-7").send().await;
    let id = reply.accepted().to_string();
    let ticket = reply.json::<AcceptedView>().ticket;
    app.get(&format!("/status/{id}?ticket={ticket}")).key(&key).send().await;
    app.get("/languages").key("hk_wrong").send().await;
    let text = log.text();
    let accepted = text.lines().find(|line| line.contains("submission accepted") && line.contains(&id)).unwrap();
    for part in [traceparent, "req-7", "http.request", "/submit"] {
        assert!(accepted.contains(part), "{part} in {accepted}");
    }
    for secret in [key.as_str(), "hk_wrong", ticket.as_str(), "the source", "the input"] {
        assert!(!text.contains(secret), "{secret:?} was logged");
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_never_by_path() {
    let app = TestApp::loopback().await;
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let guard = metrics::set_default_local_recorder(&recorder);
    let id = app.submitted().await;
    app.get(&format!("/status/{id}")).send().await.ok();
    app.get("/no/such/path").send().await;
    app.call(Method::from_bytes(b"BREW").unwrap(), "/submit").send().await;
    drop(guard);
    let text = handle.render();
    for line in [
        r#"herald_http_requests_total{route="/submit",method="POST",status="202"} 1"#,
        r#"herald_http_requests_total{route="/status/{id}",method="GET",status="200"} 1"#,
        r#"herald_http_requests_total{route="unmatched",method="GET",status="404"} 1"#,
        r#"herald_http_requests_total{route="/submit",method="other",status="405"} 1"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(text.contains(r#"herald_http_request_seconds_count{route="/submit",method="POST"} 1"#), "{text}");
    assert!(!text.contains(&id.to_string()) && !text.contains("no/such"), "{text}");
}

#[tokio::test]
async fn a_request_id_is_taken_over_or_made() {
    let app = TestApp::loopback().await;
    assert_eq!(app.get("/livez").header("x-request-id", "mine-1").send().await.header("x-request-id"), "mine-1");
    let (first, second) = (app.get("/livez").send().await, app.get("/livez").send().await);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    let forged = app.get("/livez").header("x-request-id", "a b\"c").send().await;
    assert_ne!(forged.header("x-request-id"), "a b\"c");
}
