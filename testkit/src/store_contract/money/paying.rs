//! One payment: what it moves and tells, and when it is refused.

use futures::future::join_all;
use herald_domain::id::AccountId;
use herald_domain::money::{
    AccountKind, Counters, MAX_AMOUNT, NewAccount, NewTransfer, Refusal, Side, StatementLine, TransferKind,
    TransferState,
};
use herald_domain::store::Moved;

use super::steps::{
    account, ask, assert_told, book, clean, everything, fund, log_names, money, open, pay, people, refused, transfer,
};
use crate::build::{held, message_id, new_account, owner, payment, transfer_id};
use crate::store_contract::Harness;

pub async fn a_payment_moves_money_and_tells_of_it(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 1_000).await;
    let asked = payment(&people.alice, &people.shop, 300);
    let booked = book(&*store, asked.clone()).await;
    let paid = &booked.transfer;
    assert_eq!((paid.id, paid.state, paid.amount, paid.posted), (asked.id, TransferState::Completed, 300, 300));
    assert_eq!((paid.refunded, paid.offset, paid.settled_at), (0, 1, Some(paid.created_at)));
    assert_told(&booked);
    assert_eq!(log_names(&*store, asked.id).await, ["transfer.completed"]);
    assert_eq!(transfer(&*h.second().await, asked.id).await, *paid);

    assert_eq!(
        (money(&*store, &people.alice).await, money(&*store, &people.shop).await),
        ((700, 0, 700), (300, 0, 300))
    );
    let payer = account(&*store, people.alice.id).await;
    assert_eq!(payer.counters, Counters { credits_posted: 1_000, debits_posted: 300, ..Counters::default() });
    let lines = store.statement(people.shop.id, None, 10).await.unwrap();
    let line = StatementLine {
        n: 1,
        transfer: asked.id,
        kind: TransferKind::Payment,
        amount: 300,
        balance: 300,
        other: people.alice.handle.clone(),
        reference: None,
        note: None,
        at: paid.created_at,
    };
    assert_eq!(lines, [line]);
    let check = clean(&*store).await;
    assert_eq!((check.accounts, check.transfers, check.entries), (5, 2, 2));
}

pub async fn a_transfer_keeps_all_that_was_asked(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 1_000).await;
    let asked = NewTransfer {
        kind: TransferKind::Reward,
        reference: Some("order-17".into()),
        note: Some("für Bücher ✓ 'quoted' \"twice\"".into()),
        parent: Some(transfer_id()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        ..payment(&people.alice, &people.bob, 5)
    };
    let booked = book(&*store, asked.clone()).await;
    let kept = transfer(&*store, asked.id).await;
    assert_eq!(kept, booked.transfer);
    assert_eq!((kept.kind, kept.from, kept.to, kept.currency), (asked.kind, asked.from, asked.to, asked.currency));
    assert_eq!((&kept.from_handle, &kept.to_handle), (&people.alice.handle, &people.bob.handle));
    assert_eq!((&kept.payer, &kept.payee), (&people.alice.owner, &people.bob.owner));
    assert_eq!((&kept.reference, &kept.note, kept.parent), (&asked.reference, &asked.note, asked.parent));
    assert_eq!((&kept.traceparent, &booked.outbox[0].traceparent), (&asked.traceparent, &asked.traceparent));
    let line = store.statement(people.bob.id, None, 1).await.unwrap().remove(0);
    assert_eq!((line.reference, line.note), (asked.reference, asked.note));
}

pub async fn whatever_is_refused_changes_nothing(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let (alice, bob) = (&people.alice, &people.bob);
    let dollars = NewAccount { currency: "USD".parse().unwrap(), ..new_account("dollars", &owner("bob")) };
    let dollars = open(&*store, dollars).await;
    let usd = dollars.currency;
    let nobody = AccountId(message_id().0);
    let cases = [
        (NewTransfer { from: nobody, ..payment(alice, bob, 1) }, Refusal::UnknownAccount(Side::From)),
        (NewTransfer { to: nobody, ..payment(alice, bob, 1) }, Refusal::UnknownAccount(Side::To)),
        (payment(alice, &dollars, 1), Refusal::OtherCurrency(Side::To, usd)),
        (
            NewTransfer { currency: usd, ..payment(alice, &dollars, 1) },
            Refusal::OtherCurrency(Side::From, alice.currency),
        ),
        (payment(alice, alice, 1), Refusal::SameAccount),
        (payment(alice, bob, 101), Refusal::InsufficientFunds { shortfall: 1 }),
        (payment(bob, alice, 7), Refusal::InsufficientFunds { shortfall: 7 }),
        (held(alice, bob, 150, herald_domain::money::Holder::Payer), Refusal::InsufficientFunds { shortfall: 50 }),
        (payment(&people.budget, alice, 1), Refusal::InsufficientFunds { shortfall: 1 }),
    ];
    let before = everything(&*store, &people).await;
    for (asked, why) in cases {
        let id = asked.id;
        assert_eq!(refused(ask(&*store, asked).await), why);
        assert_eq!(store.get_transfer(id, None).await.unwrap(), None);
        assert_eq!(everything(&*store, &people).await, before, "{why:?}");
    }
}

