//! The layer that applies the [`Gate`](super::Gate): refuses foreign hosts, answers preflights, refuses changes asked for by
//! foreign origins, and lets allowed origins read answers (errors too). No cookies, hence no credentials mode.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Site;
use crate::App;
use crate::error::{ApiError, Code};

const METHODS: &str = "GET, HEAD, POST, DELETE";
const TAKEN: &str = "authorization, content-type, herald-user, idempotency-key, if-none-match, last-event-id, prefer, \
                     traceparent, tracestate, x-request-id";
const SHOWN: &str = "etag, idempotency-replayed, link, location, preference-applied, ratelimit, ratelimit-policy, \
                     retry-after, www-authenticate, x-request-id";

pub(crate) async fn layer(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let host = match app.gate.host(request.uri(), request.headers()) {
        Ok(host) => host,
        Err(error) => return error.into_response(),
    };
    let site = app.gate.origin(request.headers(), &host);
    let origin = request.headers().get(ORIGIN).cloned();
    let mut response = if is_preflight(&request) {
        preflight(site)
    } else if site == Site::Foreign && changes_something(request.method()) {
        ApiError::plain(Code::OriginNotAllowed).into_response()
    } else {
        let mut request = request;
        request.extensions_mut().insert(host);
        next.run(request).await
    };
    if let (Site::Allowed, Some(origin)) = (site, origin) {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(SHOWN));
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("Origin"));
    response
}

fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_preflight(request: &Request) -> bool {
    let has = |headers: &HeaderMap| headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    request.method() == Method::OPTIONS && has(request.headers())
}

fn preflight(site: Site) -> Response {
    if site != Site::Allowed {
        return ApiError::plain(Code::OriginNotAllowed).into_response();
    }
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, TAKEN),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
