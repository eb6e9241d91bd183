//! What the sweeper asks for: wake-ups, refills, expiry.

use std::collections::HashSet;
use std::time::Duration;

use herald_domain::id::SubmissionId;
use herald_domain::store::{Store, Wake};
use herald_domain::submission::{LEASE_MS, NewSubmission, Status, Verdict};

use super::Harness;
use super::steps::{accept, accept_plain, assert_event, claim, claim_nothing, get, log, log_names};
use crate::build::{dead_letter, judgement, message_id, new_submission, owner};

const PAST_A_LEASE: Duration = Duration::from_millis(LEASE_MS + 1_000);

pub async fn an_expired_lease_is_woken_once_in_ten_seconds(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let id = accept_plain(&*one, &owner("alice")).await;
    claim(&*one).await;
    assert_eq!(one.due_wakes(100).await.unwrap(), vec![]);
    h.advance(PAST_A_LEASE).await;
    let wake = Wake { submission: id, class: "any".into() };
    assert_eq!(one.due_wakes(100).await.unwrap(), vec![wake.clone()]);
    assert_eq!(two.due_wakes(100).await.unwrap(), vec![]);
    assert_eq!(one.due_wakes(100).await.unwrap(), vec![]);
    h.advance(Duration::from_secs(11)).await;
    assert_eq!(two.due_wakes(100).await.unwrap(), vec![wake]);
    claim(&*one).await;
    h.advance(Duration::from_secs(11)).await;
    assert_eq!(one.due_wakes(100).await.unwrap(), vec![], "it is leased again");
}

pub async fn a_renewed_lease_is_not_woken(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    for _ in 0..3 {
        h.advance(Duration::from_secs(8)).await;
        assert!(store.renew(id, work.token, LEASE_MS).await.unwrap());
        assert_no_wakes(&*store).await;
    }
    h.advance(PAST_A_LEASE).await;
    assert_eq!(ids(&store.due_wakes(100).await.unwrap()), [id], "the last renewal is over");
}

pub async fn released_work_is_woken_when_it_is_due(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    store.release(id, work.token, 60_000, "later").await.unwrap().unwrap();
    h.advance(Duration::from_secs(30)).await;
    assert_eq!(store.due_wakes(100).await.unwrap(), vec![]);
    h.advance(Duration::from_secs(31)).await;
    assert_eq!(store.due_wakes(100).await.unwrap(), vec![Wake { submission: id, class: "any".into() }]);
}

