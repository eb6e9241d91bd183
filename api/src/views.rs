//! JSON of this API beyond what `herald_domain::view` shares with the other parts.

mod ledger;
mod money;
mod rejudging;
mod webhooks;

use herald_domain::id::{DeadLetterId, KeyId, SubmissionId};
use herald_domain::identity::{ApiKey, Scope};
use herald_domain::language::LanguageInfo;
use herald_domain::problem::{ProblemSummary, Sample, Starter};
use herald_domain::store::DeadLetter;
use herald_domain::submission::{Limits, SourceFile, Status, Submission, Tests, Verdict};
use herald_domain::view::{AcceptedView, ProblemDetails};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

pub use ledger::{LedgerCheckView, ReconcileView};
pub use money::{AccountRequest, CaptureRequest, FundRequest, HoldRequest, RefundRequest, TransferRequest};
pub use rejudging::{RejudgeCountView, RejudgeView};
pub use webhooks::{AttemptView, CallView, EndpointRequest, EndpointView, NewEndpointView};

/// Body of `POST /submit`. Exactly one of `source` and `files`.
///
/// With a problem the program is judged; without one it is run once on `stdin` and its output comes back.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitRequest {
    /// Slug of a problem (`GET /problems`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Id of a language (`GET /languages`).
    #[schema(min_length = 1)]
    pub language: String,
    /// The whole program as one file; at most 256 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 262144)]
    pub source: Option<String>,
    /// The program as several files, the first being the entry point; 1 to 20, at most 256 KiB together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 20)]
    pub files: Option<Vec<SourceFile>>,
    /// Name of that one of `files` which is the entry point, if it is not the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// For the compiler or run-time: at most 16 of those that the language allows (`flags` in `GET /languages`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 16)]
    pub flags: Vec<String>,
    /// What the program reads where there is no problem; at most 256 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 262144)]
    pub stdin: Option<String>,
    /// Absent: the problem's, or the server's own.
    #[serde(default)]
    pub limits: Limits,
}

/// Body of `POST /submissions/batch`.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    #[schema(min_items = 1, max_items = 100)]
    pub submissions: Vec<SubmitRequest>,
}

/// `202` of `POST /submissions/batch`: one item for each submission, in order.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BatchView {
    pub items: Vec<BatchItem>,
}

/// What became of one submission of a batch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum BatchItem {
    Accepted(AcceptedView),
    /// Refused by itself: the user's bound on unfinished submissions was reached at this one.
    Refused {
        error: ProblemDetails,
    },
}

/// One of `GET /submissions`: without cases and outputs, which `GET /status/{id}` has.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SubmissionView {
    pub id: SubmissionId,
    pub user: String,
    pub status: Status,
    pub verdict: Option<Verdict>,
    pub reason: Option<String>,
    pub score: Option<f64>,
    pub problem: Option<String>,
    pub language: String,
    pub tests: Tests,
    /// CPU time of the slowest case.
    pub time_ms: Option<u64>,
    pub wall_ms: Option<u64>,
    /// KiB of the largest case.
    pub memory_kb: Option<u64>,
    pub attempt: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    pub offset: u64,
}

impl SubmissionView {
    pub(crate) fn of(s: Submission) -> Self {
        Self {
            id: s.id,
            user: s.owner.user_name().to_owned(),
            status: s.status,
            verdict: s.verdict,
            reason: s.reason,
            score: s.score,
            problem: s.problem.map(|problem| problem.slug),
            language: s.language,
            tests: s.tests,
            time_ms: s.time_ms,
            wall_ms: s.wall_ms,
            memory_kb: s.memory_kb,
            attempt: s.attempt,
            created_at: s.created_at,
            finished_at: s.finished_at,
            offset: s.offset,
        }
    }
}

/// One of `GET /problems`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemListView {
    pub slug: String,
    pub title: String,
    /// `pass-fail` or `scoring`, and with it `interactive`, `multi-pass` or both; `function` where one completes a starter
    /// instead of writing a whole program.
    pub types: Vec<String>,
    /// What a problem of type `scoring` gives at most; null: no bound, or not a scoring problem.
    pub max_score: Option<f64>,
    /// Ids of the languages that it takes; null: any.
    pub languages: Option<Vec<String>>,
    /// CPU time of one run, in milliseconds. A language may have a limit of its own.
    pub time_limit_ms: u64,
    /// Memory of one run, in KiB.
    pub memory_limit_kb: u64,
    /// Sample and secret together.
    pub test_cases: u32,
    /// SHA-256 of the package that judges from now on.
    pub version: String,
}

