//! What a worker says about a language it has probed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::fits;

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
    /// What a submission may give in `flags`; `*` stands for anything.
    #[serde(default)]
    pub flags: Vec<String>,
}

/// Whether a flag is one of those that a language allows. Only visible ASCII ever is.
pub fn allows(allowed: &[String], flag: &str) -> bool {
    flag.bytes().all(|byte| byte.is_ascii_graphic()) && allowed.iter().any(|pattern| fits(pattern, flag.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_allowed_by_a_pattern_that_fits_it_whole() {
        let allowed = ["-O2", "-D*"].map(String::from);
        assert!(["-O2", "-D", "-DN=1,2"].iter().all(|flag| allows(&allowed, flag)));
        assert!(!["", "-O", "-O22", "-o", "-DN=1\n", "-D\0", "-Dé", "-D N"].iter().any(|flag| allows(&allowed, flag)));
    }

    #[test]
    fn a_worker_of_an_earlier_version_allows_no_flags() {
        let told = r#"{"id":"c","name":"C","version":null,"source_name":"main.c","available":true,"reason":null}"#;
        assert_eq!(serde_json::from_str::<LanguageInfo>(told).unwrap().flags, Vec::<String>::new());
    }
}
