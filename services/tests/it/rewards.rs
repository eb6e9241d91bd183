//! Cashback out of a budget.

use herald_domain::money::{AccountKind, EffectState, TransferKind, TransferState};
use herald_domain::store::Ledger;
use herald_services::Rewards;
use herald_services::rewards::{Config, reward_id};
use serde_json::json;

use crate::world::{World, came_to, detail, world};

fn service(world: &World) -> Rewards {
    Rewards::open(&Config::default(), world.store.clone()).unwrap()
}

#[tokio::test]
async fn a_payment_to_a_merchant_comes_back_in_part_out_of_the_budget() {
    let world = world().await;
    let service = service(&world);
    let budget = world.own("rewards.inr", AccountKind::Rewards).await;
    world.fund(&budget, 100).await;
    let before = world.balance(&world.alice).await;
    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    let effect = world.attempt(&service, paid.id).await.unwrap();
    let id = reward_id(paid.id);
    assert_eq!(came_to(&effect), (EffectState::Done, json!({ "amount": 12, "transfer": id })));
    let reward = world.transfer(id).await;
    assert_eq!((reward.kind, reward.state, reward.amount), (TransferKind::Reward, TransferState::Completed, 12));
    assert_eq!((reward.parent, reward.to), (Some(paid.id), world.alice.id));
    assert_eq!((world.balance(&world.alice).await, world.balance(&budget).await), (before - 1_250 + 12, 88));
    assert!(world.attempt(&service, paid.id).await.is_none(), "once");
    assert!(world.attempt(&service, id).await.is_none(), "a reward earns none");
    let check = world.store.check_ledger().await.unwrap();
    assert!(check.breaches.is_empty(), "{check:?}");
}

#[tokio::test]
async fn a_budget_that_is_dry_or_not_there_does_no_harm() {
    let world = world().await;
    let service = service(&world);
    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    let effect = world.attempt(&service, paid.id).await.unwrap();
    assert_eq!(came_to(&effect), (EffectState::Skipped, json!({ "reason": "budget_empty" })));
    let budget = world.own("rewards.inr", AccountKind::Rewards).await;
    world.fund(&budget, 11).await;
    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    let effect = world.attempt(&service, paid.id).await.unwrap();
    assert_eq!(detail(&effect)["reason"], "budget_empty");
    assert_eq!(world.balance(&budget).await, 11);
}

#[tokio::test]
async fn what_is_no_purchase_earns_nothing() {
    let world = world().await;
    let service = service(&world);
    let gift = world.pay(&world.alice, &world.carol, 1_250).await;
    let small = world.pay(&world.alice, &world.shop, 99).await;
    for (transfer, reason) in [(gift, "not_a_merchant"), (small, "below_minimum")] {
        let effect = world.attempt(&service, transfer.id).await.unwrap();
        assert_eq!(came_to(&effect), (EffectState::Skipped, json!({ "reason": reason })));
    }
    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    let refund = world.refund(&paid, 1_250).await;
    assert!(world.attempt(&service, refund.id).await.is_none(), "a refund is none of its business");
}
