//! Booking: durable before the answer, then told to services and watchers; and the end of holds.

use std::time::Duration;

use herald_domain::broker::{Broker, LiveSignal, LiveSubscription};
use herald_domain::event::LiveMessage;
use herald_domain::money::{Account, AccountName, Holder, Refusal, Service, TransferState};
use herald_domain::store::{HoldChange, Ledger, Moved, Opened};
use herald_pipeline::{Bookings, expire_holds, funding_account};
use herald_testkit::build::{held, new_account, new_refund, owner, payment};

use crate::world::{PATIENCE, World, world};

pub struct Bank {
    pub world: World,
    pub bookings: Bookings,
    pub alice: Account,
    pub bob: Account,
}

/// Alice has 100.
pub async fn bank() -> Bank {
    let world = world().await;
    let bookings = Bookings::start(world.deps(), world.relay.clone(), &world.tasks, world.stop.clone());
    let open = async |user: &str| match world.store.open_account(&new_account(user, &owner(user))).await.unwrap() {
        Opened::Now(account) => account,
        other => panic!("not opened: {other:?}"),
    };
    let (alice, bob) = (open("alice").await, open("bob").await);
    let funding = funding_account(&world.store, alice.currency).await.unwrap();
    let bank = Bank { world, bookings, alice, bob };
    assert!(matches!(bank.bookings.book(payment(&funding, &bank.alice, 100)).await, Ok(Moved::Now(_))));
    bank.world.until_published().await;
    bank
}

impl Bank {
    async fn available(&self) -> i64 {
        let found = self.world.store.find_account(&AccountName::Id(self.alice.id)).await.unwrap();
        found.unwrap().available()
    }
}

/// The names of the next events that are announced to alice.
async fn announced(live: &mut Box<dyn LiveSubscription>, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    while names.len() < count {
        match tokio::time::timeout(PATIENCE, live.next()).await.expect("an event is announced") {
            Some(LiveSignal::Message(LiveMessage::Event(event))) => names.push(event.name),
            Some(_) => {}
            None => panic!("the subscription ended"),
        }
    }
    names
}

#[tokio::test]
async fn what_is_booked_is_announced_and_every_service_that_it_concerns_is_told() {
    let bank = bank().await;
    let mut live = bank.world.listen().await;
    let mut rewards = bank.world.broker.consume_service(Service::Rewards, 8).await.unwrap();
    let paid = payment(&bank.alice, &bank.bob, 60);
    assert!(matches!(bank.bookings.book(paid.clone()).await, Ok(Moved::Now(_))));
    assert!(matches!(bank.bookings.book(paid.clone()).await, Ok(Moved::Replayed(_))), "the same again moves nothing");
    let short = bank.bookings.book(payment(&bank.alice, &bank.bob, 60)).await.unwrap();
    assert_eq!(short, Moved::Refused(Refusal::InsufficientFunds { shortfall: 20 }));
    let batch = tokio::time::timeout(PATIENCE, rewards.next(8)).await.unwrap().unwrap();
    let told: Vec<_> = batch.messages().iter().map(|message| message.step.transfer).collect();
    // The funding is a payment too, as `build` makes it.
    assert!(told.contains(&paid.id), "{told:?}");
    batch.ack().await.unwrap();
    let original = bank.world.store.get_transfer(paid.id, None).await.unwrap().unwrap();
    assert!(matches!(bank.bookings.refund(&new_refund(&original, Some(10)), false).await, Ok(Moved::Now(_))));
    let mut names = announced(&mut live, 3).await;
    names.sort();
    assert_eq!(names, ["transfer.completed", "transfer.completed", "transfer.partly_refunded"]);
    assert_eq!(bank.available().await, 50);
}

#[tokio::test]
async fn a_hold_that_nobody_captures_ends_by_itself_and_is_told() {
    let bank = bank().await;
    let hold = held(&bank.alice, &bank.bob, 40, Holder::Payer);
    let kept = held(&bank.alice, &bank.bob, 5, Holder::Payer);
    for asked in [&hold, &kept] {
        assert!(matches!(bank.bookings.book(asked.clone()).await, Ok(Moved::Now(_))));
    }
    let captured = bank.bookings.change_hold(kept.id, Some(&bank.bob.owner), &HoldChange::Capture(None)).await;
    assert!(matches!(captured, Ok(Moved::Now(_))), "{captured:?}");
    assert_eq!(bank.available().await, 55);
    let mut live = bank.world.listen().await;
    bank.world.clock.advance(Duration::from_secs(3_601));
    bank.world.tasks.spawn(expire_holds(bank.world.deps(), bank.world.relay.clone(), bank.world.stop.clone()));
    assert_eq!(announced(&mut live, 1).await, ["transfer.expired"]);
    let ended = bank.world.store.get_transfer(hold.id, None).await.unwrap().unwrap();
    assert_eq!((ended.state, bank.available().await), (TransferState::Expired, 95));
    bank.world.until_published().await;
}
