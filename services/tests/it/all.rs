//! All five services at once, each in the pipeline's own loop: a payment is booked, and each makes its effect of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use herald_broker_memory::{MemoryBroker, MemoryConfig};
use herald_domain::money::{AccountKind, EffectState, Service};
use herald_domain::store::{Effects, Ledger, Moved, Store};
use herald_pipeline::{Bookings, Deps, Relay, Servant, serve};
use herald_services::{Fraud, Notification, Rewards, Statement, Webhook, fraud, notification, rewards, webhook};
use herald_testkit::build::payment;
use herald_testkit::smtp_catcher::SmtpCatcher;
use herald_testkit::webhook_receiver::WebhookReceiver;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::world::{World, world};

const PATIENCE: Duration = Duration::from_secs(30);
const PAYMENTS: usize = 20;

/// As a process makes them: from its store, by its settings.
fn servants(world: &World, store: Arc<dyn Store>, smtp_url: String) -> Vec<Arc<dyn Servant>> {
    let mail = notification::Config { smtp_url: Some(smtp_url), mail_domain: "localhost".to_owned(), mail_from: None };
    let hook = webhook::Config { allow_private: true };
    vec![
        Arc::new(Notification::open(&mail, world.data(), store.clone()).unwrap()),
        Arc::new(Fraud::open(&fraud::Config::default(), store.clone()).unwrap()),
        Arc::new(Statement),
        Arc::new(Rewards::open(&rewards::Config::default(), store.clone()).unwrap()),
        Arc::new(Webhook::new(&hook, store, world.clock.clone())),
    ]
}

/// Waits until each service has its effect of each transfer.
async fn until_all_done(world: &World, transfers: &[herald_domain::id::TransferId]) {
    let all = async {
        loop {
            let effects = world.store.get_effects(transfers).await.unwrap();
            let done = effects.iter().filter(|effect| effect.state != EffectState::Pending).count();
            if done == transfers.len() * Service::ALL.len() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, all).await.is_ok();
    assert!(in_time, "{:?}", world.store.get_effects(transfers).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_makes_its_effect_of_each_payment_once() {
    let (world, catcher, receiver) = (world().await, SmtpCatcher::start().await, WebhookReceiver::start().await);
    let budget = world.own("rewards.inr", AccountKind::Rewards).await;
    world.fund(&budget, 1_000_000).await;
    let (_, secret) = world.endpoint(&world.shop.owner, &receiver.url()).await;
    let store: Arc<dyn Store> = world.store.clone();
    let deps = Deps { store: store.clone(), broker: Arc::new(MemoryBroker::new(MemoryConfig::default())) };
    let (tasks, stop, shutdown) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
    let relay = Relay::start(deps.clone(), &tasks, stop.clone());
    let bookings = Bookings::start(deps.clone(), relay.clone(), &tasks, stop.clone());
    let running: Vec<_> = servants(&world, store, catcher.url())
        .into_iter()
        .map(|servant| serve(deps.clone(), relay.clone(), servant, 2, PATIENCE, shutdown.clone()))
        .map(tokio::spawn)
        .collect();

    let mut paid = Vec::new();
    for n in 0..PAYMENTS {
        match bookings.book(payment(&world.alice, &world.shop, 1_000 + n as u64)).await.unwrap() {
            Moved::Now(booked) => paid.push(booked.transfer.id),
            other => panic!("not booked: {other:?}"),
        }
    }
    until_all_done(&world, &paid).await;

    let effects = world.store.get_effects(&paid).await.unwrap();
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for effect in &effects {
        assert_eq!(effect.state, EffectState::Done, "{effect:?}");
        *states.entry(effect.service.as_str()).or_default() += 1;
    }
    assert!(states.len() == 5 && states.values().all(|count| *count == PAYMENTS), "{states:?}");
    let calls = receiver.calls();
    assert!(calls.len() >= PAYMENTS && calls.iter().all(|call| call.is_signed_with(&secret)), "{}", calls.len());
    // Two for each payment, and one for each reward.
    assert_eq!(catcher.wait_for(3 * PAYMENTS).await.len(), 3 * PAYMENTS);
    assert!(world.store.check_ledger().await.unwrap().breaches.is_empty());
    assert_eq!(world.balance(&budget).await, 1_000_000 - 10 * PAYMENTS as i64);

    shutdown.cancel();
    for service in running {
        assert_eq!(service.await.unwrap(), 0, "something was left");
    }
    stop.cancel();
}
