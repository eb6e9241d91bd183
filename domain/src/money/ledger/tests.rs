use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::money::{AccountKind, Counters, Handle, Holder};
use crate::owner::Owner;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn inr() -> Currency {
    "INR".parse().unwrap()
}

fn account(n: u128, kind: AccountKind) -> Account {
    Account {
        id: AccountId(Uuid::from_u128(n)),
        handle: Handle::from_stored(format!("a{n}")),
        owner: Owner::user(&format!("u{n}")).unwrap(),
        currency: inr(),
        kind,
        counters: Counters::default(),
        entries: 0,
        created_at: NOW,
        closed_at: None,
    }
}

fn rich(n: u128, minor: u64) -> Account {
    let counters = Counters { credits_posted: minor, ..Counters::default() };
    Account { counters, ..account(n, AccountKind::User) }
}

fn asked(id: u128, from: u128, to: u128, amount: u64) -> NewTransfer {
    NewTransfer {
        id: TransferId(Uuid::from_u128(id)),
        kind: TransferKind::Payment,
        from: AccountId(Uuid::from_u128(from)),
        to: AccountId(Uuid::from_u128(to)),
        amount,
        currency: inr(),
        hold: None,
        reference: None,
        note: None,
        parent: None,
        asked_by: Owner::user("u1").unwrap(),
        idempotency: None,
        traceparent: None,
    }
}

fn held(id: u128, from: u128, to: u128, amount: u64) -> NewTransfer {
    NewTransfer { hold: Some(Hold { by: Holder::Payer, for_ms: 1_000 }), ..asked(id, from, to, amount) }
}

fn two() -> Books {
    Books::open([rich(1, 100), account(2, AccountKind::Merchant)], NOW)
}

fn available(books: &Books, n: u128) -> i64 {
    books.account(AccountId(Uuid::from_u128(n))).unwrap().available()
}

#[test]
fn a_payment_moves_the_money_and_numbers_its_entry_on_both_sides() {
    let mut books = two();
    let transfer = books.pay(&asked(9, 1, 2, 30)).unwrap();
    assert_eq!((transfer.state, transfer.posted, transfer.offset), (TransferState::Completed, 30, 1));
    books.pay(&asked(10, 1, 2, 70)).unwrap();
    let (accounts, entries) = books.close();
    let balances: Vec<_> = accounts.iter().map(|account| (account.balance(), account.entries)).collect();
    assert_eq!(balances, [(0, 2), (100, 2)]);
    let legs: Vec<_> = entries.iter().map(|e| (e.debit.n, e.debit.balance, e.credit.n, e.credit.balance)).collect();
    assert_eq!(legs, [(1, 70, 1, 30), (2, 0, 2, 100)]);
}

#[test]
fn what_is_held_cannot_be_spent_and_is_captured_at_most_once() {
    let mut books = two();
    let mut hold = books.pay(&held(9, 1, 2, 80)).unwrap();
    assert_eq!(books.pay(&asked(10, 1, 2, 21)), Err(Refusal::InsufficientFunds { shortfall: 1 }));
    assert_eq!(books.capture(&mut hold, Some(81)), Err(Refusal::OverHold { held: 80 }));
    books.capture(&mut hold, Some(50)).unwrap();
    assert_eq!((hold.state, hold.posted, hold.offset), (TransferState::Completed, 50, 2));
    assert_eq!((available(&books, 1), available(&books, 2)), (50, 50));
    assert_eq!(books.capture(&mut hold, None), Err(Refusal::WrongState(TransferState::Completed)));
    let voided = books.release(&mut hold, TransferState::Voided, None);
    assert_eq!(voided, Err(Refusal::WrongState(TransferState::Completed)));
}

#[test]
fn a_hold_that_is_given_up_leaves_no_entry() {
    for state in [TransferState::Voided, TransferState::Expired, TransferState::Failed] {
        let mut books = two();
        let mut hold = books.pay(&held(9, 1, 2, 80)).unwrap();
        books.release(&mut hold, state, Some("why")).unwrap();
        assert_eq!((hold.state, hold.posted), (state, 0));
        assert_eq!((available(&books, 1), available(&books, 2)), (100, 0));
        assert_eq!(books.close().1, []);
    }
}

