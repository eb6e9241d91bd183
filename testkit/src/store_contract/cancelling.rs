//! Cancelling: final, once, by the owner.

use herald_domain::store::Cancelled;
use herald_domain::submission::{LEASE_MS, Outputs, Status, Tests, Verdict};

use super::Harness;
use super::steps::{accept_plain, assert_event, claim, claim_nothing, get, log_names};
use crate::build::{judgement, owner, submission_id};

pub async fn an_open_submission_is_cancelled_once(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    let id = accept_plain(&*store, &alice).await;
    let Cancelled::Now(row, event) = store.cancel_submission(id, Some(&alice)).await.unwrap() else {
        panic!("not cancelled")
    };
    assert_eq!((row.status, row.verdict, row.offset), (Status::Cancelled, None, 2));
    assert!(row.finished_at.is_some());
    assert_event(&event.0, &row);
    assert_eq!(get(&*store, id).await, *row);

    let again = h.second().await.cancel_submission(id, Some(&alice)).await.unwrap();
    assert_eq!(again, Cancelled::Before(row));
    claim_nothing(&*store).await;
    assert_eq!(store.count_open().await.unwrap(), 0);
    assert_eq!(log_names(&*store, id).await, ["queued", "cancelled"]);
}

pub async fn a_cancelled_run_is_fenced(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    store.start_running(id, work.token, Some(2)).await.unwrap().unwrap();
    assert!(matches!(store.cancel_submission(id, None).await.unwrap(), Cancelled::Now(..)));
    let cancelled = get(&*store, id).await;

    assert!(!store.renew(id, work.token, LEASE_MS).await.unwrap());
    assert!(!store.save_progress(id, work.token, Tests::default(), &[]).await.unwrap());
    assert!(store.start_running(id, work.token, Some(2)).await.unwrap().is_none());
    assert!(store.release(id, work.token, 0, "no").await.unwrap().is_none());
    assert!(store.record_verdict(id, work.token, &judgement(Verdict::Accepted)).await.unwrap().is_none());
    assert_eq!(get(&*store, id).await, cancelled);
    assert_eq!(store.get_outputs(id).await.unwrap(), Outputs::default());
    assert_eq!(log_names(&*store, id).await, ["queued", "compiling", "running", "cancelled"]);
}

pub async fn a_finished_submission_stays_as_it_is(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    store.record_verdict(id, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    let finished = get(&*store, id).await;
    let outcome = store.cancel_submission(id, None).await.unwrap();
    assert_eq!(outcome, Cancelled::Finished(Box::new(finished.clone())));
    assert_eq!(get(&*store, id).await, finished);
}

pub async fn only_the_owner_cancels(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    assert_eq!(store.cancel_submission(id, Some(&owner("bob"))).await.unwrap(), Cancelled::Unknown);
    assert_eq!(store.cancel_submission(submission_id(), None).await.unwrap(), Cancelled::Unknown);
    assert_eq!(get(&*store, id).await.status, Status::Queued);
    assert!(matches!(store.cancel_submission(id, None).await.unwrap(), Cancelled::Now(..)), "nobody in particular may");
}

pub async fn a_cancel_and_a_verdict_at_once_end_it_once(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    for _ in 0..8 {
        let id = accept_plain(&*one, &owner("alice")).await;
        let (work, _) = claim(&*one).await;
        let judged = judgement(Verdict::Accepted);
        let (cancelled, verdict) =
            futures::join!(one.cancel_submission(id, None), two.record_verdict(id, work.token, &judged));
        let row = get(&*one, id).await;
        match (cancelled.unwrap(), verdict.unwrap()) {
            (Cancelled::Now(..), None) => assert_eq!(row.status, Status::Cancelled),
            (Cancelled::Finished(..), Some(_)) => assert_eq!(row.status, Status::Finished),
            other => panic!("both or neither: {other:?}"),
        }
        assert_eq!(log_names(&*one, id).await.len(), 3);
    }
}
