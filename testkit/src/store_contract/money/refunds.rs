//! Refunds: new transfers the other way, never of more than was posted.

use herald_domain::money::{Holder, Refusal, Transfer, TransferKind, TransferState};
use herald_domain::store::{HoldChange, Moved, NewRefund, Store, Wakes};

use super::steps::{
    People, book, booked, clean, everything, log_names, money, pay, people, refused, replayed, transfer,
};
use crate::build::{held, idempotency, message_id, new_refund, owner, transfer_id};
use crate::store_contract::Harness;

async fn refund(store: &dyn Store, asked: &NewRefund) -> Moved {
    store.refund_transfer(asked, false, message_id()).await.unwrap()
}

/// Alice has paid bob 80 of her 100.
async fn one_payment(store: &dyn Store) -> (People, Transfer) {
    let people = people(store, 100).await;
    let paid = pay(store, &people.alice, &people.bob, 80).await;
    (people, paid)
}

pub async fn a_refund_gives_everything_back(h: &dyn Harness) {
    let store = h.store().await;
    let (people, paid) = one_payment(&*store).await;
    let asked = NewRefund { note: Some("sorry".into()), ..new_refund(&paid, None) };
    let message = message_id();
    let given = booked(store.refund_transfer(&asked, false, message).await.unwrap());
    let back = &given.transfer;
    assert_eq!((back.id, back.kind, back.state), (asked.id, TransferKind::Refund, TransferState::Completed));
    assert_eq!((back.from, back.to, back.amount, back.posted), (paid.to, paid.from, 80, 80));
    assert_eq!((back.parent, &back.note, back.currency), (Some(paid.id), &asked.note, paid.currency));
    assert_eq!(transfer(&*store, back.id).await, *back);
    let original = transfer(&*store, paid.id).await;
    assert_eq!((original.state, original.refunded, original.offset), (TransferState::Refunded, 80, 2));
    assert_eq!((original.amount, original.posted, original.settled_at), (80, 80, paid.settled_at));

    let told: Vec<_> = given.events.iter().map(|event| (event.0.channel.to_string(), event.0.name.as_str())).collect();
    let (of_back, of_paid) = (format!("transfer:{}", back.id), format!("transfer:{}", paid.id));
    assert_eq!(told, [(of_back, "transfer.completed"), (of_paid, "transfer.refunded")]);
    let outbox: Vec<_> = given.outbox.iter().map(|row| (row.id, row.wakes.clone())).collect();
    assert_eq!(outbox, [(message, Wakes::Services(back.step()))], "what services make of the original is made already");
    assert_eq!((money(&*store, &people.alice).await.0, money(&*store, &people.bob).await.0), (100, 0));
    assert_eq!(log_names(&*store, back.id).await, ["transfer.completed"]);
    assert_eq!(log_names(&*store, paid.id).await, ["transfer.completed", "transfer.refunded"]);
    clean(&*store).await;
}

pub async fn refunds_in_parts_never_exceed_what_was_posted(h: &dyn Harness) {
    let store = h.store().await;
    let (people, paid) = one_payment(&*store).await;
    booked(refund(&*store, &new_refund(&paid, Some(30))).await);
    let original = transfer(&*store, paid.id).await;
    assert_eq!((original.state, original.refunded), (TransferState::PartlyRefunded, 30));
    let before = everything(&*store, &people).await;
    let over = refused(refund(&*store, &new_refund(&paid, Some(51))).await);
    assert_eq!(over, Refusal::OverRefund { left: 50 });
    assert_eq!(everything(&*store, &people).await, before);

    let rest = booked(refund(&*store, &new_refund(&paid, None)).await).transfer;
    assert_eq!((rest.amount, transfer(&*store, paid.id).await.state), (50, TransferState::Refunded));
    let before = everything(&*store, &people).await;
    for amount in [None, Some(1)] {
        let over = refused(refund(&*store, &new_refund(&paid, amount)).await);
        assert_eq!(over, Refusal::OverRefund { left: 0 });
    }
    assert_eq!(everything(&*store, &people).await, before);
    let names = log_names(&*store, paid.id).await;
    assert_eq!(names, ["transfer.completed", "transfer.partly_refunded", "transfer.refunded"]);
    clean(&*store).await;
}

