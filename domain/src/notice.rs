//! Notices: what an owner's endpoints are owed about a submission that has ended.
//!
//! A notice is a row, written in the transaction that ended the submission and only where an endpoint wanted it. It is gone when
//! each endpoint has taken the message; what could not be told is kept beside its dead letter, for a redrive.

use crate::submission::Submission;

/// What endpoints are told when a submission has ended, be it by its verdict or by a cancel.
pub const ENDED: &str = "submission.finished";

/// A notice is tried this many times in all; then it is a dead letter.
pub const MAX_NOTICE_ATTEMPTS: u32 = 10;

/// The queue that its dead letter names. The letter's entity is the submission.
pub const NOTICE_QUEUE: &str = "service.webhook";

/// A notice taken under a lease.
#[derive(Clone, PartialEq, Debug)]
pub struct NoticeClaim {
    /// Open again if it has been redriven since; then nothing is to be told before it has ended again, which owes a new notice.
    pub submission: Submission,
    /// Since it was made or last redriven, this one included.
    pub attempt: u32,
}

/// What an attempt came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoticeOutcome {
    /// Nobody is left to tell.
    Told,
    /// Tried again after `delay_ms`, while there are attempts left; else given up.
    Again { error: String, delay_ms: u64 },
}