#[test]
fn a_payers_hold_is_not_captured_after_its_time_but_fraud_may_take_longer() {
    let mut books = two();
    let mut late =
        books.pay(&NewTransfer { hold: Some(Hold { by: Holder::Payer, for_ms: 0 }), ..asked(9, 1, 2, 10) }).unwrap();
    assert_eq!(books.capture(&mut late, None), Err(Refusal::WrongState(TransferState::Expired)));
    assert_eq!(
        books.decide(&mut late, None),
        Err(Refusal::WrongState(TransferState::Pending)),
        "fraud has no say in it"
    );
    books.release(&mut late, TransferState::Expired, None).unwrap();
    let by_fraud = |id| NewTransfer { hold: Some(Hold { by: Holder::Fraud, for_ms: 0 }), ..asked(id, 1, 2, 10) };
    let (mut good, mut bad) = (books.pay(&by_fraud(10)).unwrap(), books.pay(&by_fraud(11)).unwrap());
    books.decide(&mut good, None).unwrap();
    books.decide(&mut bad, Some("velocity")).unwrap();
    assert_eq!((good.state, bad.state), (TransferState::Completed, TransferState::Failed));
    assert_eq!((bad.reason.as_deref(), available(&books, 1), available(&books, 2)), (Some("velocity"), 90, 10));
}

#[test]
fn a_hold_by_fraud_that_cannot_be_posted_fails() {
    let mut books = Books::open([rich(1, 100), rich(2, MAX_AMOUNT)], NOW);
    let mut hold =
        books.pay(&NewTransfer { hold: Some(Hold { by: Holder::Fraud, for_ms: 0 }), ..asked(9, 1, 2, 10) }).unwrap();
    books.decide(&mut hold, None).unwrap();
    assert_eq!((hold.state, hold.reason.as_deref()), (TransferState::Failed, Some("too_much")));
    assert_eq!(available(&books, 1), 100);
}

#[test]
fn refunds_never_exceed_what_was_posted() {
    let mut books = two();
    let mut paid = books.pay(&asked(9, 1, 2, 100)).unwrap();
    let back = |id, amount| NewTransfer { kind: TransferKind::Refund, ..asked(id, 2, 1, amount) };
    let refund = books.refund(&mut paid, &back(10, 60)).unwrap();
    assert_eq!(
        (refund.state, paid.state, paid.refunded),
        (TransferState::Completed, TransferState::PartlyRefunded, 60)
    );
    assert_eq!(books.refund(&mut paid, &back(11, 41)), Err(Refusal::OverRefund { left: 40 }));
    books.refund(&mut paid, &back(12, 40)).unwrap();
    assert_eq!(paid.state, TransferState::Refunded);
    assert_eq!(
        books.refund(&mut paid, &back(13, 0)),
        Err(Refusal::OverRefund { left: 0 }),
        "whatever is left is nothing"
    );
    assert_eq!(available(&books, 1), 100);
    let mut refund = refund;
    let again = books.refund(&mut refund, &asked(13, 1, 2, 1));
    assert_eq!(again, Err(Refusal::WrongState(TransferState::Completed)), "a refund is not refunded");
}

#[test]
fn bad_wishes_are_refused() {
    let mut books = two();
    let dollars = NewTransfer { currency: "USD".parse().unwrap(), ..asked(9, 1, 2, 1) };
    assert_eq!(books.pay(&dollars), Err(Refusal::OtherCurrency(Side::From, inr())));
    assert_eq!(books.pay(&asked(9, 1, 1, 1)), Err(Refusal::SameAccount));
    assert_eq!(books.pay(&asked(9, 1, 3, 1)), Err(Refusal::UnknownAccount(Side::To)));
    let closed = Account { closed_at: Some(NOW), ..account(2, AccountKind::User) };
    let mut books = Books::open([rich(1, 100), closed], NOW);
    assert_eq!(books.pay(&asked(9, 1, 2, 1)), Err(Refusal::ClosedAccount(Side::To)));
    let mut books = Books::open([account(1, AccountKind::Funding), rich(2, MAX_AMOUNT)], NOW);
    assert_eq!(books.pay(&asked(9, 1, 2, 1)), Err(Refusal::TooMuch(Side::To)));
    let mut books = Books::open([account(1, AccountKind::Funding), account(2, AccountKind::User)], NOW);
    books.pay(&asked(9, 1, 2, 500)).unwrap();
    assert_eq!((available(&books, 1), available(&books, 2)), (-500, 500));
}

