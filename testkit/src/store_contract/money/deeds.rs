//! What is written together with an effect: receipts, rewards, decisions.

use std::collections::BTreeSet;

use herald_domain::money::{Deed, EffectState, Holder, Service, Transfer, TransferKind, TransferState};
use herald_domain::store::{HoldChange, Recorded, Store, Wakes};

use super::steps::{
    People, book, carry_out, claim, clean, data, detail, done_with, effect, everything, fund, log, log_names, money,
    pay, people, record, step, transfer,
};
use crate::build::{held, message_id, transfer_id};
use crate::store_contract::Harness;

fn number(recorded: &Recorded) -> u64 {
    data(&recorded.events[0])["detail"]["receipt"].as_u64().unwrap()
}

pub async fn receipts_are_numbered_without_a_gap(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(pay(&*store, &people.alice, &people.bob, 1).await.id);
    }
    let first = carry_out(&*store, Service::Statement, ids[3], done_with(Deed::Receipt)).await;
    assert_eq!((number(&first), first.events[0].name.as_str()), (1, "statement.issued"));
    let kept = detail(&effect(&*store, Service::Statement, ids[3]).await);
    assert_eq!((kept["receipt"].as_u64(), kept["by"].as_str()), (Some(1), Some("a test")), "it joins the detail");

    let rest = [ids[0], ids[1], ids[2]];
    let token = claim(&*store, Service::Statement, &rest).await;
    let outcomes: Vec<_> = rest.iter().map(|id| (*id, done_with(Deed::Receipt))).collect();
    store.record_effects(Service::Statement, token, &outcomes, message_id).await.unwrap();
    let late = record(&*store, Service::Statement, token, rest[0], done_with(Deed::Receipt)).await;
    assert!(late.transfers.is_empty());
    let last = carry_out(&*store, Service::Statement, ids[4], done_with(Deed::Receipt)).await;
    assert_eq!(number(&last), 5);
    let mut numbers = BTreeSet::new();
    for id in &ids[..5] {
        numbers.extend(detail(&effect(&*store, Service::Statement, *id).await)["receipt"].as_u64());
    }
    assert_eq!(numbers, (1..=5).collect());
    clean(&*store).await;
}

pub async fn receipts_at_once_are_numbered_without_a_gap(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 100).await;
    let mut numbers = BTreeSet::new();
    for _ in 0..6 {
        let left = pay(&*one, &people.alice, &people.bob, 1).await.id;
        let right = pay(&*one, &people.alice, &people.bob, 1).await.id;
        let (left, right) = futures::join!(
            carry_out(&*one, Service::Statement, left, done_with(Deed::Receipt)),
            carry_out(&*two, Service::Statement, right, done_with(Deed::Receipt))
        );
        numbers.extend([number(&left), number(&right)]);
    }
    assert_eq!(numbers, (1..=12).collect());
    clean(&*one).await;
}

fn reward(amount: u64) -> Deed {
    Deed::Reward { id: transfer_id(), amount, budget: "rewards".parse().unwrap() }
}

pub async fn a_reward_is_a_transfer_of_its_own(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    fund(&*store, &people.bank, &people.budget, 50).await;
    let paid = pay(&*store, &people.alice, &people.shop, 40).await;
    let id = transfer_id();
    let deed = Deed::Reward { id, amount: 2, budget: people.budget.handle.clone() };
    let recorded = carry_out(&*store, Service::Rewards, paid.id, done_with(deed.clone())).await;
    let given = transfer(&*store, id).await;
    assert_eq!((given.kind, given.state, given.amount), (TransferKind::Reward, TransferState::Completed, 2));
    assert_eq!((given.from, given.to, given.parent), (people.budget.id, people.alice.id, Some(paid.id)));
    assert_eq!((money(&*store, &people.budget).await.0, money(&*store, &people.alice).await.0), (48, 62));
    let told: Vec<_> = recorded.events.iter().map(|event| (event.channel.to_string(), event.name.as_str())).collect();
    let own = (format!("transfer:{id}"), "transfer.completed");
    assert_eq!(told, [own, (format!("transfer:{}", paid.id), "rewards.granted")]);
    let wakes: Vec<_> = recorded.outbox.iter().map(|row| row.wakes.clone()).collect();
    assert_eq!(wakes, [Wakes::Services(given.step())]);
    assert_eq!(log_names(&*store, id).await, ["transfer.completed"]);
    assert_eq!(log_names(&*store, paid.id).await, ["transfer.completed", "rewards.granted"]);

    let again = pay(&*store, &people.alice, &people.shop, 1).await;
    carry_out(&*store, Service::Rewards, again.id, done_with(deed)).await;
    assert_eq!(money(&*store, &people.budget).await.0, 48, "a reward that is there already is not paid again");
    clean(&*store).await;
}

pub async fn a_budget_that_cannot_pay_skips_the_reward(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    fund(&*store, &people.bank, &people.budget, 5).await;
    let mut paid = Vec::new();
    for _ in 0..4 {
        paid.push(pay(&*store, &people.alice, &people.shop, 10).await.id);
    }
    let token = claim(&*store, Service::Rewards, &paid).await;
    let nowhere = Deed::Reward { id: transfer_id(), amount: 1, budget: "nowhere".parse().unwrap() };
    let outcomes = [
        (paid[0], done_with(reward(3))),
        (paid[1], done_with(reward(3))),
        (paid[2], done_with(reward(2))),
        (paid[3], done_with(nowhere)),
    ];
    let recorded = store.record_effects(Service::Rewards, token, &outcomes, message_id).await.unwrap();
    assert_eq!((recorded.transfers.len(), recorded.outbox.len()), (4, 2));
    let states: Vec<_> = store.get_effects(&paid).await.unwrap().iter().map(|effect| effect.state).collect();
    assert_eq!(states, [EffectState::Done, EffectState::Skipped, EffectState::Done, EffectState::Skipped]);
    for skipped in [paid[1], paid[3]] {
        let kept = detail(&effect(&*store, Service::Rewards, skipped).await);
        assert_eq!(kept, serde_json::json!({"reason": "budget_empty"}));
        assert_eq!(log_names(&*store, skipped).await, ["transfer.completed", "rewards.skipped"]);
    }
    assert_eq!((money(&*store, &people.budget).await.0, money(&*store, &people.alice).await.0), (0, 65));
    clean(&*store).await;
}

