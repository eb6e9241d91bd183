//! Events (stored, by offset) and progress (transient): the two things that are pushed.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use time::OffsetDateTime;

use crate::channel::Channel;
use crate::owner::{Owner, Partition};

/// No event, message or frame is larger than this many bytes; checked where it is built.
pub const MAX_FRAME_BYTES: usize = 16 * 1024;

/// A step of an entity, committed in the same transaction as the state change it tells of.
///
/// `offset` counts 1, 2, 3 … per channel without gaps; it is the entity row's own `offset` column after the change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredEvent {
    /// The entity's channel (`submission:<id>` or `transfer:<id>`), never `user:`.
    pub channel: Channel,
    pub offset: u64,
    /// When, by the store's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who may see it.
    pub audience: Vec<Owner>,
    /// `submission.queued`, `submission.compiling`, `submission.running`, `submission.finished`, `submission.cancelled`;
    /// `transfer.<state>`, and `<service>.<what>` for what a service made of a transfer.
    #[serde(rename = "event")]
    pub name: String,
    /// JSON object: at least `id`, `status` and, once a submission has one, `verdict`.
    pub data: Arc<RawValue>,
}

impl StoredEvent {
    /// The partitions of the audience, each once.
    pub fn partitions(&self) -> Vec<Partition> {
        partitions(&self.audience)
    }
}

/// A passing state between two events; may be dropped, is never stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Progress {
    pub channel: Channel,
    pub audience: Vec<Owner>,
    /// The attempt it belongs to; a reader drops that of any attempt but the newest it knows of.
    pub attempt: u32,
    /// Rises within the attempt.
    pub seq: u64,
    /// JSON object: `{id, status, tests:{passed,run,total}, case?}`.
    pub data: Arc<RawValue>,
}

/// What travels through the broker's live partitions. JSON: `{"v":1,"kind":"event"|"progress", …}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LiveMessage {
    Event(StoredEvent),
    Progress(Progress),
}

impl LiveMessage {
    pub fn audience(&self) -> &[Owner] {
        match self {
            Self::Event(event) => &event.audience,
            Self::Progress(progress) => &progress.audience,
        }
    }

    pub fn channel(&self) -> &Channel {
        match self {
            Self::Event(event) => &event.channel,
            Self::Progress(progress) => &progress.channel,
        }
    }

    pub fn partitions(&self) -> Vec<Partition> {
        partitions(self.audience())
    }

    /// The AMQP body.
    pub fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            v: u8,
            #[serde(flatten)]
            message: &'a LiveMessage,
        }
        serde_json::to_vec(&Body { v: 1, message: self }).unwrap_or_default()
    }

    /// Reads an AMQP body; unknown fields are ignored, an unknown `v` or kind is an error.
    pub fn from_json(body: &[u8]) -> Result<Self, serde_json::Error> {
        // `flatten` cannot carry a RawValue, so version and message are read in two passes over the same bytes.
        #[derive(Deserialize)]
        struct Version {
            v: u8,
        }
        let Version { v } = serde_json::from_slice(body)?;
        if v != 1 {
            return Err(serde::de::Error::custom(format!("unknown message version {v}")));
        }
        #[derive(Deserialize)]
        struct Kind {
            kind: String,
        }
        let Kind { kind } = serde_json::from_slice(body)?;
        match kind.as_str() {
            "event" => serde_json::from_slice(body).map(Self::Event),
            "progress" => serde_json::from_slice(body).map(Self::Progress),
            other => Err(serde::de::Error::custom(format!("unknown message kind '{other}'"))),
        }
    }
}

fn partitions(audience: &[Owner]) -> Vec<Partition> {
    let mut all: Vec<_> = audience.iter().map(Owner::partition).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// JSON as it will be sent, from anything that serialises to an object.
pub fn raw<T: Serialize>(data: &T) -> Arc<RawValue> {
    serde_json::value::to_raw_value(data).map_or_else(|_| Arc::from(RawValue::NULL.to_owned()), Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SubmissionId;
    use uuid::Uuid;

    #[test]
    fn a_live_message_survives_the_round_trip() {
        let channel = Channel::Submission(SubmissionId(Uuid::from_u128(1)));
        let audience = vec![Owner::user("alice").unwrap()];
        let data = raw(&serde_json::json!({"id": 1, "status": "running"}));
        let event = LiveMessage::Event(StoredEvent {
            channel: channel.clone(),
            offset: 3,
            at: OffsetDateTime::UNIX_EPOCH,
            audience: audience.clone(),
            name: "submission.running".into(),
            data: data.clone(),
        });
        let progress = LiveMessage::Progress(Progress { channel, audience, attempt: 1, seq: 7, data });
        for message in [event, progress] {
            let body = message.to_json();
            assert!(body.starts_with(br#"{"v":1,"kind":"#), "{}", String::from_utf8_lossy(&body));
            let back = LiveMessage::from_json(&body).unwrap();
            assert_eq!(back.to_json(), body);
        }
        assert!(LiveMessage::from_json(br#"{"v":2,"kind":"event"}"#).is_err());
    }
}
