//! The submission: what is asked, the state machine, what comes out.
//!
//! ```text
//! queued ──claim──▶ compiling ──▶ running ──▶ finished (one verdict)
//!    ▲  ╲               │            │
//!    │   ╲──cancel──────┴────────────┴─────▶ cancelled
//!    └─────── an attempt ended without a verdict ────┘
//! ```
//! Invariant: `finished` and `cancelled` are final, but for an operator's redrive and rejudge, which queue what is finished once
//! more ([`crate::store::Rejudging`]); every change goes through one store method, which writes the row,
//! its event (offset + 1) and, where a message must follow, an outbox row in one transaction.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::id::{LeaseToken, SubmissionId};
use crate::owner::Owner;
pub use crate::words::UnknownWord;
use crate::words::words;

/// Sources of one submission together, in bytes.
pub const MAX_SOURCE_BYTES: usize = 256 * 1024;
/// Standard input given with a submission, in bytes.
pub const MAX_STDIN_BYTES: usize = 256 * 1024;
/// stdout, stderr and compile output that are kept, each, in bytes.
pub const MAX_OUTPUT_BYTES: usize = 64 * 1024;
/// A case's message, in bytes.
pub const MAX_CASE_MESSAGE_BYTES: usize = 1024;
/// The claim after this many attempts records `internal_error` (`attempts`) and a dead letter.
pub const MAX_ATTEMPTS: u32 = 10;
/// How long a lease lasts by the store's clock; renewed every third of it.
pub const LEASE_MS: u64 = 15_000;
/// The longest that one submission may take, compile and all cases together.
pub const MAX_JUDGING_MS: u64 = 600_000;

words!(/// Where a submission stands.
Status {
    Queued = "queued", Compiling = "compiling", Running = "running", Finished = "finished", Cancelled = "cancelled",
});

impl Status {
    /// Nothing changes any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled)
    }

    /// The event that tells of having come into this state.
    pub fn event_name(self) -> &'static str {
        match self {
            Self::Queued => "submission.queued",
            Self::Compiling => "submission.compiling",
            Self::Running => "submission.running",
            Self::Finished => "submission.finished",
            Self::Cancelled => "submission.cancelled",
        }
    }
}

words!(/// The outcome of a finished submission, and of each test case.
Verdict {
    Accepted = "accepted", WrongAnswer = "wrong_answer", TimeLimitExceeded = "time_limit_exceeded",
    MemoryLimitExceeded = "memory_limit_exceeded", OutputLimitExceeded = "output_limit_exceeded",
    RunTimeError = "run_time_error", CompileError = "compile_error", InternalError = "internal_error",
});

words!(/// Where a program writes.
OutputStream { Stdout = "stdout", Stderr = "stderr" });

words!(/// What the memory figure was read from.
MemorySource { CgroupV2 = "cgroup_v2", CgroupV1 = "cgroup_v1", Rusage = "rusage" });

/// One source file; the first of a submission is the entry point.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// A plain file name: 1 to 100 characters out of letters, digits, `.`, `_`, `-`, not starting with a dot.
    pub name: String,
    pub content: String,
}

/// Limits asked for by a submission; absent = the problem's or the server's own. Each is capped by the server's maxima.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// CPU time of one run, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u64>,
    /// Wall-clock time of one run, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
    /// CPU time for which a run that is over `cpu_ms` goes on before it is stopped, in milliseconds; the verdict stays
    /// `time_limit_exceeded`. For a case of a problem at least a tenth of `cpu_ms`, so that one that is just over it can be run
    /// once more, alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_ms: Option<u64>,
    /// Memory, in KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_kb: Option<u64>,
    /// Stack of a thread, in KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_kb: Option<u64>,
    /// What one run may write to stdout and to stderr together, in KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_kb: Option<u64>,
    /// The largest file that a run may write, in KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_kb: Option<u64>,
    /// Processes and threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
}

