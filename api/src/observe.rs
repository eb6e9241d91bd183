//! The outermost layer: request id, trace, span `http.request`, metrics, and the rendering of errors.
//!
//! Labels are route templates, never paths; nothing of a query string, a body or a key is recorded.

use std::any::Any;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

use crate::App;
use crate::error::{ApiError, Code, render};
use crate::http::context::{RequestContext, Trace, request_id};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) async fn layer(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = method_label(request.method());
    let host = app.gate.host(request.uri(), request.headers()).ok();
    let context = RequestContext {
        request_id: request_id(request.headers()),
        trace: Trace::of(request.headers()),
        base_url: app.gate.base_url(host.as_ref()),
    };
    let span = tracing::info_span!(
        "http.request",
        http.method = method,
        http.route = route,
        request.id = context.request_id,
        traceparent = context.trace.traceparent(),
        submission.id = Empty,
        transfer.id = Empty,
    );
    request.extensions_mut().insert(context.clone());
    let response = async {
        let mut response = render(next.run(request).await, &context);
        finish(&mut response, &context);
        let status = response.status().as_u16();
        tracing::debug!(http.status_code = status, duration_ms = begun.elapsed().as_millis() as u64, "answered");
        response
    };
    let response = response.instrument(span).await;
    let status = response.status().as_str().to_owned();
    metrics::counter!("herald_http_requests_total", "route" => route.clone(), "method" => method, "status" => status)
        .increment(1);
    metrics::histogram!("herald_http_request_seconds", "route" => route, "method" => method)
        .record(begun.elapsed().as_secs_f64());
    response
}

/// Headers that every response bears, whoever made it.
fn finish(response: &mut Response, context: &RequestContext) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(&context.request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// A closed set, whatever a client makes up.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// A handler panicked: a 500 like any other, with the panic's message in the log only.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned());
    ApiError::plain(Code::InternalError).caused_by(format!("panic: {text}")).into_response()
}
