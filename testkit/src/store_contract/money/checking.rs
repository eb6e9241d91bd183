//! The check of the ledger: silent over whatever is done through the port, loud over what is not.

use herald_domain::money::{Deed, EffectOutcome, Holder, Service};
use herald_domain::store::{HoldChange, TransferFilter};

use super::random::Mallory;
use super::steps::{book, carry_out, clean, done_with, effect, fund, log, pay, people};
use crate::build::{held, message_id, payment, transfer_intake};
use crate::store_contract::Harness;

pub async fn an_empty_ledger_is_clean(h: &dyn Harness) {
    let check = h.store().await.check_ledger().await.unwrap();
    assert_eq!(check, Default::default());
}

/// Harm that nobody can do through the port, and what undoes it. The names are those of `a_breach_of_the_ledger_is_named`.
const HARM_TO_ALICE: [(&str, &str); 4] = [
    (
        "update accounts set credits_posted = credits_posted + 1 where handle = 'alice'",
        "update accounts set credits_posted = credits_posted - 1 where handle = 'alice'",
    ),
    (
        "update accounts set debits_pending = debits_pending - 1 where handle = 'alice'",
        "update accounts set debits_pending = debits_pending + 1 where handle = 'alice'",
    ),
    (
        "update accounts set entries = entries + 1 where handle = 'alice'",
        "update accounts set entries = entries - 1 where handle = 'alice'",
    ),
    (
        "update entries set debit_balance = debit_balance + 1 where amount = 100",
        "update entries set debit_balance = debit_balance - 1 where amount = 100",
    ),
];
const HARM_TO_THE_PAYMENT: [(&str, &str); 3] = [
    ("update entries set amount = 101 where amount = 100", "update entries set amount = 100 where amount = 101"),
    (
        "update transfers set refunded = 1 where state = 'completed' and kind = 'payment'",
        "update transfers set refunded = 0 where refunded = 1",
    ),
    (
        "update transfers set state = 'failed' where state = 'completed' and kind = 'payment'",
        "update transfers set state = 'completed' where state = 'failed'",
    ),
];

pub async fn a_breach_of_the_ledger_is_named(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 1_000).await;
    let paid = pay(&*store, &people.alice, &people.bob, 100).await.id;
    book(&*store, held(&people.alice, &people.bob, 50, Holder::Payer)).await;
    clean(&*store).await;
    let to_alice = HARM_TO_ALICE.iter().map(|harm| (harm, "alice".to_owned()));
    let to_payment = HARM_TO_THE_PAYMENT.iter().map(|harm| (harm, paid.to_string()));
    for ((harm, undo), named) in to_alice.chain(to_payment) {
        h.tamper(harm).await;
        let breaches = store.check_ledger().await.unwrap().breaches;
        assert!(breaches.iter().any(|breach| breach.contains(&named)), "{harm}: {breaches:?}");
        h.tamper(undo).await;
        clean(&*store).await;
    }
}

pub async fn a_receipt_that_is_gone_is_a_breach(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    for _ in 0..3 {
        let id = pay(&*store, &people.alice, &people.bob, 1).await.id;
        carry_out(&*store, Service::Statement, id, done_with(Deed::Receipt)).await;
    }
    clean(&*store).await;
    h.tamper("delete from receipts where number = 2").await;
    let breaches = store.check_ledger().await.unwrap().breaches;
    assert!(breaches.iter().any(|breach| breach.contains("receipt")), "{breaches:?}");
}

pub async fn breaches_are_at_most_a_hundred(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 1_000).await;
    let batch: Vec<_> = (0..150).map(|_| transfer_intake(payment(&people.alice, &people.bob, 1))).collect();
    store.book_transfers(&batch).await.unwrap();
    h.tamper("update entries set amount = 2 where amount = 1").await;
    assert_eq!(store.check_ledger().await.unwrap().breaches.len(), 100);
}

/// `HERALD_TEST_SEED` does the same again.
pub async fn whatever_is_done_leaves_the_ledger_clean(h: &dyn Harness) {
    let seed = std::env::var("HERALD_TEST_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("whatever_is_done_leaves_the_ledger_clean: HERALD_TEST_SEED={seed}");
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 500).await;
    fund(&*one, &people.bank, &people.bob, 300).await;
    fund(&*one, &people.bank, &people.budget, 40).await;
    let (mut left, mut right) = (Mallory::new(seed, &people), Mallory::new(seed.wrapping_add(1), &people));
    for round in 0..60 {
        futures::join!(left.act(&*one), right.act(&*two));
        if round % 5 == 4 {
            h.advance(left.pause()).await;
        }
        if round % 20 == 19 {
            clean(&*one).await;
        }
    }
    let check = clean(&*one).await;
    assert!(check.transfers > 20 && check.entries > 10, "too little came of it: {check:?}");
    for transfer in one.list_transfers(&TransferFilter::default(), None, 1_000).await.unwrap() {
        log(&*one, transfer.id).await;
        assert!(transfer.refunded <= transfer.posted && transfer.posted <= transfer.amount);
    }
}

pub async fn an_effect_without_a_transfer_is_a_breach(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let hold = book(&*store, held(&people.alice, &people.bob, 1, Holder::Payer)).await.transfer.id;
    let scored = EffectOutcome::Skipped { reason: "held".into() };
    carry_out(&*store, Service::Fraud, hold, scored).await;
    effect(&*store, Service::Fraud, hold).await;
    store.change_hold(hold, None, &HoldChange::Void, message_id()).await.unwrap();
    clean(&*store).await;
    h.tamper("delete from transfers where state = 'voided'").await;
    let breaches = store.check_ledger().await.unwrap().breaches;
    assert!(breaches.iter().any(|breach| breach.contains(&hold.to_string())), "{breaches:?}");
}
