//! What a worker says about a language it has probed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One language of one worker.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct LanguageInfo {
    /// `c`, `cpp`, `rust`, `go`, `java`, `python`, `javascript`, …
    pub id: String,
    /// For people: `C++ 20 (g++)`.
    pub name: String,
    /// First line of what the toolchain says of itself.
    pub version: Option<String>,
    /// File name that a single `source` is stored under: `main.py`.
    pub source_name: String,
    pub available: bool,
    /// Why it is not available.
    pub reason: Option<String>,
}
