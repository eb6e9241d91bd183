//! Tickets: signed grants to watch one channel, safe to stand in a URL.
//!
//! `base64url(JSON claims) . base64url(HMAC-SHA256(key, first part))`. The key lives in the store (made by `migrate`), so
//! every process of a fleet signs and checks alike. A ticket names the API key it was made with, so that revoking the key
//! closes the sockets that came in by it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::channel::Channel;
use crate::id::KeyId;
use crate::owner::Owner;

/// A ticket in the body of a 202 or 201 can be used (and used again, to resume) for this long.
pub const ENTITY_TICKET_SECS: i64 = 24 * 3600;
/// A ticket for `user:` must be used within this long.
pub const USER_TICKET_SECS: i64 = 60;

/// What a ticket grants.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// On whose behalf.
    #[serde(rename = "o")]
    pub owner: Owner,
    #[serde(rename = "c")]
    pub channel: Channel,
    /// Unix seconds after which it opens nothing any more.
    #[serde(rename = "x")]
    pub expires: i64,
    /// The key that asked for it; none for the guest of `herald up`.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
}

/// The key that tickets are signed with, from the store.
#[derive(Clone)]
pub struct SigningKey(Vec<u8>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TicketError {
    #[error("the ticket is not one that this server signed; ask for a new one with POST /tickets")]
    Bad,
    #[error("the ticket has expired; ask for a new one with POST /tickets")]
    Expired,
}

impl SigningKey {
    /// At least 32 random bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    fn mac(&self) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
        Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length")
    }

    pub fn sign(&self, grant: &Grant) -> String {
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(grant).unwrap_or_default());
        let mut mac = self.mac();
        mac.update(claims.as_bytes());
        let tag = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{claims}.{tag}")
    }

    /// Checks signature (in constant time), then expiry against `now` (Unix seconds).
    pub fn verify(&self, ticket: &str, now: i64) -> Result<Grant, TicketError> {
        let (claims, tag) = ticket.split_once('.').ok_or(TicketError::Bad)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| TicketError::Bad)?;
        let mut mac = self.mac();
        mac.update(claims.as_bytes());
        mac.verify_slice(&tag).map_err(|_| TicketError::Bad)?;
        let json = URL_SAFE_NO_PAD.decode(claims).map_err(|_| TicketError::Bad)?;
        let grant: Grant = serde_json::from_slice(&json).map_err(|_| TicketError::Bad)?;
        if now > grant.expires { Err(TicketError::Expired) } else { Ok(grant) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SubmissionId;
    use uuid::Uuid;

    #[test]
    fn a_ticket_opens_its_channel_until_it_expires_and_no_forgery_does() {
        let key = SigningKey::new(vec![7; 32]);
        let grant = Grant {
            owner: Owner::user("alice").unwrap(),
            channel: Channel::Submission(SubmissionId(Uuid::from_u128(1))),
            expires: 1_000,
            key: None,
        };
        let ticket = key.sign(&grant);
        assert_eq!(key.verify(&ticket, 1_000), Ok(grant.clone()));
        assert_eq!(key.verify(&ticket, 1_001), Err(TicketError::Expired));
        assert_eq!(SigningKey::new(vec![8; 32]).verify(&ticket, 0), Err(TicketError::Bad));
        let other = key.sign(&Grant { channel: Channel::User(grant.owner.clone()), ..grant });
        let spliced = format!("{}.{}", other.split_once('.').unwrap().0, ticket.split_once('.').unwrap().1);
        for bad in ["", ".", "a.b", spliced.as_str()] {
            assert_eq!(key.verify(bad, 0), Err(TicketError::Bad), "{bad:?}");
        }
    }
}
