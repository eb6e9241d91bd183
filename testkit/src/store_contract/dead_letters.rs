//! Dead letters and the way back from them.

use std::time::Duration;

use herald_domain::id::{DeadLetterId, SubmissionId};
use herald_domain::store::{Claimed, DeadLetter, Store, Wakes};
use herald_domain::submission::{LEASE_MS, MAX_ATTEMPTS, Outputs, Status, Submission, Verdict};

use super::Harness;
use super::steps::{accept_plain, assert_event, claim, claim_nothing, get, log, log_names};
use crate::build::{dead_letter, judgement, message_id, owner, token};

pub async fn letters_are_listed_newest_first(h: &dyn Harness) {
    let store = h.store().await;
    let mut all = Vec::new();
    for _ in 0..5 {
        let letter = dead_letter(None, store.store_now().await.unwrap());
        store.add_dead_letter(&letter).await.unwrap();
        all.insert(0, letter);
        h.advance(Duration::from_secs(1)).await;
    }
    let first = store.list_dead_letters(None, 3).await.unwrap();
    let rest = store.list_dead_letters(Some(first[2].id), 3).await.unwrap();
    assert_eq!(store.list_dead_letters(Some(all[4].id), 3).await.unwrap(), vec![]);
    let listed: Vec<_> = first.into_iter().chain(rest).collect();
    assert_eq!(listed.len(), 5);
    for (listed, added) in listed.into_iter().zip(all) {
        assert!((listed.at - added.at).abs() < Duration::from_secs(60));
        assert_eq!(DeadLetter { at: added.at, ..listed }, added);
    }
}

pub async fn a_letter_is_added_once(h: &dyn Harness) {
    let store = h.store().await;
    let letter = DeadLetter { payload: None, ..dead_letter(None, store.store_now().await.unwrap()) };
    store.add_dead_letter(&letter).await.unwrap();
    store.add_dead_letter(&letter).await.unwrap();
    let listed = store.list_dead_letters(None, 10).await.unwrap();
    assert_eq!((listed.len(), &listed[0].payload), (1, &None));
}

