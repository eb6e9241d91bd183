//! The first page, in the binary: a document, a script, a style sheet, an icon. Nothing of it comes from elsewhere, and its
//! Content-Security-Policy says so: no inline script or style, no other host but where the sockets are.

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use herald_domain::identity::hex;
use sha2::{Digest, Sha256};

/// A file of the page: where, what, how.
const FILES: [(&str, &str, &[u8]); 5] = [
    ("/", "text/html; charset=utf-8", include_bytes!("../../examples/plain/index.html")),
    ("/app.js", "text/javascript; charset=utf-8", include_bytes!("../../examples/plain/app.js")),
    ("/pay.js", "text/javascript; charset=utf-8", include_bytes!("../../examples/plain/pay.js")),
    ("/style.css", "text/css; charset=utf-8", include_bytes!("../../examples/plain/style.css")),
    ("/favicon.svg", "image/svg+xml", include_bytes!("../../examples/plain/favicon.svg")),
];

/// The page's routes. `public_url` is where `ws_url` points to if that is not the page's own address.
pub fn router<S: Clone + Send + Sync + 'static>(public_url: Option<&str>) -> Router<S> {
    let policy: std::sync::Arc<str> = policy(public_url).into();
    FILES.into_iter().fold(Router::new(), |router, (path, kind, content)| {
        let (tag, policy) = (tag(content), policy.clone());
        router.route(path, get(async move |headers: HeaderMap| answer(&headers, kind, content, &tag, &policy)))
    })
}

fn policy(public_url: Option<&str>) -> String {
    let sockets = public_url.filter(|url| url.starts_with("http")).map_or(String::new(), |url| {
        let origin: String = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        format!(" {origin} {}", origin.replacen("http", "ws", 1))
    });
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'{sockets}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn tag(content: &[u8]) -> String {
    format!("\"{}\"", &hex(&Sha256::digest(content))[..16])
}

fn answer(headers: &HeaderMap, kind: &'static str, content: &'static [u8], tag: &str, policy: &str) -> Response {
    let common = [(ETAG, tag), (CACHE_CONTROL, "no-cache")];
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|each| each.trim() == tag)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let safety = [
        (CONTENT_TYPE, kind),
        (HeaderName::from_static("content-security-policy"), policy),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
    ];
    (common, safety, Bytes::from_static(content)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    async fn fetch(path: &str, tag: Option<&str>) -> Response {
        let request = Request::get(path).header(IF_NONE_MATCH, tag.unwrap_or("\"none\""));
        router(None).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn each_file_is_served_once_and_then_only_its_tag() {
        for (path, kind, _) in FILES {
            let answer = fetch(path, None).await;
            assert_eq!((answer.status(), answer.headers()[CONTENT_TYPE].to_str().unwrap()), (StatusCode::OK, kind));
            let tag = answer.headers()[ETAG].to_str().unwrap().to_owned();
            assert_eq!(fetch(path, Some(&tag)).await.status(), StatusCode::NOT_MODIFIED, "{path}");
        }
    }

    #[test]
    fn the_page_holds_nothing_that_its_policy_forbids() {
        let html = std::str::from_utf8(FILES[0].2).unwrap();
        for forbidden in ["<style", " style=", "onclick=", "onload=", "//cdn", "https://"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        assert_eq!(html.matches("<script").count(), html.matches("<script src=\"/").count(), "no script stands in it");
        for (path, _, content) in FILES.iter().filter(|(path, ..)| path.ends_with(".js")) {
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
}
