//! What the sweeper finds for services: effects that are due, and effects that are missing.

use std::time::Duration;

use herald_domain::money::{EffectOutcome, Holder, NewTransfer, Service, TransferKind, TransferStep};
use herald_domain::store::{HoldChange, Store};

use super::steps::{LEASE, again, book, carry_out, claim, done, pay, people, record};
use crate::build::{held, message_id, payment};
use crate::store_contract::Harness;

const SECOND: Duration = Duration::from_secs(1);
const SERVICE: Service = Service::Notification;

async fn due(store: &dyn Store) -> Vec<TransferStep> {
    store.due_effects(SERVICE, 100).await.unwrap()
}

pub async fn an_effect_that_is_due_is_woken_once_in_ten_seconds(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    assert_eq!(due(&*store).await, [], "the outbox wakes for what is new");
    carry_out(&*store, SERVICE, paid.id, again(60_000)).await;
    assert_eq!(due(&*store).await, []);
    h.advance(61 * SECOND).await;
    assert_eq!(store.due_effects(Service::Webhook, 100).await.unwrap(), [], "that service only");
    assert_eq!(due(&*store).await, [paid.step()]);
    assert_eq!(due(&*h.second().await).await, []);
    h.advance(11 * SECOND).await;
    assert_eq!(due(&*store).await, [paid.step()]);
    carry_out(&*store, SERVICE, paid.id, done()).await;
    h.advance(11 * SECOND).await;
    assert_eq!(due(&*store).await, []);
}

pub async fn an_effect_whose_lease_ran_out_is_woken(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    let holder = claim(&*store, SERVICE, &[paid.id]).await;
    h.advance(Duration::from_millis(LEASE / 2)).await;
    store.renew_effects(SERVICE, &[paid.id], holder, LEASE).await.unwrap();
    h.advance(Duration::from_millis(LEASE / 2) + SECOND).await;
    assert_eq!(due(&*store).await, []);
    h.advance(Duration::from_millis(LEASE / 2)).await;
    assert_eq!(due(&*store).await, [paid.step()]);
}

pub async fn effects_to_wake_are_limited_and_disjoint(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 100).await;
    for _ in 0..10 {
        let id = pay(&*one, &people.alice, &people.bob, 1).await.id;
        carry_out(&*one, SERVICE, id, again(0)).await;
    }
    h.advance(SECOND).await;
    let mut woken = Vec::new();
    for _ in 0..4 {
        let (left, right) = futures::join!(one.due_effects(SERVICE, 3), two.due_effects(SERVICE, 3));
        let (left, right) = (left.unwrap(), right.unwrap());
        assert!(left.len() <= 3 && right.len() <= 3);
        woken.extend(left.into_iter().chain(right).map(|step| step.transfer));
    }
    let all = woken.len();
    woken.sort();
    woken.dedup();
    assert_eq!((all, woken.len()), (10, 10));
}

pub async fn leases_of_effects_that_are_ended_are_due_at_once(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    let later = pay(&*store, &people.alice, &people.bob, 10).await.id;
    carry_out(&*store, SERVICE, later, again(600_000)).await;
    let lost = claim(&*store, SERVICE, &[paid.id]).await;
    assert_eq!(store.expire_leases().await.unwrap(), 1);
    assert!(record(&*store, SERVICE, lost, paid.id, done()).await.transfers.is_empty(), "the token is void");
    assert_eq!(due(&*store).await, [paid.step()], "what waits for its time goes on waiting");
    claim(&*store, SERVICE, &[paid.id]).await;
}

pub async fn effects_that_are_missing_are_found_by_service(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 1_000).await;
    let first = pay(&*store, &people.alice, &people.bob, 10).await;
    h.advance(10 * SECOND).await;
    let second = pay(&*store, &people.alice, &people.shop, 10).await;
    h.advance(60 * SECOND).await;
    let young = pay(&*store, &people.alice, &people.shop, 10).await;
    let missing = async |service, limit| {
        let steps = store.missing_effects(service, 30_000, limit).await.unwrap();
        steps.into_iter().filter(|step| step.kind == TransferKind::Payment).collect::<Vec<_>>()
    };
    assert_eq!(missing(Service::Rewards, 10).await, [first.step(), second.step()], "the oldest first");
    assert_eq!(missing(Service::Rewards, 1).await, [first.step()]);
    claim(&*store, Service::Rewards, &[first.id]).await;
    carry_out(&*store, Service::Rewards, second.id, EffectOutcome::Skipped { reason: "no".into() }).await;
    assert_eq!(missing(Service::Rewards, 10).await, [], "a row is a row, whatever it says");
    assert_eq!(missing(Service::Statement, 10).await.len(), 2);
    h.advance(31 * SECOND).await;
    assert_eq!(missing(Service::Rewards, 10).await, [young.step()]);
}

pub async fn only_effects_that_concern_the_service_are_missing(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let payer = book(&*store, held(&people.alice, &people.bob, 10, Holder::Payer)).await.transfer;
    let fraud = book(&*store, held(&people.alice, &people.bob, 10, Holder::Fraud)).await.transfer;
    let voided = book(&*store, held(&people.alice, &people.bob, 10, Holder::Payer)).await.transfer.id;
    store.change_hold(voided, None, &HoldChange::Void, message_id()).await.unwrap();
    let funding = NewTransfer { kind: TransferKind::Funding, ..payment(&people.bank, &people.bob, 1) };
    let funding = book(&*store, funding).await.transfer.id;
    h.advance(60 * SECOND).await;
    let start = store.list_transfers(&Default::default(), None, 10).await.unwrap().last().unwrap().id;
    let missing = async |service| {
        let steps = store.missing_effects(service, 30_000, 100).await.unwrap();
        steps.into_iter().map(|step| step.transfer).filter(|id| *id != start).collect::<Vec<_>>()
    };
    assert_eq!(missing(Service::Fraud).await, [fraud.id], "a payer's hold is nobody's business yet");
    assert_eq!(missing(Service::Notification).await, [voided, funding]);
    assert_eq!(missing(Service::Statement).await, [funding]);
    assert_eq!(missing(Service::Rewards).await, []);
    store.change_hold(payer.id, None, &HoldChange::Capture(None), message_id()).await.unwrap();
    h.advance(60 * SECOND).await;
    assert_eq!(missing(Service::Rewards).await, [payer.id]);
}
