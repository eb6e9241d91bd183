//! Claiming effects: one row per service and transfer, one holder at a time.

use std::time::Duration;

use herald_domain::money::{EffectState, Holder, MAX_EFFECT_ATTEMPTS, NewTransfer, Service, TransferKind};
use herald_domain::store::HoldChange;

use super::steps::{
    LEASE, again, book, carry_out, claim, claim_nothing, claim_some, done, effect, log_names, pay, people, record,
    transfer,
};
use crate::build::{held, message_id, new_refund, payment, token, transfer_id};
use crate::store_contract::Harness;

const PAST_LEASE: Duration = Duration::from_millis(LEASE + 1_000);

pub async fn a_claim_makes_the_effect_once(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    assert!(store.get_effects(&[paid.id]).await.unwrap().is_empty());
    let claims = claim_some(&*store, Service::Notification, &[paid.id], token()).await;
    assert_eq!((claims.len(), claims[0].attempt), (1, 1));
    assert_eq!(claims[0].transfer, paid);
    let made = effect(&*store, Service::Notification, paid.id).await;
    assert_eq!((made.state, made.attempts, made.transfer), (EffectState::Pending, 1, paid.id));
    claim_nothing(&*h.second().await, Service::Notification, &[paid.id]).await;
    assert_eq!(store.get_effects(&[paid.id]).await.unwrap().len(), 1);
    assert_eq!(transfer(&*store, paid.id).await, paid, "a claim tells nobody");
}

pub async fn services_know_nothing_of_one_another(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let ids =
        [pay(&*store, &people.alice, &people.bob, 10).await.id, pay(&*store, &people.alice, &people.shop, 10).await.id];
    for service in Service::ALL {
        claim(&*store, *service, &ids).await;
    }
    let effects = store.get_effects(&ids).await.unwrap();
    assert_eq!(effects.len(), 10);
    assert!(effects.is_sorted_by_key(|effect| (effect.transfer, effect.service.as_str())), "by transfer and service");
}

pub async fn a_batch_of_claims_leaves_out_what_is_not_to_be_done(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let service = Service::Statement;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(pay(&*store, &people.alice, &people.bob, 1).await.id);
    }
    carry_out(&*store, service, ids[0], done()).await;
    carry_out(&*store, service, ids[1], again(600_000)).await;
    claim(&*store, service, &[ids[2]]).await;
    let asked = [ids[4], ids[0], ids[1], transfer_id(), ids[2], ids[3], ids[4]];
    let claims = claim_some(&*store, service, &asked, token()).await;
    assert_eq!(claims.iter().map(|claim| claim.transfer.id).collect::<Vec<_>>(), [ids[4], ids[3]]);
    assert!(claim_some(&*store, service, &[], token()).await.is_empty());
}

pub async fn a_service_is_given_only_what_concerns_it(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let funding = NewTransfer { kind: TransferKind::Funding, ..payment(&people.bank, &people.alice, 5) };
    let funding = book(&*store, funding).await.transfer.id;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    let back = store.refund_transfer(&new_refund(&paid, None), false, message_id()).await.unwrap();
    let back = super::steps::booked(back).transfer.id;
    let pending = book(&*store, held(&people.alice, &people.bob, 10, Holder::Payer)).await.transfer.id;
    for (service, expected) in [
        (Service::Notification, vec![funding, paid.id, back]),
        (Service::Webhook, vec![funding, paid.id, back]),
        (Service::Fraud, vec![paid.id, pending]),
        (Service::Statement, vec![funding, paid.id, back]),
        (Service::Rewards, vec![paid.id]),
    ] {
        let claims = claim_some(&*store, service, &[funding, paid.id, back, pending], token()).await;
        let claimed: Vec<_> = claims.iter().map(|claim| claim.transfer.id).collect();
        assert_eq!(claimed, expected, "{service}");
    }
    store.change_hold(pending, None, &HoldChange::Capture(None), message_id()).await.unwrap();
    claim(&*store, Service::Statement, &[pending]).await;
}

pub async fn two_claimers_never_have_the_same_effect(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 1_000).await;
    for _ in 0..4 {
        let mut ids = Vec::new();
        for _ in 0..8 {
            ids.push(pay(&*one, &people.alice, &people.bob, 1).await.id);
        }
        let mut reversed = ids.clone();
        reversed.reverse();
        let (left, right) = futures::join!(
            one.claim_effects(Service::Webhook, &ids, token(), LEASE),
            two.claim_effects(Service::Webhook, &reversed, token(), LEASE)
        );
        let mut claimed: Vec<_> =
            left.unwrap().0.into_iter().chain(right.unwrap().0).map(|claim| claim.transfer.id).collect();
        claimed.sort();
        assert_eq!(claimed, ids, "claimed twice or kept back");
    }
}

