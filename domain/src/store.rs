//! The `Store` port: one method = one use case = one transaction. No row, transaction or driver type crosses it.
//!
//! Rules that every adapter keeps, each a clause of the contract suite (`testkit::store_contract`):
//! * a state change, its event (offset + 1 on the entity's row) and its outbox row commit together or not at all;
//! * leases, due times and `at` are by the store's own clock;
//! * a write under a lease is a compare-and-set on the token: with another token it changes nothing and says so;
//! * a method may be called again after an error without doing harm.

mod ledger;
mod rejudging;
mod webhooks;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::channel::Channel;
use crate::event::StoredEvent;
use crate::id::{DeadLetterId, Epoch, KeyId, LeaseToken, MessageId, SubmissionId};
use crate::identity::ApiKey;
use crate::money::TransferStep;
use crate::owner::{Owner, Partition};
use crate::problem::{PackageFile, ProblemPackage, ProblemSummary};
use crate::process::ProcessInfo;
use crate::submission::{CaseResult, SourceFile};
use crate::submission::{Claim, Judgement, NewSubmission, Outputs, Status, Submission, Tests, Verdict};
use crate::ticket::SigningKey;

pub use ledger::{
    Booked, Effects, HoldChange, Ledger, LedgerCheck, MAX_PAST, Moved, NewRefund, Opened, Past, Pasts, Recorded,
    Screen, TransferFilter, TransferIntake,
};
pub use rejudging::{Rejudge, RejudgeCount, Rejudged, Rejudging};
pub use webhooks::Webhooks;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached, is overloaded or timed out; nothing was done *or* it is not known whether it was.
    /// Callers answer 503 with `Retry-After`, or pause and try again.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A concurrent request with the same idempotency key did not finish within 5 s (409).
    #[error("another request with the same key is still being worked on")]
    Busy,
    /// The store answered with something that it should never hold, or refused a statement: a bug or tampering.
    #[error("the store is broken: {0}")]
    Broken(String),
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// Everything that Herald keeps.
pub trait Store:
    Submissions
    + Work
    + Rejudging
    + Ledger
    + Effects
    + Pasts
    + Webhooks
    + Outbox
    + Events
    + Problems
    + Identity
    + Fleet
    + Send
    + Sync
    + 'static
{
}
impl<T> Store for T where
    T: Submissions
        + Work
        + Rejudging
        + Ledger
        + Effects
        + Pasts
        + Webhooks
        + Outbox
        + Events
        + Problems
        + Identity
        + Fleet
        + Send
        + Sync
        + 'static
{
}

/// What became of one submission of a batch.
#[derive(Clone, PartialEq, Debug)]
pub enum Accepted {
    /// Committed: row, sources, event `submission.queued` (offset 1) and outbox row.
    Created(Box<Created>),
    /// The same idempotency key with the same request hash was accepted before: the row as it stands now.
    Replayed(Box<Submission>),
    /// The same key with another request.
    KeyReused,
    /// The user has this many unfinished submissions already.
    TooManyOpen { open: u64 },
}

#[derive(Clone, PartialEq, Debug)]
pub struct Created {
    pub submission: Submission,
    pub event: EventEq,
    pub outbox: OutboxRow,
}

/// A stored event, compared by channel and offset (which name it).
#[derive(Clone, Debug)]
pub struct EventEq(pub StoredEvent);

impl PartialEq for EventEq {
    fn eq(&self, other: &Self) -> bool {
        self.0.channel == other.0.channel && self.0.offset == other.0.offset
    }
}

/// A new submission with the id that its outbox row shall have.
#[derive(Clone, Debug)]
pub struct Intake {
    pub submission: NewSubmission,
    pub message: MessageId,
}

/// What a cancel came to.
#[derive(Clone, PartialEq, Debug)]
pub enum Cancelled {
    /// Now cancelled, with the event `submission.cancelled`; or, where it was being judged again, finished as it was before, with the
    /// event `submission.finished`. The lease is gone, so a renewal by the worker fails and kills the run.
    Now(Box<Submission>, EventEq),
    /// It already was cancelled.
    Before(Box<Submission>),
    /// It had a verdict already; nothing changed.
    Finished(Box<Submission>),
    /// No such submission of this owner.
    Unknown,
}

