//! Webhooks: where a user's own servers want to be told, of what, and how each try went.
//!
//! A secret is given out once, when it is made; afterwards it only signs. While one is being replaced both sign, so that the
//! receiver can change over in its own time.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::id::{AttemptId, EndpointId, SubmissionId, TransferId};
use crate::notice::ENDED;
use crate::owner::Owner;

/// The events that an endpoint can be told of. (A hold that begins is told to watchers only: it is not settled.)
pub const WEBHOOK_EVENTS: &[&str] =
    &["transfer.completed", "transfer.failed", "transfer.voided", "transfer.expired", ENDED];

/// Patterns of more than one event, those of the future included.
const WEBHOOK_FAMILIES: &[&str] = &["transfer.*", "submission.*"];

/// An owner has at most so many endpoints: one transfer is told to all of them at once.
pub const MAX_ENDPOINTS: u32 = 20;

/// What is kept of a receiver's answer.
pub const MAX_RESPONSE_BYTES: usize = 1024;

/// Which events an endpoint wants: one by name, or `transfer.*` and `submission.*`, all that begin so.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "transfer.*")]
pub struct EventPattern(String);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "an endpoint is told of 'transfer.completed', 'transfer.failed', 'transfer.voided', 'transfer.expired', or all of them as \
     'transfer.*', and of 'submission.finished', or 'submission.*'"
)]
pub struct BadPattern;

impl EventPattern {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A pattern as a store holds it, taken as it is.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The patterns that an event is matched by, as a store looks for them.
    pub fn of_event(event: &str) -> Vec<String> {
        let family = event.split_once('.').map(|(family, _)| format!("{family}.*"));
        std::iter::once(event.to_owned()).chain(family).collect()
    }

    pub fn matches(&self, event: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => event.starts_with(start),
            None => event == self.0,
        }
    }
}

impl FromStr for EventPattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let known = WEBHOOK_FAMILIES.contains(&text) || WEBHOOK_EVENTS.contains(&text);
        if known { Ok(Self(text.to_owned())) } else { Err(BadPattern) }
    }
}

impl TryFrom<String> for EventPattern {
    type Error = BadPattern;

    fn try_from(text: String) -> Result<Self, BadPattern> {
        text.parse()
    }
}

impl From<EventPattern> for String {
    fn from(pattern: EventPattern) -> Self {
        pattern.0
    }
}

/// What messages to an endpoint are signed with: 24 to 64 random bytes, written `whsec_` and their base64 (Standard Webhooks
/// 1.0.0). Never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a webhook secret is 'whsec_' and the base64 of 24 to 64 bytes")]
pub struct BadSecret;

impl WebhookSecret {
    /// From random bytes of the caller's.
    pub fn new(random: &[u8; 32]) -> Self {
        Self(random.to_vec())
    }

    /// The bytes that sign.
    pub fn key(&self) -> &[u8] {
        &self.0
    }

    /// As its owner and the store keep it.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }
}

impl FromStr for WebhookSecret {
    type Err = BadSecret;

    fn from_str(text: &str) -> Result<Self, BadSecret> {
        let encoded = text.strip_prefix("whsec_").ok_or(BadSecret)?;
        let key = STANDARD.decode(encoded).map_err(|_| BadSecret)?;
        if (24..=64).contains(&key.len()) { Ok(Self(key)) } else { Err(BadSecret) }
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// A secret of an endpoint with its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndpointSecret {
    pub secret: WebhookSecret,
    pub created_at: OffsetDateTime,
    /// Of one that has been replaced: until when it still signs.
    pub expires_at: Option<OffsetDateTime>,
}

/// Where a user wants to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    pub id: EndpointId,
    pub owner: Owner,
    pub url: String,
    pub events: Vec<EventPattern>,
    /// Newest first; those that have expired are left out.
    pub secrets: Vec<EndpointSecret>,
    pub created_at: OffsetDateTime,
    /// Since when nothing is sent to it any more, and why (`gone`: it answered 410).
    pub disabled_at: Option<OffsetDateTime>,
    pub reason: Option<String>,
}

impl Endpoint {
    pub fn wants(&self, event: &str) -> bool {
        self.disabled_at.is_none() && self.events.iter().any(|pattern| pattern.matches(event))
    }
}

/// An endpoint that is to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEndpoint {
    pub id: EndpointId,
    pub owner: Owner,
    pub url: String,
    pub events: Vec<EventPattern>,
    pub secret: WebhookSecret,
}

/// One call of an endpoint, and how it went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAttempt {
    pub id: AttemptId,
    pub endpoint: EndpointId,
    /// The `webhook-id` header: the same for every call about the same event.
    pub message: String,
    pub event: String,
    /// What it was about: a transfer or a submission; a ping neither.
    pub transfer: Option<TransferId>,
    pub submission: Option<SubmissionId>,
    /// The endpoint has taken it: it answered 2xx.
    pub delivered: bool,
    /// What it answered, if it did.
    pub status: Option<u16>,
    /// Why it was not delivered, in words.
    pub error: Option<String>,
    /// The start of its answer's body, at most [`MAX_RESPONSE_BYTES`].
    pub response: Option<String>,
    pub duration_ms: u64,
}

/// A call as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    pub call: NewAttempt,
    /// When it was recorded, by the store's clock.
    pub at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_an_event_that_there_is_or_all_of_a_kind() {
        let all: EventPattern = "transfer.*".parse().unwrap();
        assert!(all.matches("transfer.completed") && all.matches("transfer.voided") && !all.matches("webhook.ping"));
        let one: EventPattern = "transfer.expired".parse().unwrap();
        assert!(one.matches("transfer.expired") && !one.matches("transfer.expired.late"));
        let ended: EventPattern = "submission.*".parse().unwrap();
        assert!(ended.matches(ENDED) && !ended.matches("transfer.completed"));
        assert!("submission.finished".parse::<EventPattern>().unwrap().matches(ENDED));
        for bad in
            ["", "*", "transfer", "transfer.", "transfer.pending", "submission.", "submission.queued", "Transfer.*"]
        {
            assert_eq!(bad.parse::<EventPattern>(), Err(BadPattern), "{bad:?}");
        }
    }

    /// A store that looks for these patterns finds those endpoints whose patterns match.
    #[test]
    fn the_patterns_of_an_event_are_those_that_match_it() {
        for event in WEBHOOK_EVENTS {
            let of_event = EventPattern::of_event(event);
            for pattern in WEBHOOK_EVENTS.iter().chain(WEBHOOK_FAMILIES) {
                let matches = pattern.parse::<EventPattern>().unwrap().matches(event);
                assert_eq!(of_event.iter().any(|each| each == pattern), matches, "{event} and {pattern}");
            }
        }
    }

    #[test]
    fn a_secret_is_read_and_written_as_the_standard_says_and_never_by_debug() {
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let secret: WebhookSecret = text.parse().unwrap();
        assert_eq!((secret.key().len(), secret.reveal().as_str()), (24, text));
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
        let fresh = WebhookSecret::new(&[7; 32]);
        assert_eq!(fresh.reveal().parse(), Ok(fresh));
        for bad in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ", "whsec_not base64 at all, not at all"] {
            assert_eq!(bad.parse::<WebhookSecret>(), Err(BadSecret), "{bad:?}");
        }
    }
}
