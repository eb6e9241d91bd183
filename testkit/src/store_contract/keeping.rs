//! What is kept, and for how long.

use std::time::Duration;

use herald_domain::submission::{Outputs, Status, Verdict};

use super::Harness;
use super::steps::{accept_plain, claim, get, log_names};
use crate::build::{dead_letter, judgement, owner};

const DAY: Duration = Duration::from_secs(86_400);

pub async fn events_are_kept_for_seven_days(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    let old = accept_plain(&*store, &alice).await;
    let (work, _) = claim(&*store).await;
    store.record_verdict(old, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    let start = store.store_now().await.unwrap() - DAY;
    let read = async || store.events_since(start, &[alice.partition()], 100).await.unwrap().events.len();
    store.maintain().await.unwrap();
    h.advance(DAY * 6).await;
    let young = accept_plain(&*store, &alice).await;
    store.maintain().await.unwrap();
    assert_eq!(read().await, 4);
    h.advance(DAY * 2).await;
    store.maintain().await.unwrap();
    assert_eq!(read().await, 1, "those of eight days ago are dropped, that of two days ago is kept");
    assert_eq!(log_names(&*store, young).await, ["queued"]);
    let row = get(&*store, old).await;
    assert_eq!((row.status, row.offset), (Status::Finished, 3), "submissions are kept for ever");
    assert_eq!(store.get_source(old).await.unwrap().len(), 1);
}

pub async fn outputs_are_kept_for_ninety_days(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    let judged = judgement(Verdict::Accepted);
    store.record_verdict(id, work.token, &judged).await.unwrap().unwrap();
    h.advance(DAY * 89).await;
    store.maintain().await.unwrap();
    assert_eq!(store.get_outputs(id).await.unwrap(), judged.outputs);
    h.advance(DAY * 2).await;
    store.maintain().await.unwrap();
    assert_eq!(store.get_outputs(id).await.unwrap(), Outputs::default());
    assert_eq!(get(&*store, id).await.verdict, Some(Verdict::Accepted));
}

pub async fn dead_letters_are_kept_for_thirty_days(h: &dyn Harness) {
    let store = h.store().await;
    store.add_dead_letter(&dead_letter(None, store.store_now().await.unwrap())).await.unwrap();
    h.advance(DAY * 29).await;
    let young = dead_letter(None, store.store_now().await.unwrap());
    store.add_dead_letter(&young).await.unwrap();
    store.maintain().await.unwrap();
    assert_eq!(store.list_dead_letters(None, 10).await.unwrap().len(), 2);
    h.advance(DAY * 2).await;
    store.maintain().await.unwrap();
    let left: Vec<_> = store.list_dead_letters(None, 10).await.unwrap().into_iter().map(|letter| letter.id).collect();
    assert_eq!(left, [young.id]);
}

/// Every process of a fleet maintains, at start and hourly, without knowing of the others.
pub async fn maintenance_may_be_done_twice_and_by_two_handles(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let id = accept_plain(&*one, &owner("alice")).await;
    let (left, right) = futures::join!(one.maintain(), two.maintain());
    left.unwrap();
    right.unwrap();
    one.maintain().await.unwrap();
    let next = accept_plain(&*two, &owner("alice")).await;
    assert_eq!(log_names(&*one, id).await, ["queued"]);
    assert_eq!(log_names(&*one, next).await, ["queued"]);
}
