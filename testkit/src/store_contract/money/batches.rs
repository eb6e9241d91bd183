//! A batch: decided in order, one transaction, and every key and id counted once.

use std::collections::HashSet;

use herald_domain::money::{NewTransfer, Refusal, TransferState};
use herald_domain::store::Moved;

use super::steps::{ask, book, booked, clean, everything, fund, log_names, money, people, refused, replayed, transfer};
use crate::build::{held, idempotency, owner, payment, transfer_intake};
use crate::store_contract::Harness;

pub async fn a_batch_of_no_transfers_is_nothing(h: &dyn Harness) {
    assert_eq!(h.store().await.book_transfers(&[]).await.unwrap(), vec![]);
}

pub async fn a_batch_is_decided_in_the_order_given(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let (alice, bob, shop) = (&people.alice, &people.bob, &people.shop);
    let asked = [
        payment(bob, shop, 10),   // has nothing yet
        payment(alice, bob, 80),  // 20 left
        payment(bob, shop, 10),   // now he has
        payment(alice, shop, 30), // 10 short
        payment(shop, alice, 10), // 30 left
        payment(alice, shop, 30), // all
    ];
    let batch: Vec<_> = asked.iter().cloned().map(transfer_intake).collect();
    let outcomes = store.book_transfers(&batch).await.unwrap();
    let short = |shortfall| Some(Refusal::InsufficientFunds { shortfall });
    let refusals: Vec<_> = outcomes
        .iter()
        .map(|moved| match moved {
            Moved::Refused(why) => Some(why.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(refusals, [short(10), None, None, short(10), None, None]);
    for (moved, intake) in outcomes.into_iter().zip(&batch) {
        let Moved::Now(booked) = moved else { continue };
        assert_eq!((booked.transfer.id, booked.outbox[0].id), (intake.transfer.id, intake.message));
        assert_eq!(transfer(&*store, booked.transfer.id).await, booked.transfer);
        assert_eq!(log_names(&*store, booked.transfer.id).await, ["transfer.completed"]);
    }
    let left = [money(&*store, alice).await.0, money(&*store, bob).await.0, money(&*store, shop).await.0];
    assert_eq!(left, [0, 70, 30]);
    clean(&*store).await;
}

pub async fn an_account_that_is_hot_in_a_batch_has_every_entry_in_order(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 10_000).await;
    fund(&*store, &people.bank, &people.bob, 10_000).await;
    let from = |n: u64| if n.is_multiple_of(2) { &people.alice } else { &people.bob };
    let batch: Vec<_> = (0..64).map(|n| transfer_intake(payment(from(n), &people.shop, n + 1))).collect();
    for moved in store.book_transfers(&batch).await.unwrap() {
        booked(moved);
    }
    let mut lines = store.statement(people.shop.id, None, 100).await.unwrap();
    lines.reverse();
    let mut balance = 0;
    for (n, line) in lines.iter().enumerate() {
        balance += n as i64 + 1;
        assert_eq!((line.n, line.amount, line.balance), (n as u64 + 1, n as i64 + 1, balance));
        assert_eq!(line.transfer, batch[n].transfer.id);
    }
    assert_eq!((lines.len(), money(&*store, &people.shop).await), (64, (2_080, 0, 2_080)));
    clean(&*store).await;
}

pub async fn batches_over_the_same_accounts_from_two_handles_both_go_through(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 1_000).await;
    fund(&*one, &people.bank, &people.bob, 1_000).await;
    let there = || [payment(&people.alice, &people.bob, 1), payment(&people.bob, &people.shop, 1)].map(transfer_intake);
    let back =
        || [payment(&people.bob, &people.alice, 1), payment(&people.alice, &people.shop, 1)].map(transfer_intake);
    for _ in 0..20 {
        let (there, back) = (there(), back());
        let (left, right) = futures::join!(one.book_transfers(&there), two.book_transfers(&back));
        for moved in left.unwrap().into_iter().chain(right.unwrap()) {
            booked(moved);
        }
    }
    let left = [money(&*one, &people.alice).await.0, money(&*one, &people.bob).await.0];
    assert_eq!((left, money(&*one, &people.shop).await.0), ([980, 980], 40));
    clean(&*one).await;
}

pub async fn a_transfers_key_with_the_same_request_is_a_replay(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let asked =
        |hash: &str| NewTransfer { idempotency: idempotency("k", hash), ..payment(&people.alice, &people.bob, 60) };
    let first = book(&*store, asked("60 to bob")).await.transfer;
    let before = everything(&*store, &people).await;
    let again = asked("60 to bob");
    assert_eq!(replayed(ask(&*h.second().await, again.clone()).await), first);
    assert_eq!(store.get_transfer(again.id, None).await.unwrap(), None);
    assert_eq!(ask(&*store, asked("60 to shop")).await, Moved::KeyReused);
    assert_eq!(everything(&*store, &people).await, before);
}

pub async fn a_replay_shows_the_transfer_as_it_stands(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let asked = NewTransfer {
        idempotency: idempotency("k", "r"),
        ..held(&people.alice, &people.bob, 60, herald_domain::money::Holder::Payer)
    };
    let hold = book(&*store, asked.clone()).await.transfer;
    let void = herald_domain::store::HoldChange::Void;
    booked(store.change_hold(hold.id, None, &void, crate::build::message_id()).await.unwrap());
    assert_eq!(replayed(ask(&*store, asked).await).state, TransferState::Voided);
}

pub async fn a_transfers_key_belongs_to_who_asks(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let asked = |who: &str| NewTransfer {
        idempotency: idempotency("k", "r"),
        asked_by: owner(who),
        ..payment(&people.alice, &people.bob, 10)
    };
    for who in ["alice", "bob", "admin"] {
        book(&*store, asked(who)).await;
    }
    replayed(ask(&*store, asked("bob")).await);
    assert_eq!(money(&*store, &people.alice).await.0, 70);
}

pub async fn the_same_transfer_id_again_is_a_replay(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let asked = payment(&people.alice, &people.bob, 60);
    let first = book(&*store, asked.clone()).await.transfer;
    assert_eq!(replayed(ask(&*store, asked.clone()).await), first);
    let others = NewTransfer { asked_by: owner("mallory"), ..asked };
    assert_eq!(ask(&*store, others).await, Moved::KeyReused, "it tells nothing of another's transfer");
    assert_eq!(money(&*store, &people.alice).await.0, 40);
}

pub async fn keys_and_ids_twice_in_one_batch_are_decided_in_order(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let keyed = |hash: &str, amount| NewTransfer {
        idempotency: idempotency("k", hash),
        ..payment(&people.alice, &people.bob, amount)
    };
    let plain = payment(&people.alice, &people.bob, 5);
    let asked = [keyed("r", 101), keyed("r", 10), keyed("r", 10), keyed("other", 1), plain.clone(), plain];
    let batch: Vec<_> = asked.into_iter().map(transfer_intake).collect();
    let mut outcomes = store.book_transfers(&batch).await.unwrap().into_iter();
    let mut next = || outcomes.next().unwrap();
    assert_eq!(refused(next()), Refusal::InsufficientFunds { shortfall: 1 });
    let first = booked(next()).transfer;
    assert_eq!((first.id, replayed(next())), (batch[1].transfer.id, first.clone()));
    assert_eq!(next(), Moved::KeyReused);
    let plain = booked(next()).transfer;
    assert_eq!(replayed(next()), plain);
    assert_eq!(money(&*store, &people.alice).await.0, 85);
    clean(&*store).await;
}

pub async fn a_refusal_leaves_its_key_free(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let asked =
        |amount| NewTransfer { idempotency: idempotency("k", "r"), ..payment(&people.alice, &people.bob, amount) };
    refused(ask(&*store, asked(101)).await);
    book(&*store, asked(100)).await;
}

pub async fn a_transfers_key_from_two_handles_at_once_books_once(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 1_000).await;
    for n in 0..8 {
        let asked = || NewTransfer {
            idempotency: idempotency(&format!("k{n}"), "r"),
            ..payment(&people.alice, &people.bob, 10)
        };
        let outcomes = futures::join!(ask(&*one, asked()), ask(&*two, asked()));
        let ids: HashSet<_> = [outcomes.0, outcomes.1]
            .into_iter()
            .map(|moved| match moved {
                Moved::Now(booked) => booked.transfer.id,
                other => replayed(other).id,
            })
            .collect();
        assert_eq!(ids.len(), 1);
    }
    assert_eq!(money(&*one, &people.alice).await.0, 920);
    clean(&*one).await;
}
