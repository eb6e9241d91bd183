//! What a transfer tells: events to both parties, and an outbox row beside those of the submissions.

use std::collections::HashSet;
use std::time::Duration;

use herald_domain::channel::Channel;
use herald_domain::money::{Holder, TransferState};
use herald_domain::store::{HoldChange, OutboxRow, Wakes};

use super::steps::{book, booked, data, log, pay, people};
use crate::build::{held, intake, message_id, new_submission, owner, payment, transfer_intake};
use crate::store_contract::Harness;
use crate::store_contract::steps::{PLENTY, accept_plain};

const PAST_FRESH: Duration = Duration::from_secs(6);

pub async fn both_parties_catch_up_on_a_transfer(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    h.advance(Duration::from_secs(1)).await;
    let start = store.store_now().await.unwrap();
    let hold = book(&*store, held(&people.alice, &people.bob, 80, Holder::Payer)).await;
    let captured = store.change_hold(hold.transfer.id, None, &HoldChange::Capture(None), message_id()).await.unwrap();
    let captured = booked(captured);
    let submission = accept_plain(&*store, &owner("alice")).await;
    let told = [&hold.events[0].0, &captured.events[0].0];

    for who in [&people.alice.owner, &people.bob.owner] {
        let caught = store.events_since(start, &[who.partition()], 100).await.unwrap();
        let of = Channel::Transfer(hold.transfer.id);
        let caught: Vec<_> = caught.events.iter().filter(|event| event.channel == of).collect();
        assert_eq!(caught.len(), 2, "{who}");
        for (caught, told) in caught.iter().zip(told) {
            assert_eq!((caught.offset, caught.at, &caught.name), (told.offset, told.at, &told.name));
            assert_eq!((&caught.audience, data(caught)), (&told.audience, data(told)));
        }
    }
    let stranger = store.events_since(start, &[owner("dave").partition()], 100).await.unwrap();
    assert!(stranger.events.is_empty());
    let asked = [(Channel::Transfer(hold.transfer.id), 1), (Channel::Submission(submission), 0)];
    let events = store.channel_events(&asked).await.unwrap();
    let names: HashSet<_> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, HashSet::from(["transfer.completed", "submission.queued"]));
}

pub async fn the_event_of_a_transfer_is_whole_in_itself(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    let event = log(&*store, paid.id).await.remove(0);
    assert_eq!(event.at, paid.created_at);
    let data = data(&event);
    let words = ["kind", "from", "to", "currency"].map(|name| data[name].as_str().unwrap().to_owned());
    assert_eq!(words, ["payment", "alice", "bob", "INR"]);
    assert_eq!(
        (data["amount"].as_u64(), data["posted"].as_u64(), data["refunded"].as_u64()),
        (Some(10), Some(10), Some(0))
    );
}

pub async fn the_outbox_gives_out_both_kinds(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let old = accept_plain(&*store, &owner("alice")).await;
    h.advance(PAST_FRESH).await;
    let waiting = store.claim_outbox(100, 1).await.unwrap();
    store.delete_outbox(&waiting.iter().map(|row| row.id).collect::<Vec<_>>()).await.unwrap();
    assert!(waiting.iter().any(|row| matches!(&row.wakes, Wakes::Work { submission, .. } if *submission == old)));
    assert!(waiting.iter().any(|row| matches!(row.wakes, Wakes::Services(_))));
    assert_eq!(store.count_outbox().await.unwrap(), 0);

    let paid = book(&*store, payment(&people.alice, &people.bob, 10)).await;
    assert_eq!(h.second().await.claim_outbox(100, 30_000).await.unwrap(), vec![], "it belongs to its writer for 5 s");
    h.advance(PAST_FRESH).await;
    accept_plain(&*store, &owner("alice")).await;
    h.advance(PAST_FRESH).await;
    let first = store.claim_outbox(1, 30_000).await.unwrap();
    assert_eq!(first, paid.outbox, "the oldest of both");
    assert_eq!(first[0].wakes, Wakes::Services(paid.transfer.step()));
    let second = store.claim_outbox(5, 30_000).await.unwrap();
    assert!(matches!(second[..], [OutboxRow { wakes: Wakes::Work { .. }, .. }]), "{second:?}");
    assert_eq!(store.claim_outbox(5, 30_000).await.unwrap(), vec![]);
    h.advance(Duration::from_secs(31)).await;
    assert_eq!(store.claim_outbox(5, 30_000).await.unwrap().len(), 2, "claims of both run out");
}

pub async fn rows_of_both_kinds_are_counted_released_and_deleted(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 0).await;
    let work: Vec<_> = (0..3).map(|_| intake(new_submission(&owner("alice")))).collect();
    store.accept_submissions(&work, PLENTY).await.unwrap();
    let money: Vec<_> = (0..3).map(|n| transfer_intake(payment(&people.bank, &people.bob, n + 1))).collect();
    store.book_transfers(&money).await.unwrap();
    assert_eq!(store.count_outbox().await.unwrap(), 6);
    assert_eq!(store.release_outbox().await.unwrap(), 6);
    let claimed = h.second().await.claim_outbox(100, 60_000).await.unwrap();
    let all: HashSet<_> = work.iter().map(|one| one.message).chain(money.iter().map(|one| one.message)).collect();
    assert_eq!(claimed.iter().map(|row| row.id).collect::<HashSet<_>>(), all);

    store.delete_outbox(&[work[0].message, money[0].message, money[2].message]).await.unwrap();
    assert_eq!(store.count_outbox().await.unwrap(), 3);
    h.advance(Duration::from_secs(61)).await;
    let left: HashSet<_> = store.claim_outbox(100, 1_000).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(left, HashSet::from([work[1].message, work[2].message, money[1].message]));
}

pub async fn two_relays_never_claim_the_same_step(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 0).await;
    let money: Vec<_> = (0..40).map(|n| transfer_intake(payment(&people.bank, &people.bob, n + 1))).collect();
    one.book_transfers(&money).await.unwrap();
    h.advance(PAST_FRESH).await;
    let mut taken = Vec::new();
    for _ in 0..12 {
        let (left, right) = futures::join!(one.claim_outbox(5, 60_000), two.claim_outbox(5, 60_000));
        taken.extend(left.unwrap().iter().chain(&right.unwrap()).map(|row| row.id));
    }
    assert_eq!(taken.len(), 40, "a row was claimed twice or kept back");
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), 40);
}

pub async fn a_traced_step_keeps_its_trace(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 0).await;
    let traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    let new = payment(&people.bank, &people.bob, 1);
    let asked = herald_domain::money::NewTransfer { traceparent: traceparent.clone(), ..new };
    let paid = book(&*store, asked).await;
    assert_eq!(
        (paid.outbox[0].traceparent.clone(), paid.transfer.state),
        (traceparent.clone(), TransferState::Completed)
    );
    h.advance(PAST_FRESH).await;
    assert_eq!(store.claim_outbox(10, 1_000).await.unwrap()[0].traceparent, traceparent);
}
