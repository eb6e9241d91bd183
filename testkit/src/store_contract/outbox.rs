//! The outbox: every obligation to publish, each with one relay at a time.

use std::collections::HashSet;
use std::time::Duration;

use herald_domain::id::MessageId;
use herald_domain::store::OutboxRow;

use super::Harness;
use super::steps::{PLENTY, accept, accept_plain};
use crate::build::{intake, message_id, new_submission, owner};

/// Longer than a fresh row belongs to its writer.
const PAST_FRESH: Duration = Duration::from_secs(6);

pub async fn a_new_row_belongs_to_its_writer_for_five_seconds(h: &dyn Harness) {
    let store = h.store().await;
    let created = accept(&*store, new_submission(&owner("alice"))).await;
    assert_eq!(h.second().await.claim_outbox(100, 30_000).await.unwrap(), vec![]);
    assert_eq!(store.count_outbox().await.unwrap(), 1);
    h.advance(PAST_FRESH).await;
    assert_eq!(h.second().await.claim_outbox(100, 30_000).await.unwrap(), vec![created.outbox]);
}

pub async fn two_relays_never_claim_the_same_row(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let batch: Vec<_> = (0..40).map(|_| intake(new_submission(&owner("alice")))).collect();
    one.accept_submissions(&batch, PLENTY).await.unwrap();
    h.advance(PAST_FRESH).await;
    assert_eq!(one.claim_outbox(4, 60_000).await.unwrap().len(), 4);
    let mut taken = Vec::new();
    for _ in 0..6 {
        let (left, right) = futures::join!(one.claim_outbox(5, 60_000), two.claim_outbox(5, 60_000));
        taken.extend(ids(&left.unwrap()));
        taken.extend(ids(&right.unwrap()));
    }
    assert_eq!(taken.len(), 36, "a row was claimed twice or kept back");
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), 36);
}

pub async fn a_claim_of_the_outbox_runs_out(h: &dyn Harness) {
    let store = h.store().await;
    accept_plain(&*store, &owner("alice")).await;
    h.advance(PAST_FRESH).await;
    let first = store.claim_outbox(100, 30_000).await.unwrap();
    assert_eq!(first.len(), 1);
    h.advance(Duration::from_secs(20)).await;
    assert_eq!(store.claim_outbox(100, 30_000).await.unwrap(), vec![]);
    h.advance(Duration::from_secs(11)).await;
    assert_eq!(store.claim_outbox(100, 30_000).await.unwrap(), first);
}

pub async fn the_outbox_gives_the_oldest_first(h: &dyn Harness) {
    let store = h.store().await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(accept(&*store, new_submission(&owner("alice"))).await.outbox.id);
        h.advance(PAST_FRESH).await;
    }
    assert_eq!(ids(&store.claim_outbox(2, 60_000).await.unwrap()), all[..2]);
    assert_eq!(ids(&store.claim_outbox(2, 60_000).await.unwrap()), all[2..]);
}

pub async fn released_rows_are_claimable_at_once(h: &dyn Harness) {
    let store = h.store().await;
    let batch: Vec<_> = (0..3).map(|_| intake(new_submission(&owner("alice")))).collect();
    store.accept_submissions(&batch, PLENTY).await.unwrap();
    assert_eq!(store.release_outbox().await.unwrap(), 3);
    let claimed = h.second().await.claim_outbox(100, 60_000).await.unwrap();
    assert_eq!(ids(&claimed).into_iter().collect::<HashSet<_>>(), batch.iter().map(|one| one.message).collect());
}

pub async fn deleted_rows_are_gone(h: &dyn Harness) {
    let store = h.store().await;
    let batch: Vec<_> = (0..3).map(|_| intake(new_submission(&owner("alice")))).collect();
    store.accept_submissions(&batch, PLENTY).await.unwrap();
    store.delete_outbox(&[batch[0].message, message_id(), batch[2].message]).await.unwrap();
    store.delete_outbox(&[batch[0].message]).await.unwrap();
    store.delete_outbox(&[]).await.unwrap();
    assert_eq!(store.count_outbox().await.unwrap(), 1);
    h.advance(PAST_FRESH).await;
    assert_eq!(ids(&store.claim_outbox(100, 1_000).await.unwrap()), [batch[1].message]);
    assert_eq!(store.count_open().await.unwrap(), 3, "the submissions stay");
}

fn ids(rows: &[OutboxRow]) -> Vec<MessageId> {
    rows.iter().map(|row| row.id).collect()
}
