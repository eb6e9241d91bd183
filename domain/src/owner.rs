//! Who owns a thing: one opaque string `<tenant>/<user>`, used whole by every owner column, limit, key scope and
//! partition hash.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The tenant that everybody is in until there are more.
pub const DEFAULT_TENANT: &str = "main";
/// How many partitions users hash to. Fixed for ever: changing it would need a new epoch.
pub const PARTITIONS: u16 = 256;

/// `<tenant>/<user>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Owner(String);

/// A slice of the users, 0 to 255: the unit of live routing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct Partition(pub u8);

/// Why a user name was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a user name has 1 to 64 characters out of a-z, A-Z, 0-9, '.', '_', '-', '@', and starts with a letter or digit"
)]
pub struct BadUserName;

impl Owner {
    /// The owner for `user` in the default tenant.
    pub fn user(user: &str) -> Result<Self, BadUserName> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        let first = user.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        if !first || user.len() > 64 || !user.chars().all(good) {
            return Err(BadUserName);
        }
        Ok(Self(format!("{DEFAULT_TENANT}/{user}")))
    }

    /// The server itself, whose accounts money enters and leaves by.
    pub fn herald() -> Self {
        Self(format!("{DEFAULT_TENANT}/herald"))
    }

    /// An owner as a store or message holds it, taken as it is.
    pub fn from_stored(whole: String) -> Self {
        Self(whole)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The user's name without the tenant: what people see.
    pub fn user_name(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(_, user)| user)
    }

    /// The first byte of SHA-256 of the whole string: even over any naming scheme, and the same in every language.
    pub fn partition(&self) -> Partition {
        Partition(Sha256::digest(self.0.as_bytes())[0])
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_is_checked_and_kept_apart_from_the_tenant() {
        let alice = Owner::user("alice").unwrap();
        assert_eq!((alice.as_str(), alice.user_name()), ("main/alice", "alice"));
        for bad in ["", "a/b", "-x", "a b", &"x".repeat(65)] {
            assert_eq!(Owner::user(bad), Err(BadUserName), "{bad:?}");
        }
    }

    /// The hash is part of the wire contract: a consumer in another language must find the same partition.
    #[test]
    fn partitions_never_change() {
        let partition = |user: &str| Owner::user(user).unwrap().partition().0;
        assert_eq!([partition("alice"), partition("bob"), partition("guest")], PINNED);
    }
    const PINNED: [u8; 3] = [148, 230, 169];
}