/// What the server allows at most for each of [`Limits`], and the least that makes sense.
pub struct LimitRange {
    pub field: &'static str,
    pub least: u64,
    pub most: u64,
}

/// The ranges of [`Limits`], by field name.
pub const LIMIT_RANGES: [LimitRange; 8] = [
    LimitRange { field: "cpu_ms", least: 10, most: 30_000 },
    LimitRange { field: "wall_ms", least: 10, most: 120_000 },
    LimitRange { field: "extra_ms", least: 0, most: 10_000 },
    LimitRange { field: "memory_kb", least: 1_024, most: 2_097_152 },
    LimitRange { field: "stack_kb", least: 64, most: 1_048_576 },
    LimitRange { field: "output_kb", least: 1, most: 65_536 },
    LimitRange { field: "file_kb", least: 0, most: 262_144 },
    LimitRange { field: "processes", least: 1, most: 512 },
];

impl Limits {
    /// The values in the order of [`LIMIT_RANGES`].
    pub fn values(&self) -> [Option<u64>; 8] {
        let Self { cpu_ms, wall_ms, extra_ms, memory_kb, stack_kb, output_kb, file_kb, processes } = *self;
        [cpu_ms, wall_ms, extra_ms, memory_kb, stack_kb, output_kb, file_kb, processes]
    }

    /// From values in that order.
    pub fn from_values(values: [Option<u64>; 8]) -> Self {
        let [cpu_ms, wall_ms, extra_ms, memory_kb, stack_kb, output_kb, file_kb, processes] = values;
        Self { cpu_ms, wall_ms, extra_ms, memory_kb, stack_kb, output_kb, file_kb, processes }
    }
}

/// How a submission asks to be built and run: what the stores keep as one JSON text.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Wishes {
    #[serde(flatten)]
    pub limits: Limits,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
}

/// How many of the test cases have passed, have been run, exist. `total` is null until the worker has read the problem.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tests {
    pub passed: u32,
    pub run: u32,
    pub total: Option<u32>,
}

/// The outcome of one test case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CaseResult {
    /// From 1, in the order they are run.
    pub n: u32,
    /// `sample`, `secret`, or the path of a group below them.
    pub group: String,
    pub verdict: Verdict,
    /// Machine-readable detail: `ok`, `cpu`, `wall`, `oom`, `exit:1`, `signal:11`, `stdout_cap`, `token`, …
    pub reason: Option<String>,
    /// CPU time.
    pub time_ms: u64,
    pub wall_ms: u64,
    pub memory_kb: u64,
    /// Feedback for the submitter, ≤ 1 KiB; for sample cases only what is public.
    pub message: Option<String>,
}

/// What a client asks to have judged, checked and ready for the store.
#[derive(Clone, Debug)]
pub struct NewSubmission {
    pub id: SubmissionId,
    pub owner: Owner,
    /// The problem and the version of its package that is current at accept; none: run on `stdin`.
    pub problem: Option<ProblemRef>,
    pub language: String,
    /// At least one; the first is the entry point.
    pub files: Vec<SourceFile>,
    pub stdin: Option<String>,
    pub limits: Limits,
    /// For the compiler or run-time, within what the language allows.
    pub flags: Vec<String>,
    /// The pool of workers that takes it (`any` by default).
    pub class: String,
    /// Lower goes first; 0 by default.
    pub priority: i32,
    pub traceparent: Option<String>,
    pub idempotency: Option<Idempotency>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProblemRef {
    pub slug: String,
    /// SHA-256 of the package, lower-case hex.
    pub version: String,
}

/// An `Idempotency-Key` and the hash of the request that came with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idempotency {
    pub key: String,
    /// SHA-256 of the canonical request, lower-case hex.
    pub request_hash: String,
}

