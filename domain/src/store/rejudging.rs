//! The port of judging again.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{OutboxRow, Result};
use crate::event::StoredEvent;
use crate::id::{MessageId, SubmissionId};
use crate::verdict::VerdictRecord;

/// Which finished submissions are to be judged again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejudge {
    /// Slug.
    pub problem: String,
    /// Those that were accepted at this time or later, by the store's clock; `None`: all.
    pub since: Option<OffsetDateTime>,
    /// Those too that the current version has judged.
    pub again: bool,
}

/// What a rejudge would come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RejudgeCount {
    /// The current version of the problem.
    pub version: String,
    /// Would be judged again.
    pub finished: u64,
    /// Are being judged now by another version, which is left to end.
    pub open: u64,
}

/// What one page came to.
#[derive(Clone, Default, Debug)]
pub struct Rejudged {
    pub events: Vec<StoredEvent>,
    pub outbox: Vec<OutboxRow>,
    /// The `before` of the next page; `None`: this was the last.
    pub next: Option<SubmissionId>,
}

/// Judging again what has a verdict, by the version of its problem that is current now.
///
/// Rule: a submission that has had a verdict is never without one for good. While it is judged again the verdict is kept, and a
/// cancel gives it back; the outputs stay until there are others.
#[async_trait]
pub trait Rejudging {
    /// `None`: no such problem.
    async fn count_rejudge(&self, asked: &Rejudge) -> Result<Option<RejudgeCount>>;

    /// Looks at as many of the problem's submissions as there are messages, by id, descending from `before`. Those that are asked
    /// for and finished are queued in one transaction: the verdict kept, the current version named, ten fresh attempts, behind
    /// fresh work ([`crate::verdict::REJUDGE_PRIORITY`]), with event and outbox row. From then on such a submission counts neither
    /// in [`super::Submissions::count_open`] nor against its owner's limit, and does not expire unclaimed.
    ///
    /// A row that was queued is not finished, and one that was judged has the current version: called again, be it by two at once or
    /// after a crash, it takes effect once for each row unless `again` is asked for. `None`: no such problem.
    async fn rejudge(
        &self,
        asked: &Rejudge,
        before: Option<SubmissionId>,
        messages: &[MessageId],
    ) -> Result<Option<Rejudged>>;

    /// The verdicts that were given before the submission was judged again, newest first; not the one that stands.
    async fn kept_verdicts(&self, id: SubmissionId) -> Result<Vec<VerdictRecord>>;
}