/// What somebody may ask for next.
#[derive(Clone, Debug)]
enum Wish {
    Pay { from: u128, to: u128, amount: u64, hold: bool },
    Capture { of: usize, amount: Option<u64> },
    Release { of: usize },
    Refund { of: usize, amount: u64 },
}

fn wish() -> impl Strategy<Value = Wish> {
    let amount = 1..60u64;
    prop_oneof![
        4 => (1..5u128, 1..5u128, amount.clone(), any::<bool>())
            .prop_map(|(from, to, amount, hold)| Wish::Pay { from, to, amount, hold }),
        2 => (any::<usize>(), proptest::option::of(amount.clone()))
            .prop_map(|(of, amount)| Wish::Capture { of, amount }),
        1 => any::<usize>().prop_map(|of| Wish::Release { of }),
        2 => (any::<usize>(), amount).prop_map(|(of, amount)| Wish::Refund { of, amount }),
    ]
}

fn carry_out(books: &mut Books, transfers: &mut Vec<Transfer>, id: u128, wish: &Wish) {
    let pick = |of: usize, len: usize| if len == 0 { None } else { Some(of % len) };
    match *wish {
        Wish::Pay { from, to, amount, hold } => {
            let new = if hold { held(id, from, to, amount) } else { asked(id, from, to, amount) };
            transfers.extend(books.pay(&new));
        }
        Wish::Capture { of, amount } => {
            if let Some(at) = pick(of, transfers.len()) {
                let _ = books.capture(&mut transfers[at], amount);
            }
        }
        Wish::Release { of } => {
            if let Some(at) = pick(of, transfers.len()) {
                let _ = books.release(&mut transfers[at], TransferState::Voided, None);
            }
        }
        Wish::Refund { of, amount } => {
            if let Some(at) = pick(of, transfers.len()) {
                let paid = &mut transfers[at];
                let back = asked(id, paid.to.0.as_u128(), paid.from.0.as_u128(), amount);
                let back = NewTransfer { kind: TransferKind::Refund, ..back };
                let refund = books.refund(paid, &back);
                transfers.extend(refund);
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_the_books_agree(wishes in proptest::collection::vec(wish(), 1..80)) {
        let start = [rich(1, 200), rich(2, 100), account(3, AccountKind::Merchant), account(4, AccountKind::Funding)];
        let mut sums: BTreeMap<_, (u64, u64)> =
            start.iter().map(|account| (account.id, (0, account.counters.credits_posted))).collect();
        let mut books = Books::open(start, NOW);
        let mut transfers = Vec::new();
        for (n, wish) in wishes.iter().enumerate() {
            carry_out(&mut books, &mut transfers, 100 + n as u128, wish);
        }
        let pending = |side: fn(&Transfer) -> AccountId, id| -> u64 {
            let open = transfers.iter().filter(|t| t.state == TransferState::Pending && side(t) == id);
            open.map(|t| t.amount).sum()
        };
        let accounts = books.accounts.clone();
        for entry in &books.entries {
            sums.get_mut(&entry.debit.account).unwrap().0 += entry.amount;
            sums.get_mut(&entry.credit.account).unwrap().1 += entry.amount;
        }
        for account in accounts.values() {
            let counters = account.counters;
            prop_assert_eq!((counters.debits_posted, counters.credits_posted), sums[&account.id]);
            prop_assert_eq!(counters.debits_pending, pending(|t| t.from, account.id));
            prop_assert_eq!(counters.credits_pending, pending(|t| t.to, account.id));
            prop_assert!(account.may_be_overdrawn() || account.available() >= 0);
        }
        for transfer in &transfers {
            prop_assert!(transfer.refunded <= transfer.posted && transfer.posted <= transfer.amount);
        }
    }
}
