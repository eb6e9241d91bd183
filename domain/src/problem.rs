//! Problem packages as the store holds them: immutable versions, named by the SHA-256 of their files.
//! The format itself (ICPC/Kattis 2025-09) is read by the worker crate.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::identity::hex;

/// No file of a package is larger.
pub const MAX_BLOB_BYTES: usize = 8 * 1024 * 1024;

/// One file of a package, path relative to its root, `/` as separator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PackageFile {
    pub path: String,
    pub content: Vec<u8>,
}

/// A package ready to be stored.
#[derive(Clone, PartialEq, Debug)]
pub struct ProblemPackage {
    pub slug: String,
    /// See [`package_version`].
    pub version: String,
    pub summary: ProblemSummary,
    /// Sorted by path.
    pub files: Vec<PackageFile>,
}

/// What `GET /problems/{slug}` shows.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemSummary {
    pub slug: String,
    pub title: String,
    /// CommonMark.
    pub statement: String,
    pub time_limit_ms: u64,
    pub memory_limit_kb: u64,
    /// Sample and secret together.
    pub test_cases: u32,
    pub samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    pub input: String,
    pub answer: String,
}

/// SHA-256 over each file's path, length and content in path order, lower-case hex.
pub fn package_version(sorted: &[PackageFile]) -> String {
    let mut hash = Sha256::new();
    for file in sorted {
        hash.update(file.path.as_bytes());
        hash.update([0]);
        hash.update((file.content.len() as u64).to_be_bytes());
        hash.update(&file.content);
    }
    hex(&hash.finalize())
}
