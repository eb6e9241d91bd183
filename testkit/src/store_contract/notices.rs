//! Notices: owed by whatever ends a submission, claimed under leases, gone when they are told.

use std::collections::HashSet;
use std::time::Duration;

use herald_domain::channel::Channel;
use herald_domain::id::{LeaseToken, SubmissionId};
use herald_domain::notice::{MAX_NOTICE_ATTEMPTS, NOTICE_QUEUE, NoticeClaim, NoticeOutcome};
use herald_domain::store::{Claimed, Store};
use herald_domain::submission::{LEASE_MS, MAX_ATTEMPTS, Status, Verdict};
use herald_domain::webhook::NewEndpoint;

use super::Harness;
use super::steps::{accept_plain, claim, get};
use crate::build::{dead_letter, endpoint, judgement, message_id, owner, patterns, token};

const PAST_A_LEASE: Duration = Duration::from_secs(20);
const HOUR_MS: u64 = 3_600_000;
const DAY: Duration = Duration::from_secs(86_400);

/// Alice wants to be told.
async fn wanted(store: &dyn Store) {
    let new = NewEndpoint { events: patterns(&["submission.finished"]), ..endpoint(&owner("alice")) };
    store.register_endpoint(&new).await.unwrap();
}

/// A submission of alice's with its verdict.
async fn judged(store: &dyn Store, verdict: Verdict) -> SubmissionId {
    let id = accept_plain(store, &owner("alice")).await;
    finish(store, id, verdict).await;
    id
}

async fn finish(store: &dyn Store, id: SubmissionId, verdict: Verdict) {
    let (work, _) = claim(store).await;
    store.record_verdict(id, work.token, &judgement(verdict)).await.unwrap().unwrap();
}

async fn claim_all(store: &dyn Store, token: LeaseToken) -> Vec<NoticeClaim> {
    store.claim_notices(token, LEASE_MS, 100).await.unwrap()
}

/// The one that is due, and its token.
async fn claim_one(store: &dyn Store) -> (NoticeClaim, LeaseToken) {
    let token = token();
    let mut claims = claim_all(store, token).await;
    assert_eq!(claims.len(), 1, "{claims:?}");
    (claims.remove(0), token)
}

async fn claim_none(store: &dyn Store) {
    assert_eq!(claim_all(store, token()).await, []);
}

fn ids(claims: &[NoticeClaim]) -> HashSet<SubmissionId> {
    claims.iter().map(|claim| claim.submission.id).collect()
}

fn again(delay_ms: u64) -> NoticeOutcome {
    NoticeOutcome::Again { error: "it answered 500".into(), delay_ms }
}

pub async fn whatever_ends_a_submission_owes_a_notice(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let alice = owner("alice");
    let accepted = judged(&*store, Verdict::Accepted).await;
    let exhausted = accept_plain(&*store, &alice).await;
    for _ in 0..MAX_ATTEMPTS {
        let (work, _) = claim(&*store).await;
        store.release(exhausted, work.token, 0, "broken").await.unwrap().unwrap();
    }
    let end = store.claim("any", token(), LEASE_MS).await.unwrap();
    assert!(matches!(end, Claimed::Exhausted(_)), "{end:?}");
    let cancelled = accept_plain(&*store, &alice).await;
    store.cancel_submission(cancelled, Some(&alice)).await.unwrap();
    let begun = accept_plain(&*store, &alice).await;
    claim(&*store).await;
    store.cancel_submission(begun, None).await.unwrap();
    let unclaimed = [accept_plain(&*store, &alice).await, accept_plain(&*store, &alice).await];
    h.advance(Duration::from_secs(60)).await;
    assert_eq!(store.expire_unclaimed(30_000, 10).await.unwrap().len(), 2);

    let claims = claim_all(&*store, token()).await;
    assert_eq!(claims.len(), 6);
    let all = [accepted, exhausted, cancelled, begun, unclaimed[0], unclaimed[1]];
    assert_eq!(ids(&claims), HashSet::from(all));
    for claim in claims {
        assert_eq!(claim.submission, get(&*store, claim.submission.id).await);
        assert_eq!(claim.attempt, 1);
        assert!(claim.submission.status.is_final() && claim.submission.finished_at.is_some());
    }
}