pub async fn a_part_that_was_captured_is_refunded_no_further(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let hold = book(&*store, held(&people.alice, &people.bob, 80, Holder::Payer)).await.transfer;
    let early = refused(refund(&*store, &new_refund(&hold, Some(1))).await);
    assert_eq!(early, Refusal::WrongState(TransferState::Pending));
    booked(store.change_hold(hold.id, None, &HoldChange::Capture(Some(30)), message_id()).await.unwrap());
    let over = refused(refund(&*store, &new_refund(&hold, Some(31))).await);
    assert_eq!(over, Refusal::OverRefund { left: 30 });
    booked(refund(&*store, &new_refund(&hold, None)).await);
    assert_eq!(money(&*store, &people.alice).await, (100, 0, 100));
    clean(&*store).await;
}

pub async fn a_refund_is_paid_out_of_the_payees_own_money(h: &dyn Harness) {
    let store = h.store().await;
    let (people, paid) = one_payment(&*store).await;
    pay(&*store, &people.bob, &people.shop, 60).await;
    let before = everything(&*store, &people).await;
    let short = refused(refund(&*store, &new_refund(&paid, None)).await);
    assert_eq!(short, Refusal::InsufficientFunds { shortfall: 60 });
    assert_eq!(everything(&*store, &people).await, before);
    booked(refund(&*store, &new_refund(&paid, Some(20))).await);
    clean(&*store).await;
}

pub async fn only_the_payee_gives_back(h: &dyn Harness) {
    let store = h.store().await;
    let (people, paid) = one_payment(&*store).await;
    let before = everything(&*store, &people).await;
    for who in [people.alice.owner.clone(), owner("mallory")] {
        let asked = NewRefund { asked_by: who, ..new_refund(&paid, None) };
        assert_eq!(refund(&*store, &asked).await, Moved::Unknown);
    }
    let unknown = NewRefund { original: transfer_id(), ..new_refund(&paid, None) };
    assert_eq!(store.refund_transfer(&unknown, true, message_id()).await.unwrap(), Moved::Unknown);
    assert_eq!(everything(&*store, &people).await, before);
    let by_admin = NewRefund { asked_by: owner("admin"), ..new_refund(&paid, None) };
    booked(store.refund_transfer(&by_admin, true, message_id()).await.unwrap());
    clean(&*store).await;
}

pub async fn a_refund_is_not_refunded(h: &dyn Harness) {
    let store = h.store().await;
    let (_, paid) = one_payment(&*store).await;
    let back = booked(refund(&*store, &new_refund(&paid, None)).await).transfer;
    let again = refused(refund(&*store, &new_refund(&back, None)).await);
    assert_eq!(again, Refusal::WrongState(TransferState::Completed));
}

pub async fn the_same_refund_again_is_a_replay(h: &dyn Harness) {
    let store = h.store().await;
    let (people, paid) = one_payment(&*store).await;
    let asked = |hash: &str| NewRefund { idempotency: idempotency("k", hash), ..new_refund(&paid, Some(30)) };
    let first = asked("30 back");
    let given = booked(refund(&*store, &first).await).transfer;
    let before = everything(&*store, &people).await;
    for again in [first.clone(), asked("30 back"), NewRefund { idempotency: None, ..first }] {
        assert_eq!(replayed(refund(&*store, &again).await), given);
    }
    assert_eq!(refund(&*store, &asked("31 back")).await, Moved::KeyReused);
    let taken = NewRefund { id: paid.id, ..asked("another id") };
    let taken = NewRefund { idempotency: None, ..taken };
    assert_eq!(refund(&*store, &taken).await, Moved::KeyReused, "the id is the payer's");
    assert_eq!(everything(&*store, &people).await, before);
}

pub async fn refunds_at_once_never_exceed_what_was_posted(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let (people, paid) = one_payment(&*one).await;
    let asked: Vec<_> = (0..10).map(|_| new_refund(&paid, Some(30))).collect();
    let asking = asked.iter().enumerate().map(|(n, asked)| refund(if n % 2 == 0 { &*one } else { &*two }, asked));
    let outcomes = futures::future::join_all(asking).await;
    assert_eq!(outcomes.iter().filter(|moved| matches!(moved, Moved::Now(_))).count(), 2);
    let over = outcomes.iter().filter(|moved| matches!(moved, Moved::Refused(Refusal::OverRefund { left: 20 })));
    assert_eq!(over.count(), 8);
    assert_eq!((money(&*one, &people.bob).await.0, transfer(&*one, paid.id).await.refunded), (20, 60));
    clean(&*one).await;
}