pub async fn a_lease_that_ran_out_is_taken_by_another_who_then_holds_it(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let id = pay(&*store, &people.alice, &people.bob, 10).await.id;
    let service = Service::Notification;
    let slow = claim(&*store, service, &[id]).await;
    h.advance(PAST_LEASE).await;
    let quick = token();
    let claims = claim_some(&*store, service, &[id], quick).await;
    assert_eq!(claims[0].attempt, 2);
    let late = record(&*store, service, slow, id, done()).await;
    assert!(late.transfers.is_empty() && late.events.is_empty() && late.outbox.is_empty());
    assert_eq!(effect(&*store, service, id).await.state, EffectState::Pending);
    let recorded = record(&*store, service, quick, id, done()).await;
    assert_eq!(recorded.transfers, [id]);
    assert_eq!(log_names(&*store, id).await, ["transfer.completed", "notification.sent"]);
}

pub async fn a_lease_that_ran_out_and_was_not_taken_still_records(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let id = pay(&*store, &people.alice, &people.bob, 10).await.id;
    let token = claim(&*store, Service::Webhook, &[id]).await;
    h.advance(PAST_LEASE).await;
    assert_eq!(record(&*store, Service::Webhook, token, id, done()).await.transfers, [id]);
}

pub async fn a_renewed_lease_is_held_longer(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let ids =
        [pay(&*store, &people.alice, &people.bob, 10).await.id, pay(&*store, &people.alice, &people.bob, 10).await.id];
    let service = Service::Notification;
    let holder = claim(&*store, service, &ids).await;
    h.advance(Duration::from_millis(LEASE / 2)).await;
    store.renew_effects(service, &ids[..1], holder, LEASE).await.unwrap();
    store.renew_effects(service, &ids, token(), 10 * LEASE).await.unwrap();
    store.renew_effects(Service::Webhook, &ids, holder, 10 * LEASE).await.unwrap();
    h.advance(Duration::from_millis(LEASE / 2 + 1_000)).await;
    claim(&*store, service, &ids[1..]).await;
    claim_nothing(&*store, service, &ids[..1]).await;
    h.advance(Duration::from_millis(LEASE / 2)).await;
    claim(&*store, service, &ids[..1]).await;
}

pub async fn services_that_die_use_up_the_attempts(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let id = pay(&*store, &people.alice, &people.bob, 10).await.id;
    let other = pay(&*store, &people.alice, &people.bob, 10).await.id;
    let service = Service::Webhook;
    for attempt in 1..=MAX_EFFECT_ATTEMPTS {
        let claims = claim_some(&*store, service, &[id], token()).await;
        assert_eq!(claims[0].attempt, attempt);
        h.advance(PAST_LEASE).await;
    }
    let (claims, exhausted) = store.claim_effects(service, &[id, other], token(), LEASE).await.unwrap();
    assert_eq!(
        claims.iter().map(|claim| claim.transfer.id).collect::<Vec<_>>(),
        [other],
        "it keeps nobody from the rest"
    );
    assert_eq!(exhausted.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["webhook.failed"]);
    let failed = effect(&*store, service, id).await;
    assert_eq!((failed.state, failed.attempts), (EffectState::Failed, MAX_EFFECT_ATTEMPTS));
    let letters = store.list_dead_letters(None, 10).await.unwrap();
    assert_eq!((letters.len(), letters[0].queue.as_str()), (1, "service.webhook"));
    assert_eq!(letters[0].entity.as_deref(), Some(&*format!("transfer:{id}")));
    assert!(letters[0].error.contains("10 attempts"), "{}", letters[0].error);
    claim_nothing(&*store, service, &[id]).await;
    assert_eq!(log_names(&*store, id).await, ["transfer.completed", "webhook.failed"]);
}

pub async fn an_effect_of_an_unknown_transfer_is_none(h: &dyn Harness) {
    let store = h.store().await;
    claim_nothing(&*store, Service::Notification, &[transfer_id()]).await;
    assert!(store.get_effects(&[transfer_id()]).await.unwrap().is_empty());
    assert!(store.get_effects(&[]).await.unwrap().is_empty());
}

/// Whoever looked at a hold may have died over it before the hold was given up.
pub async fn what_was_begun_is_finished_even_where_it_would_not_be_begun_now(h: &dyn Harness) {
    let (store, service) = (h.store().await, Service::Fraud);
    let people = people(&*store, 100).await;
    let hold = book(&*store, held(&people.alice, &people.bob, 10, Holder::Payer)).await.transfer;
    let untouched = book(&*store, held(&people.alice, &people.bob, 10, Holder::Payer)).await.transfer;
    claim(&*store, service, &[hold.id]).await;
    for id in [hold.id, untouched.id] {
        store.change_hold(id, None, &HoldChange::Void, message_id()).await.unwrap();
    }
    h.advance(PAST_LEASE).await;
    assert_eq!(store.due_effects(service, 10).await.unwrap().len(), 1);
    let holder = token();
    let claims = claim_some(&*store, service, &[hold.id, untouched.id], holder).await;
    assert_eq!(claims.iter().map(|claim| (claim.transfer.id, claim.attempt)).collect::<Vec<_>>(), [(hold.id, 2)]);
    record(&*store, service, holder, hold.id, done()).await;
    assert_eq!(effect(&*store, service, hold.id).await.state, EffectState::Done);
}
