use axum::body::Body;
use axum::http::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::files::FIRST;
use super::*;

async fn fetch(path: &str, tag: Option<&str>) -> Response {
    let request = Request::get(path).header(IF_NONE_MATCH, tag.unwrap_or("\"none\""));
    router(None).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

/// A path that a route's pattern takes.
fn example(path: &str) -> String {
    path.replace("{slug}", "two-sum")
}

#[tokio::test]
async fn each_file_is_served_once_and_then_only_its_tag() {
    for file in files::all() {
        let path = example(&file.path);
        let answer = fetch(&path, None).await;
        assert_eq!((answer.status(), &answer.headers()[CONTENT_TYPE]), (StatusCode::OK, &file.kind), "{path}");
        let tag = answer.headers()[ETAG].to_str().unwrap().to_owned();
        assert_eq!(fetch(&path, Some(&tag)).await.status(), StatusCode::NOT_MODIFIED, "{path}");
    }
}

#[tokio::test]
async fn what_has_its_hash_in_its_name_is_kept_and_documents_are_not() {
    for file in files::all() {
        let kept = file.path.starts_with("/assets/");
        let answer = fetch(&example(&file.path), None).await;
        let caching = answer.headers()[CACHE_CONTROL].to_str().unwrap();
        assert_eq!(caching.contains("immutable"), kept, "{}: {caching}", file.path);
        assert_eq!(caching == "no-cache", !kept, "{}: {caching}", file.path);
    }
}

#[tokio::test]
async fn a_file_is_compressed_for_who_takes_it_so() {
    let request = Request::get("/app.js").header(ACCEPT_ENCODING, "gzip").body(Body::empty()).unwrap();
    let answer = router::<()>(None).oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip");
    let plain = fetch("/app.js", None).await.into_body().collect().await.unwrap().to_bytes();
    assert!(answer.into_body().collect().await.unwrap().to_bytes().len() < plain.len() / 2);
}

#[tokio::test]
async fn the_first_page_is_there_beside_the_built_one() {
    let first = fetch("/plain", None).await.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(first, FIRST[0].2);
    assert_eq!(fetch("/", None).await.status(), StatusCode::OK);
}

#[test]
fn the_first_page_holds_nothing_that_its_policy_forbids() {
    let html = std::str::from_utf8(FIRST[0].2).unwrap();
    for forbidden in ["<style", " style=", "onclick=", "onload=", "//cdn", "https://"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert_eq!(html.matches("<script").count(), html.matches("<script src=\"/").count(), "no script stands in it");
    for (path, _, content) in FIRST.iter().filter(|(path, ..)| path.ends_with(".js")) {
        let lines = std::str::from_utf8(content).unwrap().lines().count();
        assert!(lines <= 250, "{path} has {lines} lines");
    }
}

#[test]
fn sockets_at_another_address_are_let_through_and_nothing_else() {
    assert!(policy(None).contains("connect-src 'self';"));
    let elsewhere = policy(Some("https://judge.example.test/base"));
    assert!(
        elsewhere.contains("connect-src 'self' https://judge.example.test wss://judge.example.test;"),
        "{elsewhere}"
    );
}
