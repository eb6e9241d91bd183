//! Channels and cursors: what a subscriber watches, and how far it has got.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::id::{Epoch, SubmissionId, TransferId};
use crate::owner::Owner;

/// What one can subscribe to.
///
/// On the wire: `submission:<uuid>`, `transfer:<uuid>`, `user:<name>` (the name without the tenant).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Channel {
    /// A log: every stored event of one submission, by offset.
    Submission(SubmissionId),
    /// A log: every stored event of one transfer, by offset.
    Transfer(TransferId),
    /// A filter, not a log: the events of all entities that concern the user, under each entity's own channel.
    User(Owner),
}

/// What has a log of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Entity {
    Submission(SubmissionId),
    Transfer(TransferId),
}

impl From<Entity> for Channel {
    fn from(entity: Entity) -> Self {
        match entity {
            Entity::Submission(id) => Self::Submission(id),
            Entity::Transfer(id) => Self::Transfer(id),
        }
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Channel::from(*self).fmt(f)
    }
}

/// Why a channel or cursor could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("a channel is 'submission:<id>', 'transfer:<id>' or 'user:<name>'")]
    Channel,
    #[error("the cursor is not one that this server made; leave it out to start from a snapshot")]
    Cursor,
}

impl Channel {
    /// Whose log it is; none for `user:`.
    pub fn entity(&self) -> Option<Entity> {
        match self {
            Self::Submission(id) => Some(Entity::Submission(*id)),
            Self::Transfer(id) => Some(Entity::Transfer(*id)),
            Self::User(_) => None,
        }
    }

    /// Reads the wire form. A `user:` name is taken within the default tenant.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        match text.split_once(':') {
            Some(("submission", id)) => id.parse().map(Self::Submission).map_err(|_| ParseError::Channel),
            Some(("transfer", id)) => id.parse().map(Self::Transfer).map_err(|_| ParseError::Channel),
            Some(("user", name)) => Owner::user(name).map(Self::User).map_err(|_| ParseError::Channel),
            _ => Err(ParseError::Channel),
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submission(id) => write!(f, "submission:{id}"),
            Self::Transfer(id) => write!(f, "transfer:{id}"),
            Self::User(owner) => write!(f, "user:{}", owner.user_name()),
        }
    }
}

impl serde::Serialize for Channel {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Channel {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A position in a channel, opaque to clients: base64url of `1|<epoch>|<channel>|<offset>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cursor {
    pub epoch: Epoch,
    pub channel: Channel,
    pub offset: u64,
}

impl Cursor {
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("1|{}|{}|{}", self.epoch, self.channel, self.offset))
    }

    pub fn decode(text: &str) -> Result<Self, ParseError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ParseError::Cursor)?;
        let plain = String::from_utf8(bytes).map_err(|_| ParseError::Cursor)?;
        let mut parts = plain.split('|');
        let mut part = || parts.next().ok_or(ParseError::Cursor);
        if part()? != "1" {
            return Err(ParseError::Cursor);
        }
        let epoch = part()?.parse().map_err(|_| ParseError::Cursor)?;
        let channel = Channel::parse(part()?).map_err(|_| ParseError::Cursor)?;
        let offset = part()?.parse().map_err(|_| ParseError::Cursor)?;
        if parts.next().is_some() { Err(ParseError::Cursor) } else { Ok(Self { epoch, channel, offset }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_cursor_survives_the_round_trip_and_nothing_else_is_one() {
        let cursor = Cursor {
            epoch: Epoch(Uuid::from_u128(7)),
            channel: Channel::Submission(SubmissionId(Uuid::from_u128(9))),
            offset: 42,
        };
        assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor.clone()));
        let transfer = Cursor { channel: Channel::Transfer(TransferId(Uuid::from_u128(9))), ..cursor.clone() };
        assert_eq!(Cursor::decode(&transfer.encode()), Ok(transfer.clone()));
        assert_ne!(transfer.encode(), cursor.encode(), "one id, two entities");
        let user = Cursor { channel: Channel::User(Owner::user("a.b@c").unwrap()), ..cursor };
        assert_eq!(Cursor::decode(&user.encode()), Ok(user));
        for bad in ["", "!!", "MQ", &URL_SAFE_NO_PAD.encode("2|x|y|z")] {
            assert_eq!(Cursor::decode(bad), Err(ParseError::Cursor), "{bad:?}");
        }
    }
}
