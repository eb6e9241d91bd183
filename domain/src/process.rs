//! The fleet as each process tells of itself, every 5 s.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::id::ProcessId;
use crate::language::LanguageInfo;

/// A process is taken to be alive if it was seen within this time.
pub const SEEN_WITHIN_MS: u64 = 15_000;
/// How often a process refreshes its row.
pub const REFRESH_MS: u64 = 5_000;

/// A row of `processes`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProcessInfo {
    pub id: ProcessId,
    /// `api`, `worker`, `notifier`, `up`.
    pub kind: String,
    pub version: String,
    /// Worker class, for a worker.
    pub class: Option<String>,
    /// How many submissions a worker runs at once.
    pub slots: Option<u32>,
    pub languages: Vec<LanguageInfo>,
    /// What it is busy with, for people.
    pub doing: String,
    /// By the store's clock; set by the store on refresh.
    #[serde(with = "time::serde::rfc3339")]
    pub seen_at: OffsetDateTime,
}
