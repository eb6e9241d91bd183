//! From what SQLite holds to the domain's types, and the other way.

use std::str::FromStr;

use herald_domain::id::SubmissionId;
use herald_domain::owner::Owner;
use herald_domain::store::Result;
use herald_domain::submission::{ProblemRef, Submission, Tests};
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::fault::broken;

/// A row of `submissions`, without what only a claim needs.
pub(crate) struct SubmissionRow {
    pub id: Uuid,
    pub owner: String,
    pub problem: Option<String>,
    pub problem_version: Option<String>,
    pub language: String,
    pub class: String,
    pub status: String,
    pub verdict: Option<String>,
    pub reason: Option<String>,
    pub score: Option<f64>,
    pub language_version: Option<String>,
    pub tests_passed: i64,
    pub tests_run: i64,
    pub tests_total: Option<i64>,
    pub cases: String,
    pub time_ms: Option<i64>,
    pub wall_ms: Option<i64>,
    pub memory_kb: Option<i64>,
    pub memory_source: Option<String>,
    pub exit_code: Option<i64>,
    pub signal: Option<i64>,
    pub attempt: i64,
    pub offset: i64,
    pub created_at: i64,
    pub finished_at: Option<i64>,
    pub traceparent: Option<String>,
    pub idempotency_key: Option<String>,
    pub request_hash: Option<String>,
}

/// A checked statement that yields [`SubmissionRow`]s: `"… select"` or `"… returning"`, then the columns, then the rest.
macro_rules! submission_rows {
    ($head:literal, $tail:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::row::SubmissionRow,
            $head
                + r#" id as "id!: uuid::Uuid", owner as "owner!", problem as "problem?",
                problem_version as "problem_version?", language as "language!", class as "class!", status as "status!",
                verdict as "verdict?", reason as "reason?", score as "score?", language_version as "language_version?",
                tests_passed as "tests_passed!", tests_run as "tests_run!", tests_total as "tests_total?",
                cases as "cases!", time_ms as "time_ms?", wall_ms as "wall_ms?", memory_kb as "memory_kb?",
                memory_source as "memory_source?", exit_code as "exit_code?", signal as "signal?", attempt as "attempt!",
                "offset" as "offset!", created_at as "created_at!", finished_at as "finished_at?",
                traceparent as "traceparent?", idempotency_key as "idempotency_key?", request_hash as "request_hash?" "#
                + $tail,
            $($arg),*
        )
    };
}
pub(crate) use submission_rows;

impl SubmissionRow {
    pub(crate) fn into_domain(self) -> Result<Submission> {
        let problem = match (self.problem, self.problem_version) {
            (Some(slug), Some(version)) => Some(ProblemRef { slug, version }),
            (None, None) => None,
            _ => return Err(broken(format!("submission {} has half a problem", self.id))),
        };
        let tests = Tests {
            passed: number(self.tests_passed)?,
            run: number(self.tests_run)?,
            total: self.tests_total.map(number).transpose()?,
        };
        Ok(Submission {
            id: SubmissionId(self.id),
            owner: Owner::from_stored(self.owner),
            problem,
            language: self.language,
            class: self.class,
            status: word(&self.status)?,
            verdict: self.verdict.as_deref().map(word).transpose()?,
            reason: self.reason,
            score: self.score,
            language_version: self.language_version,
            tests,
            cases: from_json(&self.cases)?,
            time_ms: self.time_ms.map(number).transpose()?,
            wall_ms: self.wall_ms.map(number).transpose()?,
            memory_kb: self.memory_kb.map(number).transpose()?,
            memory_source: self.memory_source.as_deref().map(word).transpose()?,
            exit_code: self.exit_code.map(number).transpose()?,
            signal: self.signal.map(number).transpose()?,
            attempt: number(self.attempt)?,
            offset: number(self.offset)?,
            created_at: time(self.created_at)?,
            finished_at: self.finished_at.map(time).transpose()?,
            traceparent: self.traceparent,
        })
    }
}

/// Rows to domain, in their order.
pub(crate) fn submissions(rows: Vec<SubmissionRow>) -> Result<Vec<Submission>> {
    rows.into_iter().map(SubmissionRow::into_domain).collect()
}

pub(crate) fn word<T: FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| broken(format!("'{text}' is not a word of its column")))
}

pub(crate) fn number<T: TryFrom<i64>>(value: i64) -> Result<T> {
    T::try_from(value).map_err(|_| broken(format!("{value} is out of its column's range")))
}

/// For a number on its way in; none that Herald makes is out of range.
pub(crate) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| broken(format!("stored JSON cannot be read: {error}")))
}

pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| broken(format!("a value cannot be written as JSON: {error}")))
}

/// Ids as the JSON list that statements take apart with `unhex(value)`.
pub(crate) fn id_list(ids: impl IntoIterator<Item = Uuid>) -> Result<String> {
    to_json(&ids.into_iter().map(hex).collect::<Vec<_>>())
}

pub(crate) fn hex(id: Uuid) -> String {
    id.as_simple().to_string()
}

/// Microseconds since 1970, as the columns hold time.
pub(crate) fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

pub(crate) fn time(micros: i64) -> Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .map_err(|_| broken(format!("{micros} is no time")))
}

/// Milliseconds of the port as microseconds of the columns.
pub(crate) fn ms(milliseconds: u64) -> i64 {
    integer(milliseconds).saturating_mul(1_000)
}
