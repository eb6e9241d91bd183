//! Reading transfers: one, several, lists, statements.

use herald_domain::id::TransferId;
use herald_domain::money::{Holder, Transfer};
use herald_domain::money::{NewTransfer, TransferState};
use herald_domain::store::{HoldChange, TransferFilter};

use super::steps::{book, fund, open, pay, people, transfer};
use crate::build::{held, message_id, new_account, new_refund, owner, payment, transfer_id};
use crate::store_contract::Harness;

fn ids(transfers: &[Transfer]) -> Vec<TransferId> {
    transfers.iter().map(|transfer| transfer.id).collect()
}

pub async fn a_transfer_is_shown_to_its_parties_only(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    for who in [None, Some(&people.alice.owner), Some(&people.bob.owner)] {
        assert_eq!(store.get_transfer(paid.id, who).await.unwrap().as_ref(), Some(&paid));
    }
    assert_eq!(store.get_transfer(paid.id, Some(&owner("carol"))).await.unwrap(), None);
    assert_eq!(store.get_transfer(transfer_id(), None).await.unwrap(), None);
}

pub async fn several_transfers_leave_out_the_unknown(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let one = pay(&*store, &people.alice, &people.bob, 10).await;
    let two = pay(&*store, &people.alice, &people.shop, 10).await;
    let mut got = store.get_transfers(&[two.id, transfer_id(), one.id]).await.unwrap();
    got.sort_by_key(|transfer| transfer.id);
    assert_eq!(got, [one, two]);
    assert_eq!(store.get_transfers(&[]).await.unwrap(), []);
}

pub async fn transfers_are_listed_newest_first_and_page_without_gap(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 0).await;
    let mut all = Vec::new();
    for n in 1..=7 {
        all.insert(0, fund(&*store, &people.bank, if n % 2 == 0 { &people.alice } else { &people.bob }, n).await.id);
    }
    for filter in [TransferFilter::default(), TransferFilter { party: Some(owner("bank")), ..Default::default() }] {
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = ids(&store.list_transfers(&filter, before, 3).await.unwrap());
            seen.extend(page.iter().copied());
            before = page.last().copied();
            if page.len() < 3 {
                break;
            }
        }
        assert_eq!(seen, all);
    }
}

pub async fn a_list_of_transfers_can_be_filtered(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 1_000).await;
    let (alice, bob) = (&people.alice, &people.bob);
    let savings = open(&*store, new_account("savings", &alice.owner)).await;
    let order = |reference: &str| Some(reference.to_owned());
    let first = book(&*store, NewTransfer { reference: order("o-1"), ..payment(alice, bob, 10) }).await.transfer.id;
    let own = pay(&*store, alice, &savings, 20).await.id;
    let hold = book(&*store, NewTransfer { reference: order("o-2"), ..held(&savings, bob, 5, Holder::Payer) }).await;
    let hold = hold.transfer.id;
    let out = book(&*store, NewTransfer { reference: order("o-1"), ..payment(bob, &people.shop, 1) }).await.transfer.id;

    let listed = async |filter: TransferFilter| ids(&store.list_transfers(&filter, None, 100).await.unwrap());
    let party = |who: &str| TransferFilter { party: Some(owner(who)), ..Default::default() };
    assert_eq!(listed(party("bob")).await, [out, hold, first]);
    assert_eq!(listed(party("carol")).await, [out]);
    let mine = listed(party("alice")).await;
    assert_eq!(mine[..3], [hold, own, first], "what moves between two of her own is listed once");
    assert_eq!(mine.len(), 4);
    let of = |account: &herald_domain::money::Account| Some(account.id);
    assert_eq!(listed(TransferFilter { account: of(&savings), ..Default::default() }).await, [hold, own]);
    assert_eq!(listed(TransferFilter { account: of(bob), ..party("alice") }).await, [hold, first]);
    assert_eq!(
        listed(TransferFilter { account: Some(herald_domain::id::AccountId(message_id().0)), ..Default::default() })
            .await,
        []
    );
    assert_eq!(listed(TransferFilter { reference: order("o-1"), ..Default::default() }).await, [out, first]);
    assert_eq!(listed(TransferFilter { reference: order("o-1"), ..party("alice") }).await, [first]);
    let pending = Some(TransferState::Pending);
    assert_eq!(listed(TransferFilter { state: pending, ..Default::default() }).await, [hold]);
    assert_eq!(listed(TransferFilter { state: pending, ..party("carol") }).await, []);
    assert_eq!(listed(TransferFilter { state: pending, account: of(&savings), ..party("alice") }).await, [hold]);
}

pub async fn recent_transfers_are_those_of_both_sides(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let out = pay(&*store, &people.alice, &people.bob, 50).await.id;
    let back = pay(&*store, &people.bob, &people.alice, 10).await.id;
    pay(&*store, &people.bob, &people.shop, 10).await;
    let recent = ids(&store.recent_transfers(&owner("alice"), 2).await.unwrap());
    assert_eq!(recent, [back, out]);
    assert_eq!(store.recent_transfers(&owner("alice"), 10).await.unwrap().len(), 3);
    assert_eq!(store.recent_transfers(&owner("nobody"), 10).await.unwrap(), []);
}

pub async fn a_statement_runs_without_a_gap(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 1_000).await;
    let (alice, bob) = (&people.alice, &people.bob);
    let paid = pay(&*store, alice, bob, 100).await;
    let hold = book(&*store, held(alice, &people.shop, 50, Holder::Payer)).await.transfer;
    h.advance(std::time::Duration::from_secs(60)).await;
    store.change_hold(hold.id, None, &HoldChange::Capture(Some(20)), message_id()).await.unwrap();
    store.refund_transfer(&new_refund(&paid, Some(30)), false, message_id()).await.unwrap();

    let lines = store.statement(alice.id, None, 10).await.unwrap();
    let read: Vec<_> = lines.iter().map(|line| (line.n, line.amount, line.balance, line.other.as_str())).collect();
    assert_eq!(read, [(4, 30, 910, "bob"), (3, -20, 880, "shop"), (2, -100, 900, "bob"), (1, 1_000, 1_000, "bank")]);
    assert_eq!(lines[1].at, transfer(&*store, hold.id).await.settled_at.unwrap(), "when it was posted");
    let first = store.statement(alice.id, None, 3).await.unwrap();
    let rest = store.statement(alice.id, Some(first[2].n), 3).await.unwrap();
    assert_eq!([first, rest].concat(), lines);
    assert_eq!(store.statement(alice.id, Some(1), 3).await.unwrap(), []);
    assert_eq!(store.statement(people.budget.id, None, 3).await.unwrap(), []);
}
