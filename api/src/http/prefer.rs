//! `Prefer: wait=N` (RFC 7240), the only preference that is honoured.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};

/// No long-poll waits longer.
pub(crate) const LONGEST_WAIT_SECS: u64 = 30;

/// How long the client would like to wait for an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wait {
    pub seconds: u64,
}

impl Wait {
    /// A malformed preference is ignored, as RFC 7240 asks; the first of several counts; a longer one is cut.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .find_map(|preference| {
                let (name, value) = preference.split(';').next()?.split_once('=')?;
                let seconds: u64 = value.trim().trim_matches('"').parse().ok()?;
                let wait = name.trim().eq_ignore_ascii_case("wait") && seconds > 0;
                wait.then_some(Self { seconds: seconds.min(LONGEST_WAIT_SECS) })
            })
    }

    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// What `Preference-Applied` says.
    pub(crate) fn applied(self) -> HeaderValue {
        HeaderValue::try_from(format!("wait={}", self.seconds)).unwrap_or(HeaderValue::from_static("wait"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_found_among_other_preferences_and_capped() {
        let wait_of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", value.parse().unwrap());
            Wait::of(&headers).map(|wait| wait.seconds)
        };
        assert_eq!(wait_of("wait=20"), Some(20));
        assert_eq!(wait_of("respond-async, Wait = \"10\"; foo"), Some(10));
        assert_eq!(wait_of("wait=3600"), Some(30));
        for ignored in ["wait", "wait=x", "wait=-1", "wait=0", "respond-async"] {
            assert_eq!(wait_of(ignored), None, "{ignored}");
        }
    }
}