/// Which submissions to list. `None` matches all.
#[derive(Clone, Default, Debug)]
pub struct SubmissionFilter {
    pub owner: Option<Owner>,
    pub problem: Option<String>,
    pub verdict: Option<Verdict>,
    pub status: Option<Status>,
}

/// Accepting and reading submissions.
#[async_trait]
pub trait Submissions {
    /// Accepts a batch in one transaction; outcomes in the order given. `user_limit` is the most unfinished submissions
    /// that one owner may have, not counting what is judged again. `turn` of each = what counts so at that moment (rows of
    /// the batch before it included). Replays are decided before the limit; the same id again is a replay too, so a caller
    /// that does not know whether its accept was committed may ask again. Refusals store nothing.
    async fn accept_submissions(&self, batch: &[Intake], user_limit: u64) -> Result<Vec<Accepted>>;

    /// The submission, if `owner` is `None` or its owner.
    async fn get_submission(&self, id: SubmissionId, owner: Option<&Owner>) -> Result<Option<Submission>>;

    /// Several at once, in any order; unknown ids are left out.
    async fn get_submissions(&self, ids: &[SubmissionId]) -> Result<Vec<Submission>>;

    async fn get_outputs(&self, id: SubmissionId) -> Result<Outputs>;

    async fn get_source(&self, id: SubmissionId) -> Result<Vec<SourceFile>>;

    /// Newest first (by id, descending); `before` is the last id of the page before.
    async fn list_submissions(
        &self,
        filter: &SubmissionFilter,
        before: Option<SubmissionId>,
        limit: u32,
    ) -> Result<Vec<Submission>>;

    /// The owner's submissions whose state changed last, newest change first.
    async fn recent_submissions(&self, owner: &Owner, limit: u32) -> Result<Vec<Submission>>;

    async fn cancel_submission(&self, id: SubmissionId, owner: Option<&Owner>) -> Result<Cancelled>;

    /// Unfinished submissions of all users, but for those that are judged again.
    async fn count_open(&self) -> Result<u64>;
}

/// What a claim came to.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// Leased: state `compiling`, attempt + 1, and its event.
    Work(Box<Claim>, StoredEvent),
    /// The best due row had used up its attempts: it is `finished` with `internal_error` (`attempts`), a dead letter with its
    /// last error is written, and this is its event.
    Exhausted(StoredEvent),
    /// Nothing is due in this class.
    Nothing,
}

/// A wake-up that is due: publish one message of the class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wake {
    pub submission: SubmissionId,
    pub class: String,
}

/// Working on submissions under leases. All of these fence by token.
#[async_trait]
pub trait Work {
    /// Takes the best due row of the class by (priority, turn, id), skipping rows that others are taking. Due: not final, no
    /// lease is running and, if it was released, `run_at` has come (a clock that is set back delays nothing fresh). Sets the
    /// lease to `lease_ms` from now, and clears tests, cases and figures of an earlier attempt.
    async fn claim(&self, class: &str, token: LeaseToken, lease_ms: u64) -> Result<Claimed>;

    /// Extends the lease; `false`: cancelled, fenced or expired and taken, so stop the run.
    async fn renew(&self, id: SubmissionId, token: LeaseToken, lease_ms: u64) -> Result<bool>;

    /// `compiling` → `running` with the number of cases, and its event (again the same one, if it was told before under this
    /// token); `None`: fenced.
    async fn start_running(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        total: Option<u32>,
    ) -> Result<Option<StoredEvent>>;

    /// Counts and cases so far, without an event and without touching the offset; `false`: fenced.
    async fn save_progress(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        tests: Tests,
        cases: &[CaseResult],
    ) -> Result<bool>;

