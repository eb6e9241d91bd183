//! Who is asking: API keys, scopes, callers.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::id::KeyId;
use crate::owner::Owner;

/// What a key may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Its own user's things.
    User,
    /// Also: fund, redrive, see operations, and act for any user by `Herald-User: NAME`.
    Admin,
}

impl Scope {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = crate::submission::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "user" => Ok(Self::User),
            "admin" => Ok(Self::Admin),
            _ => Err(crate::submission::UnknownWord),
        }
    }
}

/// An API key as the store has it: its hash, never the secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKey {
    pub id: KeyId,
    pub owner: Owner,
    pub scope: Scope,
    /// SHA-256 of the secret, lower-case hex. A 256-bit random secret needs no slow hash.
    pub hash: String,
    pub created_at: OffsetDateTime,
    pub revoked_at: Option<OffsetDateTime>,
}

/// The hash under which a secret is looked up.
pub fn key_hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// The secret of a key, from 32 random bytes: `hk_` and 64 hex digits.
pub fn key_secret(random: &[u8; 32]) -> String {
    format!("hk_{}", hex(random))
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
