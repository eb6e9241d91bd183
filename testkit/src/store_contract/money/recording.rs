//! Recording effects: every outcome, once, with its event.

use std::time::Duration;

use herald_domain::event::raw;
use herald_domain::money::{Deed, EffectOutcome, EffectState, MAX_EFFECT_ATTEMPTS, Service};

use super::steps::{
    again, carry_out, claim, claim_nothing, claim_some, data, detail, done, effect, log, log_names, pay, people,
    record, transfer,
};
use crate::build::{message_id, token};
use crate::store_contract::Harness;

pub async fn a_done_effect_is_told_with_its_detail(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let paid = pay(&*store, &people.alice, &people.bob, 10).await;
    h.advance(Duration::from_secs(5)).await;
    let outcome = EffectOutcome::Done {
        detail: raw(&serde_json::json!({"score": 7, "why": "ünïcode ✓"})),
        deed: Deed::Nothing,
    };
    let recorded = carry_out(&*store, Service::Fraud, paid.id, outcome).await;
    assert!(recorded.outbox.is_empty());
    let kept = effect(&*store, Service::Fraud, paid.id).await;
    assert_eq!((kept.state, kept.attempts), (EffectState::Done, 1));
    assert_eq!(detail(&kept), serde_json::json!({"score": 7, "why": "ünïcode ✓"}));
    assert!(kept.at.unwrap() >= paid.created_at + Duration::from_secs(5));

    let events = log(&*store, paid.id).await;
    let [told] = &recorded.events[..] else { panic!("{:?}", recorded.events) };
    assert_eq!((told.name.as_str(), told.offset, &told.audience), ("fraud.scored", 2, &paid.audience()));
    assert_eq!((&events[1].name, events[1].at, data(&events[1])), (&told.name, told.at, data(told)));
    let data = data(told);
    let fields = ["id", "status", "service", "effect"].map(|name| data[name].as_str().unwrap().to_owned());
    assert_eq!(fields, [&*paid.id.to_string(), "completed", "fraud", "done"]);
    assert_eq!((data["attempts"].as_u64(), data["detail"]["score"].as_u64()), (Some(1), Some(7)));
    assert_eq!(kept.at, Some(told.at));
}

pub async fn an_effect_is_recorded_once(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let id = pay(&*store, &people.alice, &people.bob, 10).await.id;
    let token = claim(&*store, Service::Statement, &[id]).await;
    record(&*store, Service::Statement, token, id, done()).await;
    let after = transfer(&*store, id).await;
    for outcome in [done(), again(0), EffectOutcome::Failed { error: "late".into() }] {
        let recorded = record(&*h.second().await, Service::Statement, token, id, outcome).await;
        assert!(recorded.transfers.is_empty() && recorded.events.is_empty());
    }
    let twice = [(id, done()), (id, done())];
    let next = claim(&*store, Service::Webhook, &[id]).await;
    let recorded = store.record_effects(Service::Webhook, next, &twice, message_id).await.unwrap();
    assert_eq!((recorded.transfers.len(), recorded.events.len()), (1, 1), "twice in one batch is once");
    claim_nothing(&*store, Service::Statement, &[id]).await;
    assert_eq!(effect(&*store, Service::Statement, id).await.state, EffectState::Done);
    assert_eq!(transfer(&*store, id).await.offset, after.offset + 1);
    assert!(store.list_dead_letters(None, 10).await.unwrap().is_empty());
}

pub async fn a_skipped_effect_says_why(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let id = pay(&*store, &people.alice, &people.bob, 10).await.id;
    let recorded =
        carry_out(&*store, Service::Webhook, id, EffectOutcome::Skipped { reason: "no_endpoint".into() }).await;
    assert_eq!(recorded.events[0].name, "webhook.skipped");
    let kept = effect(&*store, Service::Webhook, id).await;
    assert_eq!((kept.state, detail(&kept)), (EffectState::Skipped, serde_json::json!({"reason": "no_endpoint"})));
    claim_nothing(&*store, Service::Webhook, &[id]).await;
}

pub async fn an_effect_to_be_tried_again_is_due_after_its_delay(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let id = pay(&*store, &people.alice, &people.bob, 10).await.id;
    let service = Service::Notification;
    let recorded = carry_out(&*store, service, id, again(30_000)).await;
    assert!(recorded.events.is_empty(), "nobody is told of an attempt");
    let kept = effect(&*store, service, id).await;
    assert_eq!((kept.state, kept.attempts), (EffectState::Pending, 1));
    assert_eq!(detail(&kept), serde_json::json!({"error": "no answer"}));
    claim_nothing(&*store, service, &[id]).await;
    h.advance(Duration::from_secs(31)).await;
    assert_eq!(claim_some(&*store, service, &[id], token()).await[0].attempt, 2);
    assert_eq!(log_names(&*store, id).await, ["transfer.completed"]);
}

