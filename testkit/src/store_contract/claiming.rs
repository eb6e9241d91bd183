//! Claims, leases, attempts.

use std::collections::HashSet;
use std::time::Duration;

use herald_domain::channel::Channel;
use herald_domain::id::LeaseToken;
use herald_domain::store::{Claimed, Store};
use herald_domain::submission::{LEASE_MS, Limits, MAX_ATTEMPTS, NewSubmission, ProblemRef, Status, Tests, Verdict};
use tokio::task::JoinSet;

use super::Harness;
use super::steps::{accept, accept_plain, assert_event, claim, claim_nothing, get, log, log_names};
use crate::build::{case, new_submission, owner, submission_id, token};

/// Longer than a lease by a second.
const PAST_A_LEASE: Duration = Duration::from_millis(LEASE_MS + 1_000);

pub async fn nothing_is_claimed_where_nothing_is_due(h: &dyn Harness) {
    let store = h.store().await;
    claim_nothing(&*store).await;
    accept(&*store, NewSubmission { class: "gpu".into(), ..new_submission(&owner("alice")) }).await;
    claim_nothing(&*store).await;
}

pub async fn a_claim_leases_and_tells(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, event) = claim(&*store).await;
    assert_eq!(
        (work.submission.id, work.submission.status, work.submission.attempt, work.submission.offset),
        (id, Status::Compiling, 1, 2)
    );
    assert_event(&event, &work.submission);
    assert_eq!(get(&*store, id).await, work.submission);
    assert_eq!(log_names(&*store, id).await, ["queued", "compiling"]);
    claim_nothing(&*h.second().await).await;
}

pub async fn a_claim_carries_all_that_a_worker_needs(h: &dyn Harness) {
    let store = h.store().await;
    let new = NewSubmission {
        problem: Some(ProblemRef { slug: "hello".into(), version: "abc".into() }),
        stdin: Some("1 2\n".into()),
        limits: Limits { cpu_ms: Some(1_000), memory_kb: Some(65_536), extra_ms: Some(0), ..Limits::default() },
        flags: vec!["-O0".into(), "-DN=\"1\"".into()],
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        ..new_submission(&owner("alice"))
    };
    accept(&*store, new.clone()).await;
    let mine = token();
    let Claimed::Work(work, _) = store.claim("any", mine, LEASE_MS).await.unwrap() else { panic!("nothing was due") };
    assert_eq!(work.token, mine);
    assert_eq!((work.files, work.stdin), (new.files, new.stdin));
    assert_eq!((work.limits, work.flags), (new.limits, new.flags));
    assert_eq!((work.submission.problem, work.submission.language), (new.problem, new.language));
    assert_eq!(work.submission.traceparent, new.traceparent);
}

pub async fn claims_go_by_priority_then_turn_then_id(h: &dyn Harness) {
    let store = h.store().await;
    let (alice, bob) = (owner("alice"), owner("bob"));
    let low = accept(&*store, NewSubmission { priority: 5, ..new_submission(&bob) }).await.submission.id;
    let first = accept_plain(&*store, &alice).await;
    let second = accept_plain(&*store, &alice).await;
    let urgent = accept(&*store, NewSubmission { priority: -5, ..new_submission(&alice) }).await.submission.id;
    let early = accept_plain(&*store, &owner("carol")).await; // turn 0, as `first`, with a later id
    let mut order = Vec::new();
    for _ in 0..5 {
        order.push(claim(&*store).await.0.submission.id);
    }
    assert_eq!(order, [urgent, first, early, second, low]);
}

pub async fn two_handles_never_claim_the_same_row(h: &dyn Harness) {
    let handles = [h.store().await, h.second().await];
    let mut waiting = HashSet::new();
    for n in 0..40 {
        waiting.insert(accept_plain(&*handles[0], &owner(["alice", "bob", "carol"][n % 3])).await);
    }
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let store = handles[n % 2].clone();
        tasks.spawn(async move {
            let mut taken = Vec::new();
            while let Claimed::Work(work, _) = store.claim("any", token(), 600_000).await.unwrap() {
                taken.push(work.submission.id);
            }
            taken
        });
    }
    let taken: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 40, "a row was claimed twice, or none while some were due");
    assert_eq!(taken.into_iter().collect::<HashSet<_>>(), waiting);
    for id in waiting {
        assert_eq!(log_names(&*handles[1], id).await, ["queued", "compiling"]);
    }
}

pub async fn an_expired_lease_is_taken_with_a_clean_slate(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (lost, _) = claim(&*store).await;
    store.start_running(id, lost.token, Some(3)).await.unwrap().unwrap();
    let tests = Tests { passed: 2, run: 2, total: Some(3) };
    let cases = [case(1, Verdict::Accepted), case(2, Verdict::Accepted)];
    assert!(store.save_progress(id, lost.token, tests, &cases).await.unwrap());
    claim_nothing(&*store).await;

    h.advance(PAST_A_LEASE).await;
    let (taken, event) = claim(&*h.second().await).await;
    assert_eq!((taken.submission.id, taken.submission.attempt), (id, 2));
    assert_eq!((taken.submission.status, taken.submission.offset), (Status::Compiling, 4));
    assert_eq!((taken.submission.tests, taken.submission.cases.len()), (Tests::default(), 0));
    assert_event(&event, &taken.submission);
    assert_eq!(get(&*store, id).await, taken.submission);

    assert!(!store.renew(id, lost.token, LEASE_MS).await.unwrap());
    assert!(store.renew(id, taken.token, LEASE_MS).await.unwrap());
    log(&*store, id).await;
}