pub async fn a_redrive_gives_fresh_attempts(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    exhaust(&*store, id).await;
    store.delete_outbox(&ids_of_outbox(h, &*store).await).await.unwrap();
    let letter = store.list_dead_letters(None, 10).await.unwrap()[0].id;

    let message = message_id();
    let redriven = store.redrive(letter, message).await.unwrap().unwrap();
    let row = get(&*store, id).await;
    assert_eq!((row.status, row.verdict, row.finished_at), (Status::Queued, None, None));
    assert_eq!((&row.reason, row.attempt), (&None, MAX_ATTEMPTS));
    assert_event(&redriven.event.unwrap(), &row);
    let outbox = redriven.outbox.unwrap();
    assert_eq!(outbox.id, message);
    assert_eq!(outbox.wakes, Wakes::Work { submission: id, class: "any".to_owned() });
    assert_eq!(store.count_outbox().await.unwrap(), 1);
    assert_eq!(store.list_dead_letters(None, 10).await.unwrap(), vec![]);
    assert!(store.redrive(letter, message_id()).await.unwrap().is_none());

    exhaust(&*store, id).await;
    assert_eq!(get(&*store, id).await.attempt, 2 * MAX_ATTEMPTS);
    let again = store.list_dead_letters(None, 10).await.unwrap()[0].id;
    store.redrive(again, message_id()).await.unwrap().unwrap();
    let (work, _) = claim(&*store).await;
    store.record_verdict(id, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    assert_eq!(get(&*store, id).await.verdict, Some(Verdict::Accepted));
    log(&*store, id).await;
}

pub async fn a_redrive_clears_what_came_out(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let before = get(&*store, id).await;
    let (work, _) = claim(&*store).await;
    store.record_verdict(id, work.token, &judgement(Verdict::InternalError)).await.unwrap().unwrap();
    let letter = dead_letter(Some(id), store.store_now().await.unwrap());
    store.add_dead_letter(&letter).await.unwrap();
    store.redrive(letter.id, message_id()).await.unwrap().unwrap();
    assert_eq!(get(&*store, id).await, Submission { attempt: 1, offset: 4, ..before });
    assert_eq!(store.get_outputs(id).await.unwrap(), Outputs::default());

    let (again, _) = claim(&*store).await;
    let judged = judgement(Verdict::WrongAnswer);
    store.record_verdict(id, again.token, &judged).await.unwrap().unwrap();
    assert_eq!(store.get_outputs(id).await.unwrap(), judged.outputs);
}

pub async fn a_letter_without_an_entity_is_only_deleted(h: &dyn Harness) {
    let store = h.store().await;
    let letter = dead_letter(None, store.store_now().await.unwrap());
    store.add_dead_letter(&letter).await.unwrap();
    let redriven = store.redrive(letter.id, message_id()).await.unwrap().unwrap();
    assert!(redriven.event.is_none() && redriven.outbox.is_none());
    assert_eq!(store.list_dead_letters(None, 10).await.unwrap(), vec![]);
    assert_eq!(store.count_outbox().await.unwrap(), 0);
}

pub async fn an_unknown_letter_is_none(h: &dyn Harness) {
    let store = h.store().await;
    assert!(store.redrive(DeadLetterId(message_id().0), message_id()).await.unwrap().is_none());
    let gone = dead_letter(Some(SubmissionId(message_id().0)), store.store_now().await.unwrap());
    store.add_dead_letter(&gone).await.unwrap();
    let redriven = store.redrive(gone.id, message_id()).await.unwrap().unwrap();
    assert!(redriven.event.is_none() && redriven.outbox.is_none(), "no such submission: only deleted");
}

/// A message that fell through the broker while its row waits or runs: the row needs a wake-up, nothing else.
pub async fn a_redrive_of_open_work_only_wakes_it(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    let letter = dead_letter(Some(id), store.store_now().await.unwrap());
    store.add_dead_letter(&letter).await.unwrap();
    let message = message_id();
    let redriven = store.redrive(letter.id, message).await.unwrap().unwrap();
    assert!(redriven.event.is_none());
    assert_eq!(redriven.outbox.unwrap().id, message);
    assert_eq!(get(&*store, id).await, work.submission);
    assert_eq!((store.count_outbox().await.unwrap(), log(&*store, id).await.len()), (2, 2));
    assert_eq!(store.list_dead_letters(None, 10).await.unwrap(), vec![]);
}

pub async fn a_redrive_never_undoes_a_verdict_or_a_cancel(h: &dyn Harness) {
    let store = h.store().await;
    let judged = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    store.record_verdict(judged, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    let cancelled = accept_plain(&*store, &owner("alice")).await;
    store.cancel_submission(cancelled, None).await.unwrap();
    for id in [judged, cancelled] {
        let before = get(&*store, id).await;
        let letter = dead_letter(Some(id), store.store_now().await.unwrap());
        store.add_dead_letter(&letter).await.unwrap();
        let redriven = store.redrive(letter.id, message_id()).await.unwrap().unwrap();
        assert!(redriven.event.is_none() && redriven.outbox.is_none());
        assert_eq!(get(&*store, id).await, before);
    }
    assert_eq!(store.list_dead_letters(None, 10).await.unwrap(), vec![]);
    claim_nothing(&*store).await;
}

pub async fn a_redrive_from_two_handles_happens_once(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let id = accept_plain(&*one, &owner("alice")).await;
    exhaust(&*one, id).await;
    let letter = one.list_dead_letters(None, 10).await.unwrap()[0].id;
    let (left, right) = futures::join!(one.redrive(letter, message_id()), two.redrive(letter, message_id()));
    let redriven: Vec<_> = [left.unwrap(), right.unwrap()].into_iter().flatten().collect();
    assert_eq!(redriven.len(), 1);
    let finished_then_queued = log_names(&*one, id).await;
    assert_eq!(finished_then_queued[finished_then_queued.len() - 2..], ["finished", "queued"]);
}

/// Uses up the attempts and takes the verdict `internal_error`.
async fn exhaust(store: &dyn Store, id: SubmissionId) {
    for _ in 0..MAX_ATTEMPTS {
        let (work, _) = claim(store).await;
        assert_eq!(work.submission.id, id);
        store.release(id, work.token, 0, "broke off").await.unwrap().unwrap();
    }
    let claimed = store.claim("any", token(), LEASE_MS).await.unwrap();
    assert!(matches!(claimed, Claimed::Exhausted(_)), "not exhausted but {claimed:?}");
}

async fn ids_of_outbox(h: &dyn Harness, store: &dyn Store) -> Vec<herald_domain::id::MessageId> {
    h.advance(Duration::from_secs(6)).await;
    store.claim_outbox(100, 60_000).await.unwrap().into_iter().map(|row| row.id).collect()
}
