//! The loop of one service: whatever is delivered how often and in whatever order, each effect is made once; and what fails,
//! panics, hangs or dies holds up nobody else.

use std::sync::Arc;
use std::time::Duration;

use herald_domain::broker::{Broker, TransferMessage};
use herald_domain::channel::Channel;
use herald_domain::id::TransferId;
use herald_domain::money::{Effect, EffectState, Service, TransferKind, TransferState, TransferStep};
use herald_domain::store::{Effects, Events, Moved, Outbox};
use herald_pipeline::{reconcile, serve};
use herald_testkit::build::{message_id, payment};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::booking::{Bank, bank};
use crate::servant::{Act, Counting};
use crate::world::PATIENCE;

/// Enough for what does not wait.
const GRACE: Duration = Duration::from_secs(20);

impl Bank {
    /// A process of the service. Its future yields how much it had to leave.
    fn serve(&self, servant: &Arc<Counting>, grace: Duration) -> (CancellationToken, JoinHandle<usize>) {
        let shutdown = CancellationToken::new();
        let (deps, relay) = (self.world.deps(), self.world.relay.clone());
        (shutdown.clone(), tokio::spawn(serve(deps, relay, servant.clone(), 2, grace, shutdown)))
    }

    /// Has the service look for what is due.
    fn reconcile(&self) {
        self.world.tasks.spawn(reconcile(self.world.deps(), Service::Statement, self.world.stop.clone()));
    }

    /// Payments of 1, of which the services have been told.
    async fn pay(&self, count: usize) -> Vec<TransferId> {
        let mut paid = Vec::new();
        for _ in 0..count {
            let new = payment(&self.alice, &self.bob, 1);
            assert!(matches!(self.bookings.book(new.clone()).await, Ok(Moved::Now(_))));
            paid.push(new.id);
        }
        self.world.until_published().await;
        paid
    }

    async fn effect(&self, id: TransferId) -> Option<Effect> {
        let effects = self.world.store.get_effects(&[id]).await.unwrap();
        effects.into_iter().find(|effect| effect.service == Service::Statement)
    }

