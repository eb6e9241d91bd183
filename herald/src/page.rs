//! The page, in the binary. Nothing of it comes from elsewhere, and its Content-Security-Policy says so: no inline script or
//! style, no other host but where the sockets are.

mod files;

use std::sync::Arc;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::compression::CompressionLayer;

use files::{File, Keep};

/// The page's routes. `public_url` is where `ws_url` points to if that is not the page's own address.
pub fn router<S: Clone + Send + Sync + 'static>(public_url: Option<&str>) -> Router<S> {
    let policy: Arc<str> = policy(public_url).into();
    let router = files::all().into_iter().fold(Router::new(), |router, file| {
        let (path, file, policy) = (file.path.clone(), Arc::new(file), policy.clone());
        router.route(&path, get(async move |headers: HeaderMap| answer(&headers, &file, &policy)))
    });
    router.layer(CompressionLayer::new())
}

fn policy(public_url: Option<&str>) -> String {
    let sockets = public_url.filter(|url| url.starts_with("http")).map_or(String::new(), |url| {
        let origin: String = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        format!(" {origin} {}", origin.replacen("http", "ws", 1))
    });
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
         connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn answer(headers: &HeaderMap, file: &File, policy: &str) -> Response {
    let caching = match file.keep {
        Keep::Revalidated => "no-cache",
        Keep::Forever => "public, max-age=31536000, immutable",
    };
    let common = [(ETAG, file.tag.as_str()), (CACHE_CONTROL, caching)];
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|each| each.trim() == file.tag)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let safety = [
        (HeaderName::from_static("content-security-policy"), policy),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
    ];
    (common, safety, [(CONTENT_TYPE, file.kind.clone())], file.content.clone()).into_response()
}

#[cfg(test)]
mod tests;
