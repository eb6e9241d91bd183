//! Holds: set aside, then captured, voided or expired, once.

use std::time::Duration;

use herald_domain::id::TransferId;
use herald_domain::money::{Counters, Hold, Holder, NewTransfer, Refusal, TransferState};
use herald_domain::owner::Owner;
use herald_domain::store::{Booked, HoldChange, Moved, Store, Wakes};

use super::steps::{
    People, account, ask, assert_told, book, booked, clean, everything, log_names, money, pay, people, refused,
    replayed, step, transfer,
};
use crate::build::{held, message_id, owner, payment, transfer_id};
use crate::store_contract::Harness;

const ALL: HoldChange = HoldChange::Capture(None);
const MINUTE: Duration = Duration::from_secs(60);

async fn change(store: &dyn Store, id: TransferId, owner: Option<&Owner>, change: &HoldChange) -> Moved {
    store.change_hold(id, owner, change, message_id()).await.unwrap()
}

/// Alice has 100 and holds 80 of them for bob.
async fn one_hold(store: &dyn Store, by: Holder) -> (People, Booked) {
    let people = people(store, 100).await;
    let hold = book(store, held(&people.alice, &people.bob, 80, by)).await;
    (people, hold)
}

pub async fn a_hold_sets_money_aside(h: &dyn Harness) {
    let store = h.store().await;
    let (people, hold) = one_hold(&*store, Holder::Payer).await;
    let row = &hold.transfer;
    assert_eq!((row.state, row.posted, row.settled_at), (TransferState::Pending, 0, None));
    assert_eq!((row.held_by, row.hold_until), (Some(Holder::Payer), Some(row.created_at + 60 * MINUTE)));
    assert_told(&hold);
    assert_eq!(transfer(&*store, row.id).await, *row);
    assert_eq!((money(&*store, &people.alice).await, money(&*store, &people.bob).await), ((100, 80, 20), (0, 0, 0)));
    let payee = account(&*store, people.bob.id).await;
    assert_eq!(payee.counters, Counters { credits_pending: 80, ..Counters::default() });
    assert_eq!(store.statement(people.bob.id, None, 10).await.unwrap(), []);

    let spent = refused(ask(&*store, payment(&people.alice, &people.bob, 21)).await);
    assert_eq!(spent, Refusal::InsufficientFunds { shortfall: 1 }, "what is held cannot be spent");
    clean(&*store).await;
}

pub async fn a_hold_is_captured_whole(h: &dyn Harness) {
    let store = h.store().await;
    let (people, hold) = one_hold(&*store, Holder::Payer).await;
    let id = hold.transfer.id;
    let message = message_id();
    let captured = booked(store.change_hold(id, Some(&people.bob.owner), &ALL, message).await.unwrap());
    let row = &captured.transfer;
    assert_eq!((row.state, row.posted, row.offset), (TransferState::Completed, 80, 2));
    assert!(row.settled_at.is_some());
    assert_told(&captured);
    assert_eq!(captured.outbox[0].id, message);
    assert_eq!(transfer(&*store, id).await, *row);
    assert_eq!((money(&*store, &people.alice).await, money(&*store, &people.bob).await), ((20, 0, 20), (80, 0, 80)));
    assert_eq!(log_names(&*store, id).await, ["transfer.pending", "transfer.completed"]);
    clean(&*store).await;
}

pub async fn a_hold_is_captured_in_part_and_the_rest_is_free(h: &dyn Harness) {
    let store = h.store().await;
    let (people, hold) = one_hold(&*store, Holder::Payer).await;
    let id = hold.transfer.id;
    let before = everything(&*store, &people).await;
    for too_much in [81, 1_000_000] {
        let why = refused(change(&*store, id, None, &HoldChange::Capture(Some(too_much))).await);
        assert_eq!(why, Refusal::OverHold { held: 80 });
    }
    assert_eq!(everything(&*store, &people).await, before);
    let captured = booked(change(&*store, id, None, &HoldChange::Capture(Some(30))).await).transfer;
    assert_eq!((captured.amount, captured.posted, captured.state), (80, 30, TransferState::Completed));
    assert_eq!((money(&*store, &people.alice).await, money(&*store, &people.bob).await), ((70, 0, 70), (30, 0, 30)));
    clean(&*store).await;
}

