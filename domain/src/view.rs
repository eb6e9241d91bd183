//! JSON as users see it. The same types are documented in OpenAPI and AsyncAPI and used by the command line.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::event::raw;
use crate::submission::{CaseResult, MemorySource, Output, OutputStream, Outputs, Status, Submission, Tests, Verdict};

/// How many of a submission's cases a snapshot frame carries (without messages), so that it fits in a frame.
pub const SNAPSHOT_CASES: usize = 64;

/// `GET /status/{id}`, and the `data` of a snapshot (there without long outputs). Unknown yet = null.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    pub id: crate::id::SubmissionId,
    pub status: Status,
    pub verdict: Option<Verdict>,
    /// Machine-readable detail of the verdict.
    pub reason: Option<String>,
    pub score: Option<f64>,
    pub problem: Option<String>,
    /// SHA-256 of the problem package that judges it.
    pub problem_version: Option<String>,
    pub language: String,
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
    pub compile_output: Option<String>,
    pub stdout: Option<String>,
    pub stderr: Option<String>,
    /// Which of the long texts were cut: `stdout`, `stderr`, `compile_output`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<String>,
    pub attempt: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// The channel's head: rises with every stored event; also the ETag.
    pub offset: u64,
}

impl StatusView {
    /// The whole view, with outputs.
    pub fn full(submission: &Submission, outputs: Outputs) -> Self {
        let mut truncated = Vec::new();
        let mut take = |name: &str, output: Option<Output>| {
            let output = output?;
            if output.truncated {
                truncated.push(name.to_owned());
            }
            Some(output.text)
        };
        let compile_output = take("compile_output", outputs.compile_output);
        let stdout = take("stdout", outputs.stdout);
        let stderr = take("stderr", outputs.stderr);
        Self { compile_output, stdout, stderr, truncated, ..Self::brief(submission) }
    }

    /// The view for a snapshot frame: no outputs, no case messages, at most the last [`SNAPSHOT_CASES`] cases.
    pub fn snapshot(submission: &Submission) -> Self {
        let mut view = Self::brief(submission);
        let surplus = view.cases.len().saturating_sub(SNAPSHOT_CASES);
        view.cases.drain(..surplus);
        for case in &mut view.cases {
            case.message = None;
        }
        view
    }

    /// All but the outputs.
    pub fn brief(s: &Submission) -> Self {
        Self {
            id: s.id,
            status: s.status,
            verdict: s.verdict,
            reason: s.reason.clone(),
            score: s.score,
            problem: s.problem.as_ref().map(|p| p.slug.clone()),
            problem_version: s.problem.as_ref().map(|p| p.version.clone()),
            language: s.language.clone(),
            language_version: s.language_version.clone(),
            tests: s.tests,
            cases: s.cases.clone(),
            time_ms: s.time_ms,
            wall_ms: s.wall_ms,
            memory_kb: s.memory_kb,
            memory_source: s.memory_source,
            exit_code: s.exit_code,
            signal: s.signal,
            compile_output: None,
            stdout: None,
            stderr: None,
            truncated: Vec::new(),
            attempt: s.attempt,
            created_at: s.created_at,
            finished_at: s.finished_at,
            offset: s.offset,
        }
    }
}

/// The `data` of a stored submission event: small, whole in itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SubmissionEventData {
    pub id: crate::id::SubmissionId,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub score: Option<f64>,
    pub problem: Option<String>,
    pub language: String,
    pub tests: Tests,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wall_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub memory_kb: Option<u64>,
    pub attempt: u32,
    /// When the verdict was committed, by the store's clock: tells a watcher how late its news is.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub finished_at: Option<OffsetDateTime>,
    /// W3C trace context of the request that submitted it, so that a trace reaches the socket.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub traceparent: Option<String>,
}

impl SubmissionEventData {
    /// The event that tells of the submission as it stands *after* a change.
    pub fn of(s: &Submission) -> std::sync::Arc<serde_json::value::RawValue> {
        raw(&Self::from(s))
    }
}

impl From<&Submission> for SubmissionEventData {
    fn from(s: &Submission) -> Self {
        Self {
            id: s.id,
            status: s.status,
            verdict: s.verdict,
            reason: s.reason.clone(),
            score: s.score,
            problem: s.problem.as_ref().map(|p| p.slug.clone()),
            language: s.language.clone(),
            tests: s.tests,
            time_ms: s.time_ms,
            wall_ms: s.wall_ms,
            memory_kb: s.memory_kb,
            attempt: s.attempt,
            finished_at: s.finished_at,
            traceparent: s.traceparent.clone(),
        }
    }
}

/// The `data` of a progress frame.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProgressData {
    pub id: crate::id::SubmissionId,
    pub status: Status,
    pub tests: Tests,
    /// The case that has just been run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub case: Option<CaseResult>,
    /// What the program has just written; only without a problem.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<OutputChunk>,
}

/// A piece of what a program writes, shown while it runs: whole characters, in order, at most 4 KiB of a stream at once and 64 KiB
/// of a run. A hint as all progress: one that is lost shows by the next one's `at`, and `GET /status/{id}` has all of it in the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OutputChunk {
    pub stream: OutputStream,
    /// How many bytes of the stream came before.
    pub at: u64,
    /// What is not UTF-8 is shown as U+FFFD, as is NUL.
    pub text: String,
}

/// `202` of `POST /submit`. URLs are absolute.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AcceptedView {
    pub id: crate::id::SubmissionId,
    pub status: Status,
    pub channel: String,
    pub status_url: String,
    pub ws_url: String,
    pub events_url: String,
    pub ticket: String,
}

/// Every list.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What `?cursor=` takes for the next page; null on the last.
    pub next: Option<String>,
}

/// RFC 9457 problem details, `application/problem+json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemDetails {
    /// `<public url>/docs/errors#<code>`, or `about:blank`.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// Stable and machine-readable.
    pub code: String,
    /// What is wrong and what to do next.
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
    /// One for each field that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<FieldError>,
    /// `insufficient_funds`: how many minor units are missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shortfall: Option<u64>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the request body, or `?name` for a query parameter.
    pub pointer: String,
    pub detail: String,
}
