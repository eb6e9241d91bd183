//! The one place where what went wrong becomes an HTTP answer: RFC 9457 problem+json with a stable [`Code`].
//!
//! A handler returns [`ApiError`]; its response carries the error along unrendered, and the outermost layer writes the body,
//! because only there the request id and the public address are known, and logs the cause, once. A 5xx body is fixed text:
//! causes go to the log, never to the client.

mod code;

use std::borrow::Cow;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use herald_domain::store::StoreError;
use herald_domain::view::{FieldError, ProblemDetails};

pub use code::Code;

use crate::http::context::RequestContext;

pub(crate) type Result<T> = std::result::Result<T, ApiError>;

/// Why a request was not done.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    shortfall: Option<u64>,
    /// For the log.
    cause: Option<String>,
}

impl ApiError {
    /// `detail`: what is wrong and what to do next, without anything secret in it.
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), shortfall: None, cause: None }
    }

    /// With the code's own explanation.
    pub(crate) fn plain(code: Code) -> Self {
        Self::new(code, code.next_step())
    }

    pub(crate) fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// Minor units that are missing.
    pub(crate) fn short_of(mut self, shortfall: u64) -> Self {
        self.shortfall = Some(shortfall);
        self
    }

    pub(crate) fn caused_by(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    pub(crate) fn not_found() -> Self {
        Self::plain(Code::NotFound)
    }

    pub fn code(&self) -> Code {
        self.code
    }

    #[cfg(test)]
    pub(crate) fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The body.
    pub(crate) fn details(&self, context: &RequestContext) -> ProblemDetails {
        ProblemDetails {
            kind: format!("{}/docs/errors#{}", context.base_url, self.code.as_str()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            code: self.code.as_str().to_owned(),
            detail: self.detail.clone().into_owned(),
            request_id: Some(context.request_id.clone()),
            errors: self.errors.clone(),
            shortfall: self.shortfall,
        }
    }

    fn log(&self) {
        let cause = self.cause.as_deref().unwrap_or("none given");
        match self.code {
            Code::InternalError => tracing::error!(code = self.code.as_str(), cause, "request failed"),
            code if code.status().is_server_error() => tracing::warn!(code = code.as_str(), cause, "request refused"),
            code => tracing::debug!(code = code.as_str(), "request refused"),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::plain(Code::StoreUnavailable).caused_by(chain(&*cause)),
            StoreError::Busy => Self::plain(Code::InProgress),
            StoreError::Broken(cause) => Self::plain(Code::InternalError).caused_by(cause),
        }
    }
}

/// An error with its sources, for the log.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the body of a response that carries an [`ApiError`], and logs it; any other response passes as it is.
pub(crate) fn render(mut response: Response, context: &RequestContext) -> Response {
    let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };
    error.log();
    let body = serde_json::to_vec(&error.details(context)).unwrap_or_default();
    let mut rendered = (error.code.status(), body).into_response();
    let headers = rendered.headers_mut();
    // What the layers between have said (CORS, RateLimit, Allow) stays said.
    headers.extend(response.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(axum::http::header::CONTENT_LENGTH);
    if let Some(seconds) = error.code.retry_after() {
        headers.entry(RETRY_AFTER).or_insert(HeaderValue::from(seconds));
    }
    if error.code.status() == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge(error.code)));
    }
    rendered
}

fn challenge(code: Code) -> &'static str {
    if code == Code::KeyInvalid {
        r#"Bearer realm="herald", error="invalid_token""#
    } else {
        r#"Bearer realm="herald""#
    }
}
