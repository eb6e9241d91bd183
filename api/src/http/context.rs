//! What is known of a request from the start: its id, its trace, and the address that URLs in the answer are made from.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use uuid::Uuid;

use crate::error::{ApiError, Code};

/// Made once per request by the outermost layer.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    pub request_id: String,
    pub trace: Trace,
    /// `http://host[:port][/prefix]`, without a slash at the end.
    pub base_url: String,
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let missing = || ApiError::plain(Code::InternalError).caused_by("a route stands outside the outermost layer");
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

/// The caller's own request id, if it is short and harmless in a log; else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> String {
    let harmless = |id: &&str| {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        (1..=128).contains(&id.len()) && id.chars().all(good)
    };
    let given = headers.get("x-request-id").and_then(|value| value.to_str().ok()).filter(harmless);
    given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// A W3C trace context (version 00).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Trace {
    traceparent: String,
}

impl Trace {
    /// The request's own `traceparent` if it is valid (<https://www.w3.org/TR/trace-context/#traceparent-header>), else a
    /// new one, sampled.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all("traceparent").iter();
        let only = given.next().filter(|_| given.next().is_none());
        only.and_then(|value| Self::parse(value.to_str().ok()?)).unwrap_or_else(Self::fresh)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (head, rest) = text.split_at_checked(55)?;
        let parts: Vec<&str> = head.split('-').collect();
        let [version, trace, parent, flags] = parts[..] else { return None };
        let hex = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        let zero = |part: &str| part.bytes().all(|b| b == b'0');
        let well_formed = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
        // Only a later version may carry more, after another dash.
        let tail = if version == "00" { rest.is_empty() } else { rest.is_empty() || rest.starts_with('-') };
        let good = well_formed && tail && version != "ff" && !zero(trace) && !zero(parent);
        good.then(|| Self { traceparent: format!("00-{trace}-{parent}-{flags}") })
    }

    fn fresh() -> Self {
        let trace = rand::random_range(1..=u128::MAX);
        let parent = rand::random_range(1..=u64::MAX);
        Self { traceparent: format!("00-{trace:032x}-{parent:016x}-01") }
    }

    pub(crate) fn traceparent(&self) -> &str {
        &self.traceparent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn trace_of(value: &str) -> Trace {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", value.parse().unwrap());
        Trace::of(&headers)
    }

    #[test]
    fn a_valid_trace_goes_on_and_an_invalid_one_is_replaced() {
        assert_eq!(trace_of(GOOD).traceparent(), GOOD);
        let later = format!("01{}-more", &GOOD[2..]);
        assert_eq!(trace_of(&later).traceparent(), GOOD);
        let zero_trace = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let zero_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01";
        let (upper, long) = (GOOD.to_uppercase(), format!("{GOOD}-x"));
        let ff = format!("ff{}", &GOOD[2..]);
        for bad in ["", "00-x-y-01", zero_trace, zero_parent, &upper, &long, &ff, &GOOD[..54]] {
            let fresh = trace_of(bad);
            assert_ne!(fresh.traceparent(), bad);
            assert!(Trace::parse(fresh.traceparent()).is_some(), "{fresh:?}");
        }
    }

    #[test]
    fn a_request_id_is_kept_if_it_is_harmless() {
        let id_of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-request-id", value.parse().unwrap());
            request_id(&headers)
        };
        assert_eq!(id_of("abc-1.2_3"), "abc-1.2_3");
        for bad in ["", "a b", "<script>", &"x".repeat(129)] {
            assert_ne!(id_of(bad), bad);
        }
    }
}
