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

/// Whether this can be a problem's slug: 1 to 64 characters out of `a-z`, `0-9` and `-`, not starting with `-`.
pub fn is_slug(text: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=64).contains(&text.len()) && !text.starts_with('-') && text.chars().all(good)
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
    /// In the words of the format: `pass-fail` or `scoring`, and with it `interactive`, `multi-pass` or both.
    #[serde(default)]
    pub types: Vec<String>,
    /// What a problem of type `scoring` gives at most; null: no bound, or not a scoring problem.
    #[serde(default)]
    pub max_score: Option<f64>,
    /// The languages that may be handed in, by the format's codes (see [`format_code`]) or Herald's ids; null: any.
    #[serde(default)]
    pub languages: Option<Vec<String>>,
    /// What a solver begins with, one file for each language that has one.
    #[serde(default)]
    pub starters: Vec<Starter>,
}

impl ProblemSummary {
    /// Whether a submission in this language (Herald's id) may be handed in.
    pub fn allows(&self, language: &str) -> bool {
        self.languages.as_ref().is_none_or(|allowed| is_named(allowed.iter().map(String::as_str), language))
    }

    /// The starter for this language (Herald's id); one of its very own goes first.
    pub fn starter(&self, language: &str) -> Option<&Starter> {
        let of = |id: &str| self.starters.iter().find(|starter| starter.language == id);
        of(language).or_else(|| of(format_code(language)))
    }
}

/// A file that a solver begins with. Its name is the one that a lone source file of its language is judged under.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Starter {
    /// In a summary the format's code (`cpp`, `python3`) or Herald's id; in an answer the id.
    pub language: String,
    pub name: String,
    pub content: String,
}

/// The code that the package format has for one of Herald's languages: dialects share one.
pub fn format_code(language: &str) -> &str {
    match language {
        "cpp17" | "cpp20" | "cpp23" => "cpp",
        "python" | "pypy" => "python3",
        other => other,
    }
}

/// Whether a list of format codes and Herald's ids names this language (Herald's id).
pub fn is_named<'a>(mut names: impl Iterator<Item = &'a str>, language: &str) -> bool {
    names.any(|name| name == language || name == format_code(language))
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