pub async fn what_the_outbox_wakes_or_what_is_final_is_not_woken(h: &dyn Harness) {
    let store = h.store().await;
    let cancelled = accept_plain(&*store, &owner("alice")).await;
    claim(&*store).await;
    let finished = accept_plain(&*store, &owner("bob")).await;
    let (work, _) = claim(&*store).await;
    accept_plain(&*store, &owner("carol")).await; // its outbox row wakes it
    store.cancel_submission(cancelled, None).await.unwrap();
    store.record_verdict(finished, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    h.advance(PAST_A_LEASE).await;
    assert_eq!(store.due_wakes(100).await.unwrap(), vec![]);
}

pub async fn wakes_are_limited_and_disjoint(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let mut all = HashSet::new();
    for _ in 0..20 {
        all.insert(accept_plain(&*one, &owner("alice")).await);
        claim(&*one).await;
    }
    h.advance(PAST_A_LEASE).await;
    assert_eq!(one.due_wakes(4).await.unwrap().len(), 4);
    let (left, right) = futures::join!(one.due_wakes(100), two.due_wakes(100));
    let rest = ids(&left.unwrap()).into_iter().chain(ids(&right.unwrap())).collect::<Vec<_>>();
    assert_eq!(rest.len(), 16, "a wake was handed out twice or kept back");
    assert!(rest.iter().all(|id| all.contains(id)));
    assert_eq!(rest.iter().collect::<HashSet<_>>().len(), 16);
}

pub async fn due_rows_are_those_that_a_claim_would_take(h: &dyn Harness) {
    let store = h.store().await;
    let taken = accept_plain(&*store, &owner("alice")).await;
    claim(&*store).await;
    let second = accept_plain(&*store, &owner("alice")).await;
    let first = accept_plain(&*store, &owner("bob")).await;
    accept(&*store, NewSubmission { class: "gpu".into(), ..new_submission(&owner("bob")) }).await;
    let cancelled = accept_plain(&*store, &owner("carol")).await;
    store.cancel_submission(cancelled, None).await.unwrap();

    let due = async |limit| ids(&store.due_rows("any", 0, limit).await.unwrap());
    assert_eq!(due(10).await, [first, second]);
    assert_eq!(due(10).await, [first, second], "asking marks nothing");
    assert_eq!(due(1).await, [first]);
    h.advance(PAST_A_LEASE).await;
    assert_eq!(due(10).await, [taken, first, second]);
}

pub async fn due_rows_are_as_old_as_asked(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let due = async || ids(&store.due_rows("any", 10_000, 10).await.unwrap());
    assert_eq!(due().await, []);
    h.advance(Duration::from_secs(11)).await;
    assert_eq!(due().await, [id]);
    claim(&*store).await;
    h.advance(PAST_A_LEASE).await;
    assert_eq!(due().await, [], "due again since the lease's end, not since the accept");
    h.advance(Duration::from_secs(10)).await;
    assert_eq!(due().await, [id]);
    let (work, _) = claim(&*store).await;
    store.release(id, work.token, 0, "again").await.unwrap().unwrap();
    assert_eq!(due().await, [], "due again since the release");
}

pub async fn a_submission_never_claimed_expires(h: &dyn Harness) {
    let store = h.store().await;
    let old = accept_plain(&*store, &owner("alice")).await;
    let started = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    assert_eq!(work.submission.id, old);
    store.release(old, work.token, 0, "it was started once").await.unwrap().unwrap();
    let hour = 3_600_000;
    h.advance(Duration::from_secs(3_500)).await;
    let young = accept_plain(&*store, &owner("bob")).await;
    assert!(store.expire_unclaimed(hour, 100).await.unwrap().is_empty());
    h.advance(Duration::from_secs(200)).await;

    let events = store.expire_unclaimed(hour, 100).await.unwrap();
    assert_eq!(events.len(), 1);
    let row = get(&*store, started).await;
    assert_eq!((row.status, row.verdict), (Status::Finished, Some(Verdict::InternalError)));
    assert_eq!((row.reason.as_deref(), row.attempt), (Some("no_worker"), 0));
    assert_event(&events[0], &row);
    assert_eq!(log_names(&*store, started).await, ["queued", "finished"]);
    assert_eq!(get(&*store, old).await.status, Status::Queued);
    assert_eq!(get(&*store, young).await.status, Status::Queued);
    assert!(h.second().await.expire_unclaimed(hour, 100).await.unwrap().is_empty());
}

pub async fn expiry_is_limited(h: &dyn Harness) {
    let store = h.store().await;
    for _ in 0..5 {
        accept_plain(&*store, &owner("alice")).await;
    }
    h.advance(Duration::from_secs(10)).await;
    assert_eq!(store.expire_unclaimed(1_000, 3).await.unwrap().len(), 3);
    assert_eq!(store.count_open().await.unwrap(), 2);
    assert_eq!(store.expire_unclaimed(1_000, 3).await.unwrap().len(), 2);
}

/// A redrive begins anew; that the accept was long ago does not end it again before a worker can take it.
pub async fn a_redriven_submission_has_all_its_time_to_be_started(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let hour = 3_600_000;
    h.advance(Duration::from_secs(3_700)).await;
    assert_eq!(store.expire_unclaimed(hour, 100).await.unwrap().len(), 1);
    let letter = dead_letter(Some(id), store.store_now().await.unwrap());
    store.add_dead_letter(&letter).await.unwrap();
    assert!(store.redrive(letter.id, message_id()).await.unwrap().unwrap().event.is_some());
    assert!(store.expire_unclaimed(hour, 100).await.unwrap().is_empty());
    h.advance(Duration::from_secs(3_500)).await;
    assert!(store.expire_unclaimed(hour, 100).await.unwrap().is_empty());
    h.advance(Duration::from_secs(200)).await;
    assert_eq!(store.expire_unclaimed(hour, 100).await.unwrap().len(), 1);
    assert_eq!(log_names(&*store, id).await, ["queued", "finished", "queued", "finished"]);
}

/// What waits for nothing but a worker is due whatever the clock says; a lease is not stolen, and a delay not cut short.
pub async fn a_clock_that_is_set_back_holds_up_no_fresh_work(h: &dyn Harness) {
    let store = h.store().await;
    let leased = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    let delayed = accept_plain(&*store, &owner("bob")).await;
    let (broken_off, _) = claim(&*store).await;
    store.release(delayed, broken_off.token, 60_000, "later").await.unwrap().unwrap();
    let fresh = accept_plain(&*store, &owner("carol")).await;
    h.set_back(Duration::from_secs(3_600)).await;

    assert_eq!(ids(&store.due_rows("any", 10_000, 10).await.unwrap()), [fresh], "its message may be lost");
    assert_eq!(claim(&*store).await.0.submission.id, fresh);
    claim_nothing(&*store).await;
    assert!(store.renew(leased, work.token, LEASE_MS).await.unwrap());
    h.advance(PAST_A_LEASE).await;
    let mut again = [claim(&*store).await.0.submission.id, claim(&*store).await.0.submission.id];
    again.sort();
    assert_eq!(again, [leased, fresh], "both leases are of the clock as it is now");
}

/// A process that knows itself alone ends what its predecessor left, so that work goes on at once.
pub async fn ended_leases_are_due_at_once(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let waiting = accept_plain(&*store, &owner("bob")).await;
    let (lost, _) = claim(&*store).await;
    assert_eq!(store.expire_leases().await.unwrap(), 1);
    assert_eq!(store.expire_leases().await.unwrap(), 0);
    assert_eq!(store.due_wakes(100).await.unwrap(), vec![Wake { submission: id, class: "any".into() }]);
    assert!(!store.renew(id, lost.token, LEASE_MS).await.unwrap(), "an ended lease is not renewed");
    assert!(store.record_verdict(id, lost.token, &judgement(Verdict::Accepted)).await.unwrap().is_none());
    let (again, _) = claim(&*store).await;
    assert_eq!((again.submission.id, again.submission.attempt), (id, 2));
    assert_eq!(claim(&*store).await.0.submission.id, waiting);
    claim_nothing(&*store).await;
    log(&*store, id).await;
    assert_no_wakes(&*store).await;
}

async fn assert_no_wakes(store: &dyn Store) {
    assert_eq!(store.due_wakes(100).await.unwrap(), vec![]);
}

fn ids(wakes: &[Wake]) -> Vec<SubmissionId> {
    wakes.iter().map(|wake| wake.submission).collect()
}
