//! The way back from the dead letter of an effect: to that service, and to no other.

use herald_domain::channel::Channel;
use herald_domain::id::{DeadLetterId, TransferId};
use herald_domain::money::{EffectOutcome, EffectState, MAX_EFFECT_ATTEMPTS, Service, TransferStep};
use herald_domain::store::{DeadLetter, Store};

use super::steps::{
    again, carry_out, claim, claim_nothing, claim_some, detail, done, effect, log, log_names, pay, people, record,
    transfer,
};
use crate::build::{dead_letter, message_id, token, transfer_id};
use crate::store_contract::Harness;

const SERVICE: Service = Service::Notification;

async fn due(store: &dyn Store) -> Vec<TransferStep> {
    store.due_effects(SERVICE, 100).await.unwrap()
}

/// The letter of an effect of the service, of which there must be one.
async fn letter(store: &dyn Store) -> DeadLetterId {
    let letters = store.list_dead_letters(None, 10).await.unwrap();
    letters.iter().find(|letter| letter.queue == "service.notification").unwrap().id
}

/// Fails an effect for good; the letter.
async fn fail(store: &dyn Store, id: TransferId) -> DeadLetterId {
    carry_out(store, SERVICE, id, EffectOutcome::Failed { error: "no".into() }).await;
    letter(store).await
}

pub async fn a_redriven_effect_has_fresh_attempts_and_wakes_its_service_only(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    for _ in 0..MAX_EFFECT_ATTEMPTS {
        carry_out(&*store, SERVICE, paid.id, again(0)).await;
    }
    carry_out(&*store, Service::Webhook, paid.id, EffectOutcome::Failed { error: "no".into() }).await;
    let letter = letter(&*store).await;
    let outbox = store.count_outbox().await.unwrap();

    let redriven = store.redrive(letter, message_id()).await.unwrap().unwrap();
    assert_eq!(redriven.event.as_ref().unwrap().name, "notification.pending");
    assert!(redriven.outbox.is_none());
    assert_eq!(store.count_outbox().await.unwrap(), outbox);
    let kept = effect(&*store, SERVICE, paid.id).await;
    assert_eq!((kept.state, kept.attempts), (EffectState::Pending, MAX_EFFECT_ATTEMPTS));
    assert_eq!(effect(&*store, Service::Webhook, paid.id).await.state, EffectState::Failed);
    assert_eq!((due(&*store).await, due(&*store).await), (vec![paid.step()], vec![]));
    assert_eq!(store.due_effects(Service::Webhook, 10).await.unwrap(), []);
    assert_eq!(store.list_dead_letters(None, 10).await.unwrap().len(), 1);
    assert!(store.redrive(letter, message_id()).await.unwrap().is_none());

    for attempt in 1..=MAX_EFFECT_ATTEMPTS {
        let holder = token();
        let claim = &claim_some(&*store, SERVICE, &[paid.id], holder).await[0];
        assert_eq!((claim.attempt, claim.attempts), (attempt, MAX_EFFECT_ATTEMPTS + attempt));
        record(&*store, SERVICE, holder, paid.id, again(0)).await;
    }
    assert_eq!(effect(&*store, SERVICE, paid.id).await.state, EffectState::Failed);
    store.redrive(self::letter(&*store).await, message_id()).await.unwrap().unwrap();
    carry_out(&*store, SERVICE, paid.id, done()).await;
    assert_eq!(log_names(&*store, paid.id).await.last().unwrap(), "notification.sent");
}

pub async fn a_redriven_effect_keeps_its_error_until_it_is_tried(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let id = pay(&*store, &people.alice, &people.bob, 10).await.id;
    let letter = fail(&*store, id).await;
    store.redrive(letter, message_id()).await.unwrap().unwrap();
    assert_eq!(detail(&effect(&*store, SERVICE, id).await), serde_json::json!({"error": "no"}));
    assert_eq!(log(&*store, id).await.len(), 3);
}

/// A letter as the broker's own limit leaves one: of an effect that need not have failed.
async fn letter_of(store: &dyn Store, id: TransferId, queue: &str) -> DeadLetterId {
    let entity = Some(Channel::Transfer(id).to_string());
    let letter = DeadLetter { queue: queue.into(), entity, ..dead_letter(None, store.store_now().await.unwrap()) };
    store.add_dead_letter(&letter).await.unwrap();
    letter.id
}

pub async fn a_redrive_never_undoes_an_effect(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let settled = pay(&*store, &people.alice, &people.bob, 10).await.id;
    carry_out(&*store, SERVICE, settled, done()).await;
    let never = pay(&*store, &people.alice, &people.bob, 10).await.id;
    for (id, queue) in [
        (settled, "service.notification"),
        (never, "service.notification"),
        (transfer_id(), "service.notification"),
        (settled, "service.unknown"),
        (settled, "elsewhere"),
    ] {
        let letter = letter_of(&*store, id, queue).await;
        let redriven = store.redrive(letter, message_id()).await.unwrap().unwrap();
        assert!(redriven.event.is_none() && redriven.outbox.is_none(), "{queue}");
    }
    assert_eq!(store.list_dead_letters(None, 10).await.unwrap(), vec![]);
    assert_eq!(due(&*store).await, []);
    claim_nothing(&*store, SERVICE, &[settled]).await;
    assert_eq!((transfer(&*store, settled).await.offset, transfer(&*store, never).await.offset), (2, 1));
}

pub async fn a_redrive_of_a_pending_effect_only_wakes_it(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let waiting = pay(&*store, &people.alice, &people.bob, 10).await;
    carry_out(&*store, SERVICE, waiting.id, again(600_000)).await;
    let leased = pay(&*store, &people.alice, &people.bob, 10).await;
    let holder = claim(&*store, SERVICE, &[leased.id]).await;
    for paid in [&waiting, &leased] {
        let letter = letter_of(&*store, paid.id, "service.notification").await;
        let redriven = store.redrive(letter, message_id()).await.unwrap().unwrap();
        assert!(redriven.event.is_none() && redriven.outbox.is_none());
    }
    assert_eq!(due(&*store).await, [waiting.step()], "who holds a lease is at it");
    assert_eq!(claim_some(&*store, SERVICE, &[waiting.id], token()).await[0].attempt, 2);
    assert_eq!(record(&*store, SERVICE, holder, leased.id, done()).await.transfers, [leased.id]);
}

pub async fn a_redrive_of_an_effect_from_two_handles_happens_once(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 100).await;
    let id = pay(&*one, &people.alice, &people.bob, 10).await.id;
    let letter = fail(&*one, id).await;
    let (left, right) = futures::join!(one.redrive(letter, message_id()), two.redrive(letter, message_id()));
    assert_eq!([left.unwrap(), right.unwrap()].into_iter().flatten().count(), 1);
    assert_eq!(log_names(&*one, id).await, ["transfer.completed", "notification.failed", "notification.pending"]);
}