pub async fn a_renewal_holds_the_lease(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    for _ in 0..4 {
        h.advance(Duration::from_millis(LEASE_MS - 5_000)).await;
        assert!(store.renew(id, work.token, LEASE_MS).await.unwrap());
        claim_nothing(&*store).await;
    }
    assert_eq!(get(&*store, id).await.offset, 2, "a renewal is no event");
}

pub async fn a_renewal_under_another_token_is_refused(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    assert!(!store.renew(id, token(), LEASE_MS).await.unwrap(), "nobody has claimed it");
    let (work, _) = claim(&*store).await;
    assert!(!store.renew(id, token(), 600_000).await.unwrap());
    assert!(!store.renew(submission_id(), work.token, 600_000).await.unwrap());
    h.advance(PAST_A_LEASE).await;
    assert_eq!(claim(&*store).await.0.submission.id, id, "a refused renewal extends nothing");
}

/// A worker that was late keeps its work if nobody took it meanwhile.
pub async fn an_expired_lease_can_be_renewed_until_it_is_taken(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    h.advance(PAST_A_LEASE).await;
    assert!(store.renew(id, work.token, LEASE_MS).await.unwrap());
    claim_nothing(&*store).await;
}

pub async fn released_work_is_due_after_its_delay_and_keeps_its_attempt(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    let event = store.release(id, work.token, 30_000, "the sandbox did not start").await.unwrap().unwrap();
    let row = get(&*store, id).await;
    assert_eq!((row.status, row.attempt, row.offset, row.finished_at), (Status::Queued, 1, 3, None));
    assert_event(&event, &row);
    assert!(!store.renew(id, work.token, LEASE_MS).await.unwrap(), "the lease is given up");
    claim_nothing(&*store).await;
    h.advance(Duration::from_secs(31)).await;
    assert_eq!(claim(&*store).await.0.submission.attempt, 2);
    assert_eq!(log_names(&*store, id).await, ["queued", "compiling", "queued", "compiling"]);
}

pub async fn a_release_is_fenced(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    assert!(store.release(id, token(), 0, "no").await.unwrap().is_none());
    assert_eq!(get(&*store, id).await, work.submission);
    store.release(id, work.token, 0, "yes").await.unwrap().unwrap();
    assert!(store.release(id, work.token, 0, "twice").await.unwrap().is_none());
    assert_eq!(log(&*store, id).await.len(), 3);
}

pub async fn the_claim_after_the_last_attempt_is_exhausted(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    for attempt in 1..=MAX_ATTEMPTS {
        let (work, _) = claim(&*store).await;
        assert_eq!(work.submission.attempt, attempt);
        store.release(id, work.token, 0, &format!("broke off, time {attempt}")).await.unwrap().unwrap();
    }
    assert_exhausted(&*store, id).await;
    let letter = store.list_dead_letters(None, 10).await.unwrap().pop().unwrap();
    assert!(letter.error.contains("broke off, time 10"), "the last error is not told: {}", letter.error);
}

pub async fn workers_that_die_use_up_the_attempts_too(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    for _ in 1..=MAX_ATTEMPTS {
        claim(&*store).await;
        h.advance(PAST_A_LEASE).await;
    }
    assert_exhausted(&*store, id).await;
}

async fn assert_exhausted(store: &dyn Store, id: herald_domain::id::SubmissionId) {
    let claimed = store.claim("any", token(), LEASE_MS).await.unwrap();
    let Claimed::Exhausted(event) = claimed else { panic!("not exhausted but {claimed:?}") };
    let row = get(store, id).await;
    assert_eq!((row.status, row.verdict), (Status::Finished, Some(Verdict::InternalError)));
    assert_eq!((row.reason.as_deref(), row.attempt), (Some("attempts"), MAX_ATTEMPTS));
    assert!(row.finished_at.is_some());
    assert_event(&event, &row);
    let finished = log_names(store, id).await.iter().filter(|name| *name == "finished").count();
    assert_eq!(finished, 1);

    let letters = store.list_dead_letters(None, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].queue, "judge.any");
    assert_eq!(letters[0].entity, Some(Channel::Submission(id).to_string()));
    claim_nothing(store).await;
}

/// Whoever does not know whether a claim was committed makes it again under the same token. And letters sort by their time,
/// whatever tokens do.
pub async fn two_that_are_exhausted_under_one_token_leave_two_letters(h: &dyn Harness) {
    let store = h.store().await;
    let ids = [accept_plain(&*store, &owner("alice")).await, accept_plain(&*store, &owner("bob")).await];
    for _ in 0..MAX_ATTEMPTS {
        for _ in ids {
            let (work, _) = claim(&*store).await;
            store.release(work.submission.id, work.token, 60_000, "broke off").await.unwrap().unwrap();
        }
        h.advance(Duration::from_secs(61)).await;
    }
    let mine = LeaseToken(uuid::Uuid::from_u128(u128::MAX - 1));
    for _ in ids {
        h.advance(Duration::from_secs(1)).await;
        let claimed = store.claim("any", mine, LEASE_MS).await.unwrap();
        assert!(matches!(claimed, Claimed::Exhausted(_)), "not exhausted but {claimed:?}");
    }
    let letters = store.list_dead_letters(None, 10).await.unwrap();
    let entities: Vec<_> = letters.iter().filter_map(|letter| letter.entity.clone()).collect();
    let expected = ids.map(|id| Channel::Submission(id).to_string());
    assert_eq!(entities, [expected[1].clone(), expected[0].clone()], "newest first");
}
