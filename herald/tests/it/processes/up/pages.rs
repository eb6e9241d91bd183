//! What web pages may do to a running `herald up`: those of other sites nothing, those of a development server on this machine
//! what the user may.

use reqwest::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, HOST, ORIGIN};
use reqwest::{Method, StatusCode};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::processes::program::ONE_CASE;
use crate::processes::site::Site;

const REACT: &str = "http://localhost:5173";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_origin_cannot_submit() {
    let site = Site::up().await;
    let client = site.client();
    let post = || client.request(Method::POST, "/submit").json(&ONE_CASE.request());
    let refusals = [
        (post().header(ORIGIN, "https://evil.example"), StatusCode::FORBIDDEN),
        (post().header(ORIGIN, "null"), StatusCode::FORBIDDEN),
        (post().header(HOST, "evil.example"), StatusCode::MISDIRECTED_REQUEST),
        // DNS rebinding: the page's own name, which now leads here.
        (post().header(HOST, "evil.example:80").header(ORIGIN, "http://evil.example"), StatusCode::MISDIRECTED_REQUEST),
    ];
    for (request, status) in refusals {
        let answer = request.send().await.unwrap();
        assert!(!answer.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        assert_eq!(answer.status(), status, "{}", answer.text().await.unwrap());
    }
    // What a form can send without asking.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let request = client.request(Method::POST, "/submit").header(CONTENT_TYPE, kind);
        let answer = request.body(ONE_CASE.request().to_string()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    assert_eq!(client.count().await, 0, "nothing of it was stored");

    let accepted = client.submit(ONE_CASE).await;
    let mut foreign = accepted.ws_url.clone().into_client_request().unwrap();
    foreign.headers_mut().insert(ORIGIN, "https://evil.example".parse().unwrap());
    assert!(connect_async(foreign).await.is_err(), "nor may it listen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_development_server_on_another_port_can_submit() {
    let site = Site::up().await;
    let client = site.client();
    let preflight = client.request(Method::OPTIONS, "/submit").header(ORIGIN, REACT);
    let preflight = preflight.header("access-control-request-method", "POST");
    let answer = preflight.header("access-control-request-headers", "content-type").send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], REACT);
    let allowed = answer.headers()[ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap().to_lowercase();
    assert!(allowed.contains("content-type"), "{allowed}");

    let post = client.request(Method::POST, "/submit").header(ORIGIN, REACT).json(&ONE_CASE.request());
    let answer = post.send().await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN]),
        (StatusCode::ACCEPTED, &REACT.parse().unwrap())
    );
    let body: serde_json::Value = answer.json().await.unwrap();
    let mut socket = body["ws_url"].as_str().unwrap().into_client_request().unwrap();
    socket.headers_mut().insert(ORIGIN, REACT.parse().unwrap());
    assert!(connect_async(socket).await.is_ok(), "and listen");
}