    /// Ends the submission with its verdict, outputs and event, once; `None`: fenced, nothing was written.
    async fn record_verdict(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        judgement: &Judgement,
    ) -> Result<Option<StoredEvent>>;

    /// Gives the work back after a failed or broken-off attempt: state `queued`, due in `delay_ms`, `last_error` kept, and
    /// its event; `None`: fenced. The attempt stays counted.
    async fn release(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        delay_ms: u64,
        error: &str,
    ) -> Result<Option<StoredEvent>>;

    /// Rows whose `run_at` or lease has come due since they were last woken, at most `limit`; each is handed out once per
    /// 10 s over all callers.
    async fn due_wakes(&self, limit: u32) -> Result<Vec<Wake>>;

    /// Due rows (as for [`Work::claim`]) of the class that have been due for at least `older_than_ms`, best first. For
    /// refilling an empty queue; marks nothing.
    async fn due_rows(&self, class: &str, older_than_ms: u64, limit: u32) -> Result<Vec<Wake>>;

    /// Submissions never claimed within `max_age_ms` of their accept or redrive become `internal_error` (`no_worker`); their
    /// events.
    async fn expire_unclaimed(&self, max_age_ms: u64, limit: u32) -> Result<Vec<StoredEvent>>;

    /// Ends every running lease, of submissions, effects and notices, for a process that knows itself alone at start: the tokens are
    /// void, and the work is due, and to be woken, at once. How many there were.
    async fn expire_leases(&self) -> Result<u64>;

    /// Classes that have unfinished rows.
    async fn open_classes(&self) -> Result<Vec<String>>;
}

/// An obligation to publish one wake-up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxRow {
    pub id: MessageId,
    pub wakes: Wakes,
    pub traceparent: Option<String>,
}

/// Whom an outbox row is to wake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wakes {
    /// A worker of the class.
    Work { submission: SubmissionId, class: String },
    /// Every service that the step concerns.
    Services(TransferStep),
}

/// A thing that could not be done, kept for a person to look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetter {
    pub id: DeadLetterId,
    /// `judge.<class>` or `service.<name>`: the queue that it belonged to.
    pub queue: String,
    /// `submission:<id>` or `transfer:<id>` where it is known.
    pub entity: Option<String>,
    pub error: String,
    /// The message body, where there was one, as text (≤ 16 KiB).
    pub payload: Option<String>,
    pub at: OffsetDateTime,
}

/// The outbox, and what went wrong for good.
#[async_trait]
pub trait Outbox {
    /// Rows whose claim has run out (a new row is claimed for 5 s by the process that wrote it), oldest first; claims them
    /// for `claim_ms`, so that two relays do not publish the same.
    async fn claim_outbox(&self, limit: u32, claim_ms: u64) -> Result<Vec<OutboxRow>>;

    /// At start of a process that knows itself alone: makes every row claimable now.
    async fn release_outbox(&self) -> Result<u64>;

    async fn delete_outbox(&self, ids: &[MessageId]) -> Result<()>;

    /// Rows waiting to be published.
    async fn count_outbox(&self) -> Result<u64>;

    /// Once per id. `at` is set by the store.
    async fn add_dead_letter(&self, letter: &DeadLetter) -> Result<()>;

    /// Newest first; `before` is the last id of the page before.
    async fn list_dead_letters(&self, before: Option<DeadLetterId>, limit: u32) -> Result<Vec<DeadLetter>>;

    /// Deletes the letter and gives its submission another chance. Finished with `internal_error`: queued again (state
    /// `queued`, verdict, results and outputs cleared, ten fresh attempts) with event and outbox row. Still open: an outbox row
    /// alone, as it only lacks a wake-up. Judged, cancelled or unknown, or a letter without an entity: the letter is only
    /// deleted.
    ///
    /// A letter of `service.webhook` and `submission:<id>` concerns the notice alone: it is due now, with ten fresh attempts,
    /// unless a lease is running.
    ///
    /// A letter of `service.<name>` and `transfer:<id>` concerns that one effect. Failed: pending again, with ten fresh attempts
    /// and the event `<service>.pending`. Pending: due now. Either is yielded by [`Effects::due_effects`] at once, unless a
    /// lease is running; there is no outbox row, which would wake the other services. Done, skipped or unknown: the letter is
    /// only deleted.
    ///
    /// `None`: no such letter.
    async fn redrive(&self, letter: DeadLetterId, message: MessageId) -> Result<Option<Redriven>>;
}