impl ProblemListView {
    /// `ids` are those of all languages there are.
    pub(crate) fn of(summary: &ProblemSummary, version: String, ids: &[&str]) -> Self {
        let taken = || ids.iter().filter(|id| summary.allows(id)).map(|id| (*id).to_owned()).collect();
        let function = (!summary.starters.is_empty()).then(|| "function".to_owned());
        Self {
            slug: summary.slug.clone(),
            title: summary.title.clone(),
            types: summary.types.iter().cloned().chain(function).collect(),
            max_score: summary.max_score,
            languages: summary.languages.as_ref().map(|_| taken()),
            time_limit_ms: summary.time_limit_ms,
            memory_limit_kb: summary.memory_limit_kb,
            test_cases: summary.test_cases,
            version,
        }
    }
}

/// `GET /problems/{slug}`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemView {
    #[serde(flatten)]
    pub problem: ProblemListView,
    /// CommonMark.
    pub statement: String,
    /// The statement rendered; raw HTML in it is shown as text, so it is safe to put into a page.
    pub statement_html: String,
    pub samples: Vec<Sample>,
    /// What a solver begins with: one for each language that it takes and has one, by the language's id.
    pub starters: Vec<Starter>,
}

impl ProblemView {
    pub(crate) fn of(summary: ProblemSummary, version: String, ids: &[&str], statement_html: String) -> Self {
        let starter = |id: &&str| {
            let starter = summary.starter(id).filter(|_| summary.allows(id))?;
            Some(Starter { language: (*id).to_owned(), ..starter.clone() })
        };
        Self {
            problem: ProblemListView::of(&summary, version, ids),
            starters: ids.iter().filter_map(starter).collect(),
            statement: summary.statement,
            statement_html,
            samples: summary.samples,
        }
    }
}

/// `POST /admin/problems`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ImportView {
    pub slug: String,
    pub title: String,
    /// Sample and secret together.
    pub test_cases: u32,
    /// SHA-256 of the package.
    pub version: String,
    /// Whether another version judged before.
    pub changed: bool,
}

/// One of `GET /languages`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct LanguageView {
    pub id: String,
    /// For people.
    pub name: String,
    /// First line of what the toolchain says of itself.
    pub version: Option<String>,
    /// File name that a single `source` is stored under.
    pub source_name: String,
    pub available: bool,
    /// Why it is not available.
    pub reason: Option<String>,
    /// How many live workers can run it.
    pub workers: u32,
    /// What a submission may give in `flags`; `*` stands for anything.
    pub flags: Vec<String>,
}

impl LanguageView {
    pub(crate) fn of(language: &LanguageInfo) -> Self {
        Self {
            id: language.id.clone(),
            name: language.name.clone(),
            version: language.version.clone(),
            source_name: language.source_name.clone(),
            available: language.available,
            reason: language.reason.clone(),
            workers: 0,
            flags: language.flags.clone(),
        }
    }
}

/// Body of `POST /tickets`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketRequest {
    /// `user:me`, `user:<name>`, `submission:<id>` or `transfer:<id>`.
    #[schema(example = "user:me", pattern = "^(user|submission|transfer):.+$")]
    pub channel: String,
}

/// A signed grant to watch one channel, and where.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TicketView {
    pub ticket: String,
    pub channel: String,
    pub ws_url: String,
    pub events_url: String,
    /// After this it opens nothing; a connection that stands is not cut.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// `/livez` and `/readyz`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HealthView {
    /// `ok`; `degraded`: it works, but something that it needs is away.
    pub status: String,
    /// One for each thing looked at: `ok` or what is the matter. With `?verbose` in words for people.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub checks: std::collections::BTreeMap<String, String>,
}

/// Body of `POST /admin/keys`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    #[schema(example = "alice", pattern = "^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
    pub user: String,
    /// `user` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// A key without its secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyView {
    pub id: KeyId,
    pub user: String,
    pub scope: Scope,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub revoked_at: Option<OffsetDateTime>,
}

impl KeyView {
    pub(crate) fn of(key: ApiKey) -> Self {
        let user = key.owner.user_name().to_owned();
        Self { id: key.id, user, scope: key.scope, created_at: key.created_at, revoked_at: key.revoked_at }
    }
}

/// `201` of `POST /admin/keys`: the only time that the secret is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewKeyView {
    /// What stands behind `Authorization: Bearer`. It is not stored and cannot be shown again.
    pub key: String,
    #[serde(flatten)]
    pub about: KeyView,
}

/// One of `GET /admin/dead-letters`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterView {
    pub id: DeadLetterId,
    /// The work queue that it belonged to.
    pub queue: String,
    /// `submission:<id>` or `transfer:<id>` where it is known.
    pub entity: Option<String>,
    /// Whose it is, for `Herald-User`.
    pub user: Option<String>,
    pub error: String,
    /// The message body, where there was one.
    pub payload: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl DeadLetterView {
    pub(crate) fn of(letter: DeadLetter, user: Option<String>) -> Self {
        let DeadLetter { id, queue, entity, error, payload, at } = letter;
        Self { id, queue, entity, user, error, payload, at }
    }
}

/// What a redrive came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RedriveView {
    /// Dead letters that are gone: their submissions are queued again.
    pub redriven: u64,
    /// There are more than one call does; call again.
    pub more: bool,
}
