//! What rules learn of a payer's past.

use std::time::Duration;

use herald_domain::money::{Holder, NewTransfer, Transfer, TransferKind, TransferState};
use herald_domain::store::{MAX_PAST, Moved, Past, Screen, Store, TransferIntake};

use super::steps::{book, fund, open, pay, people};
use crate::build::{held, new_account, payment, transfer_id, transfer_intake};
use crate::store_contract::Harness;

const HOUR: Duration = Duration::from_secs(3_600);

pub async fn a_first_payment_has_no_past(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    let pasts = store.pasts(&[paid.id]).await.unwrap();
    assert_eq!(pasts, [Some((paid.created_at, Past::default()))]);
}

pub async fn a_past_is_told_by_hour_day_and_payee(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 10_000).await;
    let (alice, bob, shop) = (&people.alice, &people.bob, &people.shop);
    pay(&*store, alice, bob, 1_000).await;
    h.advance(30 * HOUR).await;
    pay(&*store, alice, bob, 200).await;
    h.advance(2 * HOUR).await;
    pay(&*store, alice, shop, 40).await;
    book(&*store, held(alice, bob, 21, Holder::Payer)).await;
    // None of these is a payment of alice's.
    pay(&*store, bob, alice, 100).await;
    book(&*store, NewTransfer { kind: TransferKind::Refund, ..payment(alice, bob, 7) }).await;
    let savings = open(&*store, new_account("savings", &alice.owner)).await;
    fund(&*store, &people.bank, &savings, 500).await;
    pay(&*store, &savings, bob, 500).await;

    let paid = pay(&*store, alice, bob, 5).await;
    pay(&*store, alice, bob, 9).await;
    let past =
        Past { last_hour: 2, last_hour_amount: 61, payments: 4, mean_amount: 315, to_payee: 3, to_payee_last_day: 2 };
    h.advance(100 * HOUR).await;
    assert_eq!(store.pasts(&[paid.id]).await.unwrap(), [Some((paid.created_at, past))], "as it was then");
}

/// What the screen is asked, it is asked before the money moves; its yes holds the payment, its no lets it go.
pub async fn a_screen_is_asked_about_the_past_before_the_payment(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 10_000).await;
    let (alice, bob, shop) = (&people.alice, &people.bob, &people.shop);
    pay(&*store, alice, bob, 100).await;
    h.advance(2 * HOUR).await;
    pay(&*store, alice, shop, 31).await;
    let past =
        Past { last_hour: 1, last_hour_amount: 31, payments: 2, mean_amount: 65, to_payee: 1, to_payee_last_day: 1 };
    let intake = transfer_intake(payment(alice, bob, 50));
    let booked = screened(&*store, &intake, &|found| *found == past).await;
    assert_eq!((booked.state, booked.held_by), (TransferState::Pending, Some(Holder::Fraud)));
    assert_eq!(store.pasts(&[booked.id]).await.unwrap()[0].unwrap().1, past, "afterwards it is the same");
    assert!(matches!(store.book_screened(&intake, &|_| false).await.unwrap(), Moved::Replayed(_)));
    let booked = screened(&*store, &transfer_intake(payment(alice, bob, 50)), &|found| found.payments < 3).await;
    assert_eq!((booked.state, booked.held_by), (TransferState::Completed, None), "a hold is a payment of the past");
    let own = transfer_intake(held(alice, bob, 5, Holder::Payer));
    assert_eq!(screened(&*store, &own, &|_| true).await.held_by, Some(Holder::Payer));
    let too_much = transfer_intake(payment(alice, bob, 1_000_000));
    assert!(matches!(store.book_screened(&too_much, &|_| true).await.unwrap(), Moved::Refused(_)));
    assert_eq!(store.check_ledger().await.unwrap().breaches, [""; 0]);
}

async fn screened(store: &dyn Store, intake: &TransferIntake, screen: Screen<'_>) -> Transfer {
    match store.book_screened(intake, screen).await.unwrap() {
        Moved::Now(booked) => booked.transfer,
        other => panic!("not booked: {other:?}"),
    }
}

pub async fn pasts_come_in_the_order_asked(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let first = pay(&*store, &people.alice, &people.bob, 10).await.id;
    let second = pay(&*store, &people.alice, &people.bob, 20).await.id;
    let other = NewTransfer { kind: TransferKind::Funding, ..payment(&people.bank, &people.bob, 1) };
    let other = book(&*store, other).await.transfer.id;
    let pasts = store.pasts(&[second, transfer_id(), first, other, second]).await.unwrap();
    let counts: Vec<_> = pasts.iter().map(|one| one.map(|(_, past)| (past.payments, past.mean_amount))).collect();
    assert_eq!(counts, [Some((1, 10)), None, Some((0, 0)), None, Some((1, 10))]);
    assert_eq!(store.pasts(&[]).await.unwrap(), []);
}

pub async fn a_long_past_is_looked_at_as_far_as_the_bound(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 1_000_000).await;
    pay(&*store, &people.alice, &people.shop, 1).await;
    let bound = u64::from(MAX_PAST);
    let batch: Vec<_> = (0..bound).map(|_| transfer_intake(payment(&people.alice, &people.bob, 3))).collect();
    for part in batch.chunks(200) {
        store.book_transfers(part).await.unwrap();
    }
    let paid = pay(&*store, &people.alice, &people.shop, 1).await;
    let (_, past) = store.pasts(&[paid.id]).await.unwrap()[0].unwrap();
    assert_eq!((past.payments, past.mean_amount, past.to_payee), (bound, 3, 0));
}