    /// Waits until the effect is as wished; time goes by quickly meanwhile, so that delays and leases run out.
    async fn until(&self, id: TransferId, wished: impl Fn(&Effect) -> bool) -> Effect {
        let waiting = async {
            loop {
                match self.effect(id).await {
                    Some(effect) if wished(&effect) => return effect,
                    _ => self.world.clock.advance(Duration::from_secs(1)),
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(effect) => effect,
            Err(_) => panic!("it never came to that: {:?}", self.effect(id).await),
        }
    }

    async fn until_done(&self, id: TransferId) -> Effect {
        self.until(id, |effect| effect.state == EffectState::Done).await
    }

    /// Waits until nothing waits in the service's queue.
    async fn until_delivered(&self) {
        let delivered = async {
            while self.world.broker.service_depth(Service::Statement).await.unwrap() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, delivered).await.expect("the queue is emptied");
    }

    /// The service's events on the transfer's channel.
    async fn told(&self, id: TransferId) -> Vec<String> {
        let events = self.world.store.channel_events(&[(Channel::Transfer(id), 0)]).await.unwrap();
        events.into_iter().map(|event| event.name).filter(|name| name.starts_with("statement.")).collect()
    }
}

fn detail(effect: &Effect) -> Value {
    serde_json::from_str(effect.detail.get()).unwrap()
}

/// As the relay publishes it.
fn message(id: &TransferId) -> TransferMessage {
    let step = TransferStep { transfer: *id, kind: TransferKind::Payment, state: TransferState::Completed };
    TransferMessage { id: Some(message_id()), step, traceparent: None }
}

#[tokio::test]
async fn what_is_delivered_twice_and_backwards_to_two_processes_is_made_once() {
    let bank = bank().await;
    let paid = bank.pay(40).await;
    let again: Vec<_> = paid.iter().rev().chain(&paid).map(message).collect();
    let publish = async || {
        let published = bank.world.broker.wake_service(Service::Statement, &again).await;
        assert!(published.iter().all(Result::is_ok));
    };
    publish().await;
    let servant = Counting::new("either");
    let processes = [bank.serve(&servant, GRACE), bank.serve(&servant, GRACE)];
    let mut receipts = Vec::new();
    for id in &paid {
        receipts.push(detail(&bank.until_done(*id).await)["receipt"].as_u64().unwrap());
    }
    // Late ones too.
    publish().await;
    bank.until_delivered().await;
    for (shutdown, process) in processes {
        shutdown.cancel();
        assert_eq!(process.await.unwrap(), 0);
    }
    assert_eq!(bank.world.broker.service_depth(Service::Statement).await.unwrap(), 0, "all of it was settled");
    for id in &paid {
        assert_eq!((servant.asked(*id), bank.told(*id).await), (1, vec!["statement.issued".to_owned()]));
    }
    receipts.sort_unstable();
    receipts.dedup();
    // One more is of the money that alice has.
    assert_eq!((receipts.len(), receipts.last()), (40, Some(&41)));
}

#[tokio::test]
async fn one_that_panics_and_fails_holds_up_nobody_and_is_made_in_the_end() {
    let bank = bank().await;
    let paid = bank.pay(3).await;
    let servant = Counting::new("patient");
    servant.tell(paid[1], [Act::Panic, Act::Later, Act::Panic]);
    bank.serve(&servant, GRACE);
    for id in [paid[0], paid[2]] {
        assert_eq!(bank.until_done(id).await.attempts, 1);
    }
    let panicked = bank.until(paid[1], |effect| effect.attempts == 1 && detail(effect)["error"].is_string()).await;
    assert_eq!(detail(&panicked)["error"], "the service panicked; its log has the reason");
    bank.reconcile();
    assert_eq!(bank.until_done(paid[1]).await.attempts, 4);
    assert_eq!(bank.told(paid[1]).await, ["statement.issued"], "attempts that failed for now are no news");
}

#[tokio::test]
async fn one_that_fails_for_good_is_a_dead_letter_that_can_be_redriven() {
    let bank = bank().await;
    let paid = bank.pay(2).await;
    let servant = Counting::new("strict");
    servant.tell(paid[0], [Act::Refuse]);
    bank.serve(&servant, GRACE);
    let failed = bank.until(paid[0], |effect| effect.state == EffectState::Failed).await;
    assert_eq!((failed.attempts, detail(&failed)["error"].as_str()), (1, Some("never")));
    let letters = bank.world.store.list_dead_letters(None, 10).await.unwrap();
    let told: Vec<_> = letters.iter().map(|letter| (letter.queue.as_str(), letter.entity.clone())).collect();
    assert_eq!(told, [("service.statement", Some(Channel::Transfer(paid[0]).to_string()))]);
    assert!(bank.world.store.redrive(letters[0].id, message_id()).await.unwrap().is_some());
    bank.reconcile();
    assert_eq!(bank.until_done(paid[0]).await.attempts, 2);
    assert_eq!(bank.until_done(paid[1]).await.attempts, 1);
    assert!(bank.world.store.list_dead_letters(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_that_hangs_has_failed_after_a_minute() {
    let bank = bank().await;
    let paid = bank.pay(1).await;
    let servant = Counting::new("slow");
    servant.tell(paid[0], [Act::Wait(Arc::new(Semaphore::new(0)))]);
    bank.serve(&servant, GRACE);
    while servant.asked(paid[0]) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Only for a moment: with time paused, whoever waits for the store would wait too long at once.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let late = bank.until(paid[0], |effect| detail(effect)["error"].is_string()).await;
    assert_eq!(detail(&late)["error"], "it took longer than a minute");
    bank.reconcile();
    assert_eq!(bank.until_done(paid[0]).await.attempts, 2);
}

#[tokio::test]
async fn what_was_begun_is_recorded_before_the_process_ends() {
    let bank = bank().await;
    let paid = bank.pay(2).await;
    let (servant, gate) = (Counting::new("leaving"), Arc::new(Semaphore::new(0)));
    for id in &paid {
        servant.tell(*id, [Act::Wait(gate.clone())]);
    }
    let (shutdown, process) = bank.serve(&servant, GRACE);
    // Those two, and what alice was given.
    tokio::time::timeout(PATIENCE, servant.begun.acquire_many(3)).await.unwrap().unwrap().forget();
    shutdown.cancel();
    gate.add_permits(2);
    assert_eq!(process.await.unwrap(), 0);
    for id in &paid {
        assert_eq!(bank.effect(*id).await.unwrap().state, EffectState::Done);
    }
    assert_eq!(bank.world.broker.service_depth(Service::Statement).await.unwrap(), 0);
}

#[tokio::test]
async fn one_whose_lease_is_lost_is_made_by_another_and_recorded_once() {
    let bank = bank().await;
    let paid = bank.pay(1).await;
    let (first, gate) = (Counting::new("first"), Arc::new(Semaphore::new(0)));
    first.tell(paid[0], [Act::Wait(gate.clone())]);
    let (shutdown, process) = bank.serve(&first, Duration::from_millis(50));
    while first.asked(paid[0]) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    shutdown.cancel();
    assert_eq!(process.await.unwrap(), 1, "its batch is left");
    let second = Counting::new("second");
    bank.serve(&second, GRACE);
    bank.reconcile();
    let made = bank.until_done(paid[0]).await;
    assert_eq!((made.attempts, detail(&made)["by"].as_str()), (2, Some("second")));
    // Now the first comes back from wherever it was.
    let recorded = bank.world.faulty.calls("record_effects");
    gate.add_permits(1);
    bank.world.until_calls("record_effects", recorded + 1).await;
    bank.pay(1).await;
    let after = bank.effect(paid[0]).await.unwrap();
    assert_eq!((after.attempts, detail(&after)["by"].as_str()), (2, Some("second")));
    assert_eq!(bank.told(paid[0]).await, ["statement.issued"]);
}