pub async fn a_hold_is_voided(h: &dyn Harness) {
    let store = h.store().await;
    let (people, hold) = one_hold(&*store, Holder::Payer).await;
    let id = hold.transfer.id;
    let voided = booked(change(&*store, id, Some(&people.alice.owner), &HoldChange::Void).await);
    assert_eq!((voided.transfer.state, voided.transfer.posted), (TransferState::Voided, 0));
    assert!(voided.transfer.settled_at.is_some());
    assert_told(&voided);
    assert_eq!((money(&*store, &people.alice).await, money(&*store, &people.bob).await), ((100, 0, 100), (0, 0, 0)));
    assert_eq!(log_names(&*store, id).await, ["transfer.pending", "transfer.voided"]);
    assert_eq!(clean(&*store).await.entries, 1, "the funding alone");
}

pub async fn the_same_change_of_a_hold_again_is_a_replay_and_another_is_refused(h: &dyn Harness) {
    let store = h.store().await;
    let (people, hold) = one_hold(&*store, Holder::Payer).await;
    let id = hold.transfer.id;
    let part = HoldChange::Capture(Some(30));
    let captured = booked(change(&*store, id, None, &part).await).transfer;
    let voided = book(&*store, held(&people.alice, &people.bob, 5, Holder::Payer)).await.transfer.id;
    let voided = booked(change(&*store, voided, None, &HoldChange::Void).await).transfer;
    let before = everything(&*store, &people).await;

    assert_eq!(replayed(change(&*store, id, None, &part).await), captured);
    assert_eq!(replayed(change(&*store, voided.id, None, &HoldChange::Void).await), voided);
    for other in [HoldChange::Capture(Some(31)), ALL, HoldChange::Void] {
        let why = refused(change(&*store, id, None, &other).await);
        assert_eq!(why, Refusal::WrongState(TransferState::Completed), "{other:?}");
    }
    assert_eq!(refused(change(&*store, voided.id, None, &ALL).await), Refusal::WrongState(TransferState::Voided));
    assert_eq!(everything(&*store, &people).await, before);
}

pub async fn what_was_never_held_is_not_captured(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    for asked in [ALL, HoldChange::Void] {
        let why = refused(change(&*store, paid.id, None, &asked).await);
        assert_eq!(why, Refusal::WrongState(TransferState::Completed));
    }
}

pub async fn only_the_parties_change_a_hold_each_his_way(h: &dyn Harness) {
    let store = h.store().await;
    let (people, hold) = one_hold(&*store, Holder::Payer).await;
    let id = hold.transfer.id;
    let before = everything(&*store, &people).await;
    let (alice, bob, carol) = (&people.alice.owner, &people.bob.owner, owner("carol"));
    for (who, what) in [(alice, ALL), (&carol, ALL), (&carol, HoldChange::Void)] {
        assert_eq!(change(&*store, id, Some(who), &what).await, Moved::Unknown, "{who} {what:?}");
    }
    assert_eq!(change(&*store, transfer_id(), None, &ALL).await, Moved::Unknown);
    assert_eq!(everything(&*store, &people).await, before);
    booked(change(&*store, id, Some(bob), &HoldChange::Void).await);
    let next = book(&*store, held(&people.alice, &people.bob, 80, Holder::Payer)).await.transfer.id;
    booked(change(&*store, next, None, &ALL).await);
}

pub async fn a_hold_by_fraud_is_nobodys_to_change(h: &dyn Harness) {
    let store = h.store().await;
    let (people, hold) = one_hold(&*store, Holder::Fraud).await;
    let before = everything(&*store, &people).await;
    for who in [None, Some(&people.alice.owner), Some(&people.bob.owner)] {
        let why = refused(change(&*store, hold.transfer.id, who, &HoldChange::Void).await);
        assert_eq!(why, Refusal::WrongState(TransferState::Pending));
    }
    h.advance(120 * MINUTE).await;
    assert_eq!(store.expire_holds(10, message_id).await.unwrap(), vec![], "nor does time end it");
    assert_eq!(everything(&*store, &people).await, before);
}