pub async fn an_open_submission_owes_nothing(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let id = accept_plain(&*store, &owner("alice")).await;
    claim_none(&*store).await;
    let (work, _) = claim(&*store).await;
    store.start_running(id, work.token, Some(3)).await.unwrap().unwrap();
    store.release(id, work.token, 0, "broken").await.unwrap().unwrap();
    claim_none(&*store).await;
    let (work, _) = claim(&*store).await;
    assert!(store.record_verdict(id, token(), &judgement(Verdict::Accepted)).await.unwrap().is_none());
    claim_none(&*store).await;
    store.record_verdict(id, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    claim_one(&*store).await;
}

pub async fn nobody_is_owed_what_he_does_not_want(h: &dyn Harness) {
    let store = h.store().await;
    let (alice, bob) = (owner("alice"), owner("bob"));
    store.register_endpoint(&endpoint(&alice)).await.unwrap();
    let off = NewEndpoint { events: patterns(&["submission.*"]), ..endpoint(&alice) };
    store.register_endpoint(&off).await.unwrap();
    store.disable_endpoint(off.id, None, "gone").await.unwrap();
    let others = NewEndpoint { events: patterns(&["submission.finished"]), ..endpoint(&bob) };
    store.register_endpoint(&others).await.unwrap();
    judged(&*store, Verdict::Accepted).await;
    claim_none(&*store).await;
    let both = NewEndpoint { events: patterns(&["transfer.voided", "submission.*"]), ..endpoint(&alice) };
    store.register_endpoint(&both).await.unwrap();
    claim_none(&*store).await;
    let id = judged(&*store, Verdict::Accepted).await;
    assert_eq!(claim_one(&*store).await.0.submission.id, id, "what ended before it was asked for is not owed");
}

pub async fn two_handles_never_claim_the_same_notice(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    wanted(&*one).await;
    for _ in 0..20 {
        judged(&*one, Verdict::Accepted).await;
    }
    let (left, right) =
        futures::join!(one.claim_notices(token(), LEASE_MS, 7), two.claim_notices(token(), LEASE_MS, 7));
    let mut claims = left.unwrap();
    claims.extend(right.unwrap());
    claims.extend(claim_all(&*one, token()).await);
    assert_eq!((claims.len(), ids(&claims).len()), (20, 20));
    claim_none(&*two).await;
}

pub async fn the_longest_due_notices_come_first(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(judged(&*store, Verdict::Accepted).await);
        h.advance(Duration::from_secs(5)).await;
    }
    for id in all {
        let claims = store.claim_notices(token(), LEASE_MS, 1).await.unwrap();
        assert_eq!((claims.len(), claims[0].submission.id), (1, id));
    }
}

pub async fn a_notice_that_was_told_is_gone(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let id = judged(&*store, Verdict::Accepted).await;
    let (_, token) = claim_one(&*store).await;
    assert!(!store.record_notice(id, token, &NoticeOutcome::Told).await.unwrap());
    assert!(!store.renew_notice(id, token, LEASE_MS).await.unwrap());
    h.advance(PAST_A_LEASE).await;
    claim_none(&*h.second().await).await;
    assert!(!store.record_notice(id, token, &again(0)).await.unwrap(), "again, as after an answer that was lost");
    claim_none(&*store).await;
}

pub async fn a_notice_is_fenced(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let id = judged(&*store, Verdict::Accepted).await;
    let (_, lost) = claim_one(&*store).await;
    claim_none(&*store).await;
    h.advance(PAST_A_LEASE).await;
    let (claim, held) = claim_one(&*h.second().await).await;
    assert_eq!(claim.attempt, 2);
    assert!(!store.renew_notice(id, lost, HOUR_MS).await.unwrap());
    store.record_notice(id, lost, &NoticeOutcome::Told).await.unwrap();
    store.record_notice(id, lost, &again(0)).await.unwrap();
    claim_none(&*store).await;
    assert!(store.renew_notice(id, held, LEASE_MS).await.unwrap(), "it is still there");
}

pub async fn a_renewed_notice_is_held(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let id = judged(&*store, Verdict::Accepted).await;
    let (_, token) = claim_one(&*store).await;
    assert!(store.renew_notice(id, token, HOUR_MS).await.unwrap());
    h.advance(PAST_A_LEASE).await;
    claim_none(&*store).await;
    h.advance(Duration::from_secs(3_600)).await;
    claim_one(&*store).await;
}

pub async fn a_notice_that_failed_is_due_after_its_delay(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let id = judged(&*store, Verdict::Accepted).await;
    let (_, token) = claim_one(&*store).await;
    assert!(!store.record_notice(id, token, &again(HOUR_MS)).await.unwrap());
    h.advance(Duration::from_secs(3_500)).await;
    claim_none(&*store).await;
    h.advance(Duration::from_secs(200)).await;
    assert_eq!(claim_one(&*store).await.0.attempt, 2);
}