#[derive(Clone, Debug)]
pub struct Redriven {
    pub event: Option<StoredEvent>,
    pub outbox: Option<OutboxRow>,
}

/// Stored events of some time, for a hub that catches up.
#[derive(Clone, Debug)]
pub struct CatchUp {
    /// By (`at`, channel, offset).
    pub events: Vec<StoredEvent>,
    /// `false`: the limit was hit; ask again from the last event's `at`.
    pub complete: bool,
    /// The store's time at the read.
    pub now: OffsetDateTime,
}

/// The log of events.
#[async_trait]
pub trait Events {
    async fn epoch(&self) -> Result<Epoch>;

    /// The store's time.
    async fn store_now(&self) -> Result<OffsetDateTime>;

    /// Events with `at >= since` whose audience falls in one of the partitions. At most about `limit`: those that share
    /// `since` come in addition, and those that share one `at` come together, so that asking again from the last event's `at`
    /// always gets to the end.
    async fn events_since(&self, since: OffsetDateTime, partitions: &[Partition], limit: u32) -> Result<CatchUp>;

    /// For each channel the events after its offset, in one query; by channel and offset.
    async fn channel_events(&self, after: &[(Channel, u64)]) -> Result<Vec<StoredEvent>>;

    /// Makes room ahead (partitions of the coming days) and drops what is past its keep: events after 7 days, outputs after
    /// 90, dead letters, notices that were given up and attempts at webhooks after 30. Called at start and hourly.
    async fn maintain(&self) -> Result<()>;
}

/// Problem packages.
#[async_trait]
pub trait Problems {
    /// Stores the version if it is new and makes it the current one of its slug; `true`: it was not current before.
    async fn import_problem(&self, package: &ProblemPackage) -> Result<bool>;

    /// By slug; `after` is the last slug of the page before.
    async fn list_problems(&self, after: Option<&str>, limit: u32) -> Result<Vec<(ProblemSummary, String)>>;

    /// The current version: summary and version.
    async fn get_problem(&self, slug: &str) -> Result<Option<(ProblemSummary, String)>>;

    /// All files of a version, by path.
    async fn problem_files(&self, version: &str) -> Result<Option<Vec<PackageFile>>>;
}

/// Keys.
#[async_trait]
pub trait Identity {
    /// The key that tickets are signed with; made by `migrate`.
    async fn signing_key(&self) -> Result<SigningKey>;

    async fn add_key(&self, key: &ApiKey) -> Result<()>;

    /// By the hash of the secret; a revoked key is not found.
    async fn find_key(&self, hash: &str) -> Result<Option<ApiKey>>;

    async fn list_keys(&self) -> Result<Vec<ApiKey>>;

    /// `false`: no such key, or revoked before.
    async fn revoke_key(&self, id: KeyId) -> Result<bool>;

    /// Keys revoked within the last 25 h (no ticket lives longer).
    async fn revoked_keys(&self) -> Result<Vec<KeyId>>;
}

/// The fleet and the store's own state.
#[async_trait]
pub trait Fleet {
    /// Writes the process's row with `seen_at` = now.
    async fn refresh_process(&self, process: &ProcessInfo) -> Result<()>;

    async fn remove_process(&self, id: crate::id::ProcessId) -> Result<()>;

    /// Those seen within [`crate::process::SEEN_WITHIN_MS`].
    async fn list_processes(&self) -> Result<Vec<ProcessInfo>>;

    /// A cheap read that fails if the store cannot be read (for readiness).
    async fn ping(&self) -> Result<()>;

    /// Name and version of the database, for people.
    async fn describe(&self) -> Result<String>;
}
