//! `Idempotency-Key`: the same request twice is done once, and answered alike.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use herald_domain::identity::key_hash;
use herald_domain::submission::Idempotency;

use crate::error::{ApiError, Code, Result};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The key, if one is given.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<String>> {
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(value) = given.next() else { return Ok(None) };
    let visible = |text: &&str| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    match value.to_str().ok().filter(visible) {
        Some(key) if given.next().is_none() => Ok(Some(key.to_owned())),
        _ => {
            let detail = "Idempotency-Key must be given once, as 1 to 255 visible ASCII characters without spaces";
            Err(ApiError::new(Code::BadHeader, detail))
        }
    }
}

/// The key of a request that moves money, which nobody would like to see done twice.
pub(crate) fn required_key(headers: &HeaderMap) -> Result<String> {
    key(headers)?.ok_or_else(|| ApiError::plain(Code::IdempotencyKeyRequired))
}

/// The key beside what it was given with.
pub(crate) fn of(key: String, request: &impl serde::Serialize) -> Idempotency {
    Idempotency { key, request_hash: fingerprint(request) }
}

/// SHA-256 of a request as it was understood: white space, the order of fields, and null for absent do not matter.
pub(crate) fn fingerprint(request: &impl serde::Serialize) -> String {
    key_hash(&serde_json::to_string(request).unwrap_or_default())
}

/// Says in the answer whether it was given before.
pub(crate) fn tell(response: &mut Response, replayed: bool) {
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
}