pub async fn the_tenth_failure_gives_a_notice_up_until_it_is_redriven(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let id = judged(&*store, Verdict::Accepted).await;
    let before = get(&*store, id).await;
    for n in 1..=MAX_NOTICE_ATTEMPTS {
        let (claim, token) = claim_one(&*store).await;
        assert_eq!(claim.attempt, n);
        let given_up = store.record_notice(id, token, &again(0)).await.unwrap();
        assert_eq!(given_up, n == MAX_NOTICE_ATTEMPTS, "{n}");
    }
    h.advance(DAY).await;
    claim_none(&*store).await;
    let letters = store.list_dead_letters(None, 10).await.unwrap();
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!((letter.queue.as_str(), letter.error.as_str()), (NOTICE_QUEUE, "it answered 500"));
    assert_eq!(letter.entity, Some(Channel::Submission(id).to_string()));

    let redriven = store.redrive(letter.id, message_id()).await.unwrap().unwrap();
    assert!(redriven.event.is_none() && redriven.outbox.is_none(), "{redriven:?}");
    assert_eq!(get(&*store, id).await, before, "the submission is as it was");
    let (claim, token) = claim_one(&*store).await;
    assert_eq!((claim.attempt, claim.submission), (1, before));
    store.record_notice(id, token, &NoticeOutcome::Told).await.unwrap();
    assert_eq!(store.list_dead_letters(None, 10).await.unwrap(), []);
}

pub async fn holders_that_die_use_up_a_notices_attempts(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let id = judged(&*store, Verdict::Accepted).await;
    for _ in 0..MAX_NOTICE_ATTEMPTS {
        claim_one(&*store).await;
        h.advance(PAST_A_LEASE).await;
    }
    claim_none(&*store).await;
    let letters = store.list_dead_letters(None, 10).await.unwrap();
    assert_eq!((letters.len(), &letters[0].entity), (1, &Some(Channel::Submission(id).to_string())));
    h.advance(PAST_A_LEASE).await;
    claim_none(&*store).await;
    assert_eq!(store.list_dead_letters(None, 10).await.unwrap().len(), 1, "once");
}

pub async fn a_submission_that_ends_again_is_owed_anew(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let id = judged(&*store, Verdict::InternalError).await;
    let (first, lost) = claim_one(&*store).await;
    let letter = dead_letter(Some(id), store.store_now().await.unwrap());
    store.add_dead_letter(&letter).await.unwrap();
    store.redrive(letter.id, message_id()).await.unwrap().unwrap();
    h.advance(PAST_A_LEASE).await;
    let (open, lost_too) = claim_one(&*store).await;
    assert_eq!(
        (open.submission.status, open.submission.finished_at),
        (Status::Queued, None),
        "so nothing is to be told"
    );
    finish(&*store, id, Verdict::Accepted).await;
    for token in [lost, lost_too] {
        store.record_notice(id, token, &NoticeOutcome::Told).await.unwrap();
    }
    let (second, token) = claim_one(&*store).await;
    assert_eq!((second.submission.verdict, second.attempt), (Some(Verdict::Accepted), 1));
    assert!(second.submission.offset > first.submission.offset);
    store.record_notice(id, token, &NoticeOutcome::Told).await.unwrap();
    h.advance(PAST_A_LEASE).await;
    claim_none(&*store).await;
}

pub async fn a_notice_whose_lease_was_ended_is_due_at_once(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let (leased, later) = (judged(&*store, Verdict::Accepted).await, judged(&*store, Verdict::Accepted).await);
    let token = token();
    assert_eq!(claim_all(&*store, token).await.len(), 2);
    store.record_notice(later, token, &again(HOUR_MS)).await.unwrap();
    assert_eq!(store.expire_leases().await.unwrap(), 1);
    let (claim, _) = claim_one(&*store).await;
    assert_eq!((claim.submission.id, claim.attempt), (leased, 2));
    assert!(!store.renew_notice(leased, token, LEASE_MS).await.unwrap());
}

pub async fn notices_that_were_given_up_are_kept_for_thirty_days(h: &dyn Harness) {
    let store = h.store().await;
    wanted(&*store).await;
    let id = judged(&*store, Verdict::Accepted).await;
    let waits = judged(&*store, Verdict::Accepted).await;
    for _ in 0..MAX_NOTICE_ATTEMPTS {
        let token = token();
        claim_all(&*store, token).await;
        store.record_notice(id, token, &again(0)).await.unwrap();
        store.record_notice(waits, token, &again(u64::from(u32::MAX))).await.unwrap();
    }
    h.advance(DAY * 31).await;
    // What was to tell of it is older than its notice, so it stays by itself as long.
    let letter = herald_domain::store::DeadLetter {
        queue: NOTICE_QUEUE.into(),
        ..dead_letter(Some(id), store.store_now().await.unwrap())
    };
    store.maintain().await.unwrap();
    store.add_dead_letter(&letter).await.unwrap();
    store.redrive(letter.id, message_id()).await.unwrap().unwrap();
    claim_none(&*store).await;
    h.advance(DAY * 30).await;
    assert_eq!(claim_one(&*store).await.0.submission.id, waits, "what is still owed is kept");
}
