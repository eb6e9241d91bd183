//! Scores, and what becomes of what was held.

use herald_domain::money::{EffectState, Holder, TransferState};
use herald_services::Fraud;
use herald_services::fraud::Config;
use serde_json::json;

use crate::world::{World, came_to, world};

/// New payees from 1,000 on are worth a look, the third payment within an hour as well; both is too much.
const RULES: &str = r#"
review_at = 50
refuse_at = 80
[[rule]]
name = "new_payee"
score = 50
hold = true
when = { kind = "new_payee", amount = 1_000 }
[[rule]]
name = "busy"
score = 50
when = { kind = "velocity", payments = 2 }
"#;

fn service(world: &World) -> Fraud {
    let path = world.data().join("fraud.toml");
    std::fs::write(&path, RULES).unwrap();
    Fraud::open(&Config { rules: Some(path) }, world.store.clone()).unwrap()
}

#[tokio::test]
async fn payments_are_scored_by_their_past() {
    let world = world().await;
    let service = service(&world);
    let first = world.pay(&world.alice, &world.shop, 1_000).await;
    let second = world.pay(&world.alice, &world.shop, 1_000).await;
    let third = world.pay(&world.alice, &world.carol, 1_000).await;
    let of = |score: u32, reasons: &[&str], review: bool| {
        (EffectState::Done, json!({ "score": score, "reasons": reasons, "review": review }))
    };
    // In any order: each has its own past.
    let third = world.attempt(&service, third.id).await.unwrap();
    let first = world.attempt(&service, first.id).await.unwrap();
    let second = world.attempt(&service, second.id).await.unwrap();
    assert_eq!(came_to(&first), of(50, &["new_payee"], true));
    assert_eq!(came_to(&second), of(0, &[], false));
    assert_eq!(came_to(&third), of(100, &["new_payee", "busy"], true));
    let funding = world.fund(&world.carol, 5).await;
    assert!(world.attempt(&service, funding.id).await.is_none(), "only payments are looked at");
}

#[tokio::test]
async fn what_was_held_is_released_or_refused() {
    let world = world().await;
    let service = service(&world);
    let before = world.balance(&world.alice).await;
    let good = world.hold(&world.alice, &world.shop, 1_000, Holder::Fraud).await;
    let effect = world.attempt(&service, good.id).await.unwrap();
    assert_eq!(came_to(&effect).1["score"], 50);
    assert_eq!(world.state(good.id).await, TransferState::Completed);
    world.pay(&world.alice, &world.shop, 1).await;
    let bad = world.hold(&world.alice, &world.carol, 1_000, Holder::Fraud).await;
    let effect = world.attempt(&service, bad.id).await.unwrap();
    assert_eq!((effect.state, &came_to(&effect).1["score"]), (EffectState::Done, &json!(100)));
    let refused = world.transfer(bad.id).await;
    assert_eq!((refused.state, refused.reason.as_deref()), (TransferState::Failed, Some("fraud_score")));
    assert_eq!(world.balance(&world.alice).await, before - 1_001);
}