pub async fn the_last_attempt_that_fails_is_a_dead_letter(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let id = pay(&*store, &people.alice, &people.bob, 10).await.id;
    let service = Service::Notification;
    for _ in 1..MAX_EFFECT_ATTEMPTS {
        carry_out(&*store, service, id, again(0)).await;
        assert!(store.list_dead_letters(None, 10).await.unwrap().is_empty());
    }
    let recorded = carry_out(&*store, service, id, again(0)).await;
    assert_eq!(recorded.events[0].name, "notification.failed");
    let kept = effect(&*store, service, id).await;
    assert_eq!((kept.state, kept.attempts), (EffectState::Failed, MAX_EFFECT_ATTEMPTS));
    assert_eq!(detail(&kept), serde_json::json!({"error": "no answer"}));
    let letter = store.list_dead_letters(None, 10).await.unwrap().remove(0);
    assert_eq!((letter.queue.as_str(), letter.entity.unwrap()), ("service.notification", format!("transfer:{id}")));
    assert!(letter.error.contains("no answer"), "{}", letter.error);
}

pub async fn what_will_not_help_is_a_dead_letter_at_once(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let id = pay(&*store, &people.alice, &people.bob, 10).await.id;
    let error = format!("410 Gone {}", "x".repeat(20_000));
    let recorded = carry_out(&*store, Service::Webhook, id, EffectOutcome::Failed { error }).await;
    assert_eq!(recorded.events[0].name, "webhook.failed");
    let kept = effect(&*store, Service::Webhook, id).await;
    assert_eq!((kept.state, kept.attempts), (EffectState::Failed, 1));
    assert!(detail(&kept)["error"].as_str().unwrap().starts_with("410 Gone"));
    let letters = store.list_dead_letters(None, 10).await.unwrap();
    assert_eq!((letters.len(), letters[0].queue.as_str()), (1, "service.webhook"));
    claim_nothing(&*store, Service::Webhook, &[id]).await;
}

pub async fn a_batch_records_each_outcome_for_itself(h: &dyn Harness) {
    let store = h.store().await;
    let people = people(&*store, 100).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(pay(&*store, &people.alice, &people.bob, 1).await.id);
    }
    let service = Service::Webhook;
    let token = claim(&*store, service, &ids[..4]).await;
    let outcomes = [
        (ids[3], done()),
        (ids[4], done()),
        (ids[1], again(1_000)),
        (ids[0], EffectOutcome::Failed { error: "no".into() }),
        (ids[2], EffectOutcome::Skipped { reason: "nothing".into() }),
    ];
    let recorded = store.record_effects(service, token, &outcomes, message_id).await.unwrap();
    let mut told = recorded.transfers.clone();
    told.sort();
    assert_eq!(told, ids[..4], "what was not claimed is left out");
    let mut names: Vec<_> = recorded.events.iter().map(|event| event.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["webhook.delivered", "webhook.failed", "webhook.skipped"]);
    let states: Vec<_> = store.get_effects(&ids).await.unwrap().iter().map(|effect| effect.state).collect();
    assert_eq!(states, [EffectState::Failed, EffectState::Pending, EffectState::Skipped, EffectState::Done]);
    let nothing = store.record_effects(service, token, &[], message_id).await.unwrap();
    assert!(nothing.transfers.is_empty());
}

pub async fn services_at_once_leave_no_gap_in_the_log(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let people = people(&*one, 1_000).await;
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(pay(&*one, &people.alice, &people.bob, 1).await.id);
    }
    let work = Service::ALL.iter().enumerate().map(|(n, service)| {
        let (store, mut ids) = (if n % 2 == 0 { &one } else { &two }, ids.clone());
        ids.rotate_left(n);
        async move {
            let token = claim(&**store, *service, &ids).await;
            let outcomes: Vec<_> = ids.iter().map(|id| (*id, done())).collect();
            store.record_effects(*service, token, &outcomes, message_id).await.unwrap()
        }
    });
    for recorded in futures::future::join_all(work).await {
        assert_eq!(recorded.events.len(), 8);
    }
    for id in ids {
        assert_eq!(log(&*one, id).await.len(), 6);
    }
}
