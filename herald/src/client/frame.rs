//! Frames as a reader sees them, whatever they tell of. No I/O.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One JSON frame of `/ws`, or one event of `/events`. Its data is read by who knows what the channel is about.
#[derive(Deserialize, Debug)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame {
    Snapshot {
        offset: u64,
        cursor: String,
        #[serde(default)]
        recovered: bool,
        data: Value,
    },
    Resumed {
        cursor: Option<String>,
    },
    Event {
        offset: u64,
        cursor: String,
        data: Value,
    },
    Progress {
        attempt: u32,
        seq: u64,
        data: Value,
    },
    Error {
        code: String,
    },
    #[serde(other)]
    Other,
}

/// The data as a `T`; what cannot be read is passed over.
pub fn read<T: DeserializeOwned>(data: Value) -> Option<T> {
    serde_json::from_value(data).ok()
}