/// A submission as the store has it, without sources and outputs.
#[derive(Clone, PartialEq, Debug)]
pub struct Submission {
    pub id: SubmissionId,
    pub owner: Owner,
    pub problem: Option<ProblemRef>,
    pub language: String,
    pub class: String,
    pub status: Status,
    pub verdict: Option<Verdict>,
    pub reason: Option<String>,
    pub score: Option<f64>,
    pub language_version: Option<String>,
    pub tests: Tests,
    pub cases: Vec<CaseResult>,
    /// CPU time of the slowest case.
    pub time_ms: Option<u64>,
    pub wall_ms: Option<u64>,
    /// KiB of the largest case.
    pub memory_kb: Option<u64>,
    pub memory_source: Option<MemorySource>,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    /// 0 until the first claim.
    pub attempt: u32,
    /// The channel's head, and the ETag.
    pub offset: u64,
    pub created_at: OffsetDateTime,
    pub finished_at: Option<OffsetDateTime>,
    pub traceparent: Option<String>,
}

/// The long texts, in a table of their own, read only by GET.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Outputs {
    pub stdout: Option<Output>,
    pub stderr: Option<Output>,
    pub compile_output: Option<Output>,
}

/// A text cut to [`MAX_OUTPUT_BYTES`].
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Output {
    pub text: String,
    pub truncated: bool,
}

/// Work taken under a lease: everything that a worker needs.
#[derive(Clone, Debug)]
pub struct Claim {
    pub submission: Submission,
    pub token: LeaseToken,
    pub files: Vec<SourceFile>,
    pub stdin: Option<String>,
    pub limits: Limits,
    /// For the compiler or run-time, within what the language allows.
    pub flags: Vec<String>,
}

/// How judging ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement {
    pub verdict: Verdict,
    pub reason: Option<String>,
    pub score: Option<f64>,
    pub language_version: Option<String>,
    pub tests: Tests,
    pub cases: Vec<CaseResult>,
    pub time_ms: Option<u64>,
    pub wall_ms: Option<u64>,
    pub memory_kb: Option<u64>,
    pub memory_source: Option<MemorySource>,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    pub outputs: Outputs,
}

impl Judgement {
    /// A verdict with nothing measured: `internal_error` and its like.
    pub fn bare(verdict: Verdict, reason: &str) -> Self {
        Self {
            verdict,
            reason: Some(reason.to_owned()),
            score: None,
            language_version: None,
            tests: Tests::default(),
            cases: Vec::new(),
            time_ms: None,
            wall_ms: None,
            memory_kb: None,
            memory_source: None,
            exit_code: None,
            signal: None,
            outputs: Outputs::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema;

    #[test]
    fn a_word_is_the_same_in_json_in_text_and_in_documents() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.as_str());
            assert_eq!(verdict.as_str().parse(), Ok(*verdict));
        }
        let schema = serde_json::to_value(Status::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::json!(Status::ALL));
        assert_eq!(schema["description"], "Where a submission stands.");
    }

    #[test]
    fn wishes_are_told_as_their_limits_alone_were_before_there_were_flags() {
        let before = r#"{"cpu_ms":500,"processes":4}"#;
        let limits = Limits { cpu_ms: Some(500), processes: Some(4), ..Limits::default() };
        let wishes: Wishes = serde_json::from_str(before).unwrap();
        assert_eq!(wishes, Wishes { limits, flags: Vec::new() });
        assert_eq!(serde_json::to_string(&wishes).unwrap(), before);
        let all = Wishes { limits: Limits::from_values([1, 2, 3, 4, 5, 6, 7, 8].map(Some)), flags: vec!["-O0".into()] };
        assert_eq!(serde_json::from_str::<Wishes>(&serde_json::to_string(&all).unwrap()).unwrap(), all);
        assert_eq!(all.limits.values(), [1, 2, 3, 4, 5, 6, 7, 8].map(Some));
        let named = serde_json::to_value(all.limits).unwrap();
        for (range, value) in LIMIT_RANGES.iter().zip(1..) {
            assert_eq!(named[range.field], value, "{}", range.field);
        }
    }
}
