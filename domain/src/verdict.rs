//! Verdicts that a submission has had: the one that stands, and those that were given before it was judged again.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::submission::{CaseResult, MemorySource, Submission, Tests, Verdict};

/// Where work stands that is done again: behind all that is fresh (priority 0), however much of it there is.
pub const REJUDGE_PRIORITY: i32 = 100;

/// One verdict with its figures. The long texts are not kept beyond the verdict that stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct VerdictRecord {
    /// The attempt that the submission had come to.
    pub attempt: u32,
    /// SHA-256 of the problem package that judged; null: there was no problem.
    pub problem_version: Option<String>,
    pub verdict: Verdict,
    /// Machine-readable detail of the verdict.
    pub reason: Option<String>,
    pub score: Option<f64>,
    pub language_version: Option<String>,
    pub tests: Tests,
    pub cases: Vec<CaseResult>,
    /// CPU time of the slowest case, in milliseconds.
    pub time_ms: Option<u64>,
    pub wall_ms: Option<u64>,
    /// KiB of the largest case.
    pub memory_kb: Option<u64>,
    pub memory_source: Option<MemorySource>,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    #[serde(with = "time::serde::rfc3339")]
    pub finished_at: OffsetDateTime,
}

impl VerdictRecord {
    /// The verdict that stands; `None`: there is none now.
    pub fn of(s: &Submission) -> Option<Self> {
        Some(Self {
            attempt: s.attempt,
            problem_version: s.problem.as_ref().map(|problem| problem.version.clone()),
            verdict: s.verdict?,
            reason: s.reason.clone(),
            score: s.score,
            language_version: s.language_version.clone(),
            tests: s.tests,
            cases: s.cases.clone(),
            time_ms: s.time_ms,
            wall_ms: s.wall_ms,
            memory_kb: s.memory_kb,
            memory_source: s.memory_source,
            exit_code: s.exit_code,
            signal: s.signal,
            finished_at: s.finished_at?,
        })
    }
}