/// Alice has 100, of which fraud holds 80 for bob.
async fn held_by_fraud(store: &dyn Store) -> (People, Transfer) {
    let people = people(store, 100).await;
    let hold = book(store, held(&people.alice, &people.bob, 80, Holder::Fraud)).await.transfer;
    (people, hold)
}

pub async fn fraud_lets_a_hold_pass(h: &dyn Harness) {
    let store = h.store().await;
    let (people, hold) = held_by_fraud(&*store).await;
    h.advance(std::time::Duration::from_secs(7_200)).await;
    let recorded = carry_out(&*store, Service::Fraud, hold.id, done_with(Deed::Decide { refuse: None })).await;
    let row = transfer(&*store, hold.id).await;
    assert_eq!((row.state, row.posted, row.reason, row.offset), (TransferState::Completed, 80, None, 3));
    assert_eq!((money(&*store, &people.alice).await, money(&*store, &people.bob).await.0), ((20, 0, 20), 80));
    let names: Vec<_> = recorded.events.iter().map(|event| (event.offset, event.name.as_str())).collect();
    assert_eq!(names, [(2, "transfer.completed"), (3, "fraud.scored")]);
    let wakes: Vec<_> = recorded.outbox.iter().map(|row| row.wakes.clone()).collect();
    assert_eq!(wakes, [Wakes::Services(step(&hold, TransferState::Completed))]);
    assert_eq!(log_names(&*store, hold.id).await, ["transfer.pending", "transfer.completed", "fraud.scored"]);
    assert_eq!(data(&log(&*store, hold.id).await[2])["status"], "completed");
    clean(&*store).await;
}

pub async fn fraud_fails_a_hold_for_its_reason(h: &dyn Harness) {
    let store = h.store().await;
    let (people, hold) = held_by_fraud(&*store).await;
    let refuse = Deed::Decide { refuse: Some("velocity".into()) };
    let recorded = carry_out(&*store, Service::Fraud, hold.id, done_with(refuse)).await;
    let row = transfer(&*store, hold.id).await;
    assert_eq!((row.state, row.posted, row.reason.as_deref()), (TransferState::Failed, 0, Some("velocity")));
    assert!(row.settled_at.is_some());
    assert_eq!((money(&*store, &people.alice).await, money(&*store, &people.bob).await), ((100, 0, 100), (0, 0, 0)));
    assert_eq!(data(&recorded.events[0])["reason"], "velocity");
    let wakes: Vec<_> = recorded.outbox.iter().map(|row| row.wakes.clone()).collect();
    assert_eq!(wakes, [Wakes::Services(step(&hold, TransferState::Failed))]);
    assert_eq!(log_names(&*store, hold.id).await, ["transfer.pending", "transfer.failed", "fraud.scored"]);
    clean(&*store).await;
}

pub async fn fraud_decides_only_over_its_own_holds(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    let hold = book(&*store, held(&people.alice, &people.bob, 20, Holder::Payer)).await.transfer;
    let before = everything(&*store, &people).await;
    for id in [paid.id, hold.id] {
        let refuse = Deed::Decide { refuse: Some("late".into()) };
        let recorded = carry_out(&*store, Service::Fraud, id, done_with(refuse)).await;
        assert_eq!((recorded.events.len(), recorded.outbox.len()), (1, 0));
        assert_eq!(recorded.events[0].name, "fraud.scored");
    }
    let after = [transfer(&*store, paid.id).await, transfer(&*store, hold.id).await];
    assert_eq!(after.map(|row| (row.state, row.offset)), [(TransferState::Completed, 2), (TransferState::Pending, 2)]);
    assert_ne!(everything(&*store, &people).await, before, "the offsets");
    store.change_hold(hold.id, None, &HoldChange::Void, message_id()).await.unwrap();
    clean(&*store).await;
}

pub async fn a_batch_of_decisions_is_carried_out_one_by_one(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(book(&*store, held(&people.alice, &people.bob, 10, Holder::Fraud)).await.transfer.id);
    }
    let token = claim(&*store, Service::Fraud, &ids).await;
    let decide = |n: usize| Deed::Decide { refuse: (n % 2 == 1).then(|| "odd".to_owned()) };
    let outcomes: Vec<_> = ids.iter().enumerate().map(|(n, id)| (*id, done_with(decide(n)))).collect();
    let recorded = store.record_effects(Service::Fraud, token, &outcomes, message_id).await.unwrap();
    assert_eq!((recorded.transfers.len(), recorded.events.len(), recorded.outbox.len()), (4, 8, 4));
    assert_eq!((money(&*store, &people.alice).await, money(&*store, &people.bob).await), ((80, 0, 80), (20, 0, 20)));
    for id in ids {
        assert_eq!(log(&*store, id).await.len(), 3);
    }
    clean(&*store).await;
}
