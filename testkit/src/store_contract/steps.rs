//! Steps that many clauses share.

use herald_domain::channel::Channel;
use herald_domain::event::StoredEvent;
use herald_domain::id::SubmissionId;
use herald_domain::owner::Owner;
use herald_domain::store::{Accepted, Claimed, Created, Store};
use herald_domain::submission::{Claim, LEASE_MS, NewSubmission, Submission};
use serde_json::Value;

use crate::build::{intake, new_submission, token};

/// A limit on open submissions that no clause reaches by chance.
pub const PLENTY: u64 = 1_000_000;

pub async fn accept(store: &dyn Store, new: NewSubmission) -> Created {
    let mut outcomes = store.accept_submissions(&[intake(new)], PLENTY).await.unwrap();
    match outcomes.pop() {
        Some(Accepted::Created(created)) => *created,
        other => panic!("not created but {other:?}"),
    }
}

/// Accepts a submission with every default.
pub async fn accept_plain(store: &dyn Store, owner: &Owner) -> SubmissionId {
    accept(store, new_submission(owner)).await.submission.id
}

/// Claims in class `any`, which must have something due.
pub async fn claim(store: &dyn Store) -> (Claim, StoredEvent) {
    match store.claim("any", token(), LEASE_MS).await.unwrap() {
        Claimed::Work(claim, event) => (*claim, event),
        other => panic!("no work but {other:?}"),
    }
}

/// Claims in class `any`, which must have nothing due.
pub async fn claim_nothing(store: &dyn Store) {
    let claimed = store.claim("any", token(), LEASE_MS).await.unwrap();
    assert!(matches!(claimed, Claimed::Nothing), "nothing should be due, but: {claimed:?}");
}

/// The submission, which must exist.
pub async fn get(store: &dyn Store, id: SubmissionId) -> Submission {
    store.get_submission(id, None).await.unwrap().unwrap()
}

/// Every event of a submission; offsets count 1, 2, 3 … without a gap and end at the row's own.
pub async fn log(store: &dyn Store, id: SubmissionId) -> Vec<StoredEvent> {
    let events = store.channel_events(&[(Channel::Submission(id), 0)]).await.unwrap();
    let offsets: Vec<u64> = events.iter().map(|event| event.offset).collect();
    let expected: Vec<u64> = (1..=get(store, id).await.offset).collect();
    assert_eq!(offsets, expected, "offsets have a gap, or do not end at the row's");
    events
}

/// The last words of the events' names: `queued`, `compiling`, …
pub async fn log_names(store: &dyn Store, id: SubmissionId) -> Vec<String> {
    let short = |event: &StoredEvent| event.name.strip_prefix("submission.").unwrap_or(&event.name).to_owned();
    log(store, id).await.iter().map(short).collect()
}

pub fn data(event: &StoredEvent) -> Value {
    serde_json::from_str(event.data.get()).unwrap()
}

/// The event is one of this submission, with this name, offset and status.
pub fn assert_event(event: &StoredEvent, submission: &Submission) {
    assert_eq!(event.channel, Channel::Submission(submission.id));
    assert_eq!(event.offset, submission.offset);
    assert_eq!(event.name, submission.status.event_name());
    assert_eq!(event.audience, vec![submission.owner.clone()]);
    let data = data(event);
    assert_eq!(data["id"], submission.id.to_string());
    assert_eq!(data["status"], submission.status.as_str());
    assert_eq!(data["attempt"], submission.attempt);
    match submission.verdict {
        Some(verdict) => assert_eq!(data["verdict"], verdict.as_str()),
        None => assert_eq!(data.get("verdict"), None),
    }
}