pub async fn a_closed_account_neither_pays_nor_is_paid(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    h.tamper("update accounts set closed_at = created_at where handle = 'alice'").await;
    let before = everything(&*store, &people).await;
    let out = refused(ask(&*store, payment(&people.alice, &people.bob, 1)).await);
    let back = refused(ask(&*store, payment(&people.bank, &people.alice, 1)).await);
    assert_eq!((out, back), (Refusal::ClosedAccount(Side::From), Refusal::ClosedAccount(Side::To)));
    assert!(account(&*store, people.alice.id).await.closed_at.is_some());
    assert_eq!(everything(&*store, &people).await, before);
}

pub async fn no_account_holds_more_than_can_be_counted(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 0).await;
    let other = NewAccount { kind: AccountKind::Funding, ..new_account("mint", &owner("bank")) };
    let other = open(&*store, other).await;
    fund(&*store, &people.bank, &people.alice, MAX_AMOUNT).await;
    let before = everything(&*store, &people).await;
    let sender = refused(ask(&*store, payment(&people.bank, &people.bob, 1)).await);
    let receiver = refused(ask(&*store, payment(&other, &people.alice, 1)).await);
    assert_eq!((sender, receiver), (Refusal::TooMuch(Side::From), Refusal::TooMuch(Side::To)));
    assert_eq!(everything(&*store, &people).await, before);
    pay(&*store, &people.alice, &people.bob, MAX_AMOUNT).await;
    assert_eq!(money(&*store, &people.bob).await.0, MAX_AMOUNT as i64);
    clean(&*store).await;
}

pub async fn only_a_funding_account_may_be_overdrawn(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 0).await;
    fund(&*store, &people.bank, &people.alice, 70).await;
    fund(&*store, &people.bank, &people.bob, 30).await;
    assert_eq!(money(&*store, &people.bank).await, (-100, 0, -100));
    for from in [&people.shop, &people.budget] {
        let why = refused(ask(&*store, payment(from, &people.alice, 1)).await);
        assert_eq!(why, Refusal::InsufficientFunds { shortfall: 1 });
    }
    clean(&*store).await;
}

pub async fn a_transfer_between_two_accounts_of_one_owner_is_told_him_once(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let savings = open(&*store, new_account("savings", &people.alice.owner)).await;
    let booked = book(&*store, payment(&people.alice, &savings, 60)).await;
    assert_eq!(booked.events[0].0.audience, std::slice::from_ref(&people.alice.owner));
    let recent = store.recent_transfers(&people.alice.owner, 10).await.unwrap();
    assert_eq!(recent.iter().filter(|one| one.id == booked.transfer.id).count(), 1);
    assert_eq!((money(&*store, &people.alice).await.0, money(&*store, &savings).await.0), (40, 60));
}

pub async fn a_hundred_at_once_for_a_full_balance_succeed_once(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 1_000).await;
    let asked: Vec<_> = (0..100).map(|_| payment(&people.alice, &people.bob, 1_000)).collect();
    let asking = asked.iter().enumerate().map(|(n, new)| {
        let store = if n % 2 == 0 { &one } else { &two };
        ask(&**store, new.clone())
    });
    let outcomes = join_all(asking).await;
    let paid: Vec<_> = outcomes.iter().filter(|moved| matches!(moved, Moved::Now(_))).collect();
    assert_eq!(paid.len(), 1);
    for moved in outcomes.into_iter().filter(|moved| !matches!(moved, Moved::Now(_))) {
        assert_eq!(refused(moved), Refusal::InsufficientFunds { shortfall: 1_000 });
    }
    assert_eq!((money(&*one, &people.alice).await.0, money(&*one, &people.bob).await.0), (0, 1_000));
    assert_eq!(clean(&*one).await.entries, 2);
}
