//! Judging again.

use herald_domain::store::RejudgeCount;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a rejudge would come to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RejudgeCountView {
    /// Slug.
    pub problem: String,
    /// SHA-256 of the package that would judge.
    pub version: String,
    /// Would be judged again.
    pub submissions: u64,
    /// Are being judged now by another version: they end by it, and can be judged again then.
    pub open: u64,
}

impl RejudgeCountView {
    pub(crate) fn of(problem: String, count: RejudgeCount) -> Self {
        Self { problem, version: count.version, submissions: count.finished, open: count.open }
    }
}

/// What one page came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RejudgeView {
    /// Submissions of this page that are queued again.
    pub rejudged: u64,
    /// What `?cursor=` takes for the next page; null on the last.
    pub next: Option<String>,
}