pub async fn a_hold_expires_by_the_stores_clock(h: &dyn Harness) {
    let store = h.store().await;
    let (people, hold) = one_hold(&*store, Holder::Payer).await;
    let id = hold.transfer.id;
    h.advance(59 * MINUTE).await;
    assert_eq!(store.expire_holds(10, message_id).await.unwrap(), vec![]);
    h.advance(2 * MINUTE).await;
    let before = everything(&*store, &people).await;
    let why = refused(change(&*store, id, None, &ALL).await);
    assert_eq!(why, Refusal::WrongState(TransferState::Expired), "though nobody has swept it yet");
    assert_eq!(everything(&*store, &people).await, before);

    let expired = store.expire_holds(10, message_id).await.unwrap();
    assert_eq!(expired.len(), 1);
    let row = &expired[0].transfer;
    assert_eq!((row.id, row.state, row.offset), (id, TransferState::Expired, 2));
    assert_told(&expired[0]);
    assert_eq!(transfer(&*store, id).await, *row);
    assert_eq!(money(&*store, &people.alice).await, (100, 0, 100));
    assert_eq!(store.expire_holds(10, message_id).await.unwrap(), vec![]);
    for asked in [ALL, HoldChange::Void] {
        let why = refused(change(&*store, id, None, &asked).await);
        assert_eq!(why, Refusal::WrongState(TransferState::Expired));
    }
    assert_eq!(log_names(&*store, id).await, ["transfer.pending", "transfer.expired"]);
    clean(&*store).await;
}

pub async fn holds_expire_in_the_order_of_their_time_and_so_many_at_once(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let mut ids = Vec::new();
    for minutes in [3, 1, 2, 60] {
        let hold = Some(Hold { by: Holder::Payer, for_ms: minutes * 60_000 });
        let new = NewTransfer { hold, ..payment(&people.alice, &people.bob, 10) };
        ids.push(book(&*store, new).await.transfer.id);
    }
    h.advance(5 * MINUTE).await;
    let swept = async || {
        let ended = store.expire_holds(2, message_id).await.unwrap();
        ended.into_iter().map(|booked| booked.transfer.id).collect::<Vec<_>>()
    };
    assert_eq!((swept().await, swept().await, swept().await), (vec![ids[1], ids[2]], vec![ids[0]], vec![]));
    assert_eq!(money(&*store, &people.alice).await, (100, 10, 90));
    clean(&*store).await;
}

pub async fn sweepers_at_once_expire_a_hold_once(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 1_000).await;
    for _ in 0..20 {
        book(&*one, held(&people.alice, &people.bob, 10, Holder::Payer)).await;
    }
    h.advance(61 * MINUTE).await;
    let mut ended = Vec::new();
    while ended.len() < 20 {
        let (left, right) = futures::join!(one.expire_holds(5, message_id), two.expire_holds(5, message_id));
        let before = ended.len();
        ended.extend(left.unwrap().into_iter().chain(right.unwrap()).map(|booked| booked.transfer.id));
        assert!(ended.len() > before, "neither gets on");
    }
    ended.sort();
    ended.dedup();
    assert_eq!((ended.len(), money(&*one, &people.alice).await), (20, (1_000, 0, 1_000)));
    clean(&*one).await;
}

pub async fn a_capture_and_a_void_at_once_end_a_hold_once(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 1_000).await;
    for _ in 0..8 {
        let id = book(&*one, held(&people.alice, &people.bob, 10, Holder::Payer)).await.transfer.id;
        let (captured, voided) =
            futures::join!(change(&*one, id, None, &ALL), change(&*two, id, None, &HoldChange::Void));
        let state = transfer(&*one, id).await.state;
        match (captured, voided) {
            (Moved::Now(_), Moved::Refused(why)) => {
                assert_eq!((state, why), (TransferState::Completed, Refusal::WrongState(TransferState::Completed)));
            }
            (Moved::Refused(why), Moved::Now(_)) => {
                assert_eq!((state, why), (TransferState::Voided, Refusal::WrongState(TransferState::Voided)));
            }
            other => panic!("both or neither: {other:?}"),
        }
        assert_eq!(log_names(&*one, id).await.len(), 2);
    }
    assert_eq!(money(&*one, &people.alice).await.1, 0);
    clean(&*one).await;
}

pub async fn every_end_of_a_hold_wakes_the_services(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let mut expected = Vec::new();
    for (asked, end) in [(ALL, TransferState::Completed), (HoldChange::Void, TransferState::Voided)] {
        let hold = book(&*store, held(&people.alice, &people.bob, 10, Holder::Payer)).await.transfer;
        booked(change(&*store, hold.id, None, &asked).await);
        expected.extend([step(&hold, TransferState::Pending), step(&hold, end)]);
    }
    h.advance(Duration::from_secs(6)).await;
    let rows = store.claim_outbox(100, 60_000).await.unwrap();
    let steps: Vec<_> = rows
        .into_iter()
        .filter_map(|row| match row.wakes {
            Wakes::Services(step) => Some(step),
            Wakes::Work { .. } => None,
        })
        .collect();
    for step in expected {
        assert!(steps.contains(&step), "{step:?} is not among {steps:?}");
    }
}
