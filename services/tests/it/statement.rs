//! Receipts.

use herald_domain::money::EffectState;
use herald_services::Statement;
use herald_services::statement::{Receipt, html, pdf};

use crate::world::{detail, world};

#[tokio::test]
async fn what_has_moved_money_is_numbered_once_and_can_be_drawn() {
    let world = world().await;
    let (first, second) = (world.pay(&world.alice, &world.shop, 1_250).await, world.fund(&world.carol, 5).await);
    let mut numbers = Vec::new();
    for transfer in [&first, &second] {
        let effect = world.attempt(&Statement, transfer.id).await.unwrap();
        assert_eq!(effect.state, EffectState::Done);
        numbers.push(detail(&effect)["receipt"].as_u64().unwrap());
        assert!(world.attempt(&Statement, transfer.id).await.is_none());
        let receipt = Receipt { number: numbers[0], issued_at: effect.at.unwrap(), transfer };
        assert!(html(&receipt).contains(&transfer.id.to_string()) && pdf(&receipt).starts_with(b"%PDF"));
    }
    assert_eq!(numbers[1], numbers[0] + 1);
}
