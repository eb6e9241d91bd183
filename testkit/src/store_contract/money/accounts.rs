//! Accounts: opened once, found by id or handle, listed by owner.

use herald_domain::id::AccountId;
use herald_domain::money::{Account, AccountKind, AccountName, Counters, NewAccount};
use herald_domain::store::Opened;

use super::steps::open;
use crate::build::{message_id, new_account, owner};
use crate::store_contract::Harness;

pub async fn an_account_is_opened_with_nothing_in_it(h: &dyn Harness) {
    let store = h.store().await;
    for kind in AccountKind::ALL {
        let new = NewAccount { kind: *kind, ..new_account(&format!("a-{kind}"), &owner("alice")) };
        let account = open(&*store, new.clone()).await;
        let asked = (new.id, new.handle, new.owner, new.currency, *kind);
        let Account { id, handle, owner, currency, kind, counters, entries, created_at, closed_at } = account;
        assert_eq!((id, handle, owner, currency, kind), asked);
        assert_eq!((counters, entries, closed_at), (Counters::default(), 0, None));
        assert!((created_at - store.store_now().await.unwrap()).abs() < time::Duration::minutes(1));
    }
}

pub async fn opening_an_account_again_is_a_replay(h: &dyn Harness) {
    let store = h.store().await;
    let first = open(&*store, new_account("alice", &owner("alice"))).await;
    let again = h.second().await.open_account(&new_account("alice", &owner("alice"))).await.unwrap();
    assert_eq!(again, Opened::Before(first.clone()));
    assert_eq!(store.list_accounts(&owner("alice"), None, 10).await.unwrap(), [first]);
}

pub async fn a_handle_is_never_given_twice(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    open(&*store, new_account("alice", &alice)).await;
    let others = [
        new_account("alice", &owner("bob")),
        NewAccount { currency: "USD".parse().unwrap(), ..new_account("alice", &alice) },
        NewAccount { kind: AccountKind::Merchant, ..new_account("alice", &alice) },
    ];
    for other in others {
        assert_eq!(store.open_account(&other).await.unwrap(), Opened::HandleTaken);
        assert_eq!(store.find_account(&AccountName::Id(other.id)).await.unwrap(), None);
    }
}

pub async fn a_handle_asked_for_twice_at_once_is_given_once(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    for n in 0..8 {
        let handle = format!("h{n}");
        let (left, right) = (new_account(&handle, &owner("alice")), new_account(&handle, &owner("bob")));
        let (left, right) = futures::join!(one.open_account(&left), two.open_account(&right));
        match (left.unwrap(), right.unwrap()) {
            (Opened::Now(_), Opened::HandleTaken) | (Opened::HandleTaken, Opened::Now(_)) => {}
            other => panic!("both or neither: {other:?}"),
        }
    }
}

pub async fn an_account_is_found_by_its_id_and_by_its_handle(h: &dyn Harness) {
    let store = h.store().await;
    let account = open(&*store, new_account("a.b_c-1", &owner("alice"))).await;
    for name in [AccountName::Id(account.id), AccountName::Handle(account.handle.clone())] {
        assert_eq!(h.second().await.find_account(&name).await.unwrap(), Some(account.clone()));
    }
    for name in [AccountName::Id(AccountId(message_id().0)), AccountName::Handle("a.b".parse().unwrap())] {
        assert_eq!(store.find_account(&name).await.unwrap(), None);
    }
}

pub async fn accounts_are_listed_by_handle_to_their_owner(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    for handle in ["m", "a", "z.9", "a-b", "a.b", "a_b"] {
        open(&*store, new_account(handle, &alice)).await;
    }
    open(&*store, new_account("b", &owner("bob"))).await;
    let first = store.list_accounts(&alice, None, 4).await.unwrap();
    let rest = store.list_accounts(&alice, Some(&first[3].handle), 4).await.unwrap();
    let handles: Vec<_> = first.iter().chain(&rest).map(|account| account.handle.as_str()).collect();
    assert_eq!(handles, ["a", "a-b", "a.b", "a_b", "m", "z.9"], "by the bytes of the handle");
    assert_eq!(store.list_accounts(&owner("carol"), None, 4).await.unwrap(), []);
}
