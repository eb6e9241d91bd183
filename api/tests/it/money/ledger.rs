//! Whether the books agree, what was left undone, and payments that fraud wants to see first.

use herald_domain::money::view::BookedView;
use herald_domain::money::{Deed, EffectOutcome, Holder, Service, TransferState};
use serde_json::{Value, json};

use super::{bank, done, fund, held_for_nothing, money, paid, payment, served, transfer, with};

#[tokio::test]
async fn the_ledger_is_looked_at_by_admins_only() {
    let app = bank().await;
    paid(&app, &payment()).await;
    let found: Value = app.get("/admin/ledger/check").send().await.ok().json();
    assert_eq!(found, json!({"ok": true, "accounts": 4, "transfers": 2, "entries": 2, "breaches": []}));
    for call in [app.get("/admin/ledger/check"), app.post("/admin/reconcile", &json!({}))] {
        assert_eq!(call.header("herald-user", "alice").send().await.code(), "admin_required");
    }
}

#[tokio::test]
async fn a_reconcile_ends_holds_whose_time_is_over_and_says_what_it_found() {
    let app = bank().await;
    let reconciled = || async { app.post("/admin/reconcile", &json!({})).send().await.ok().json::<Value>() };
    let none = json!({"fraud": 0, "notification": 0, "rewards": 0, "statement": 0, "webhook": 0});
    assert_eq!(reconciled().await, json!({"expired_holds": 0, "missing": none, "breaches": []}));
    let id = held_for_nothing(&app).await;
    assert_eq!(reconciled().await["expired_holds"], 1);
    assert_eq!(
        (transfer(&app, id).await.state, money(&app, "alice").await),
        (TransferState::Expired, (1_000, 1_000, 0))
    );
}

/// The built-in rules hold a fortune to a payee that was never paid before.
#[tokio::test]
async fn a_payment_that_fraud_wants_held_is_pending_until_it_has_decided() {
    const FORTUNE: u64 = 100_000_000;
    let app = bank().await;
    fund(&app, "alice", 2 * FORTUNE).await;
    let call = super::pay(&app, &with("amount", json!(FORTUNE))).header("idempotency-key", "fortune");
    let reply = call.send().await;
    let view: BookedView = reply.json();
    assert_eq!((reply.status.as_u16(), view.state), (201, TransferState::Pending));
    assert_eq!(money(&app, "alice").await, (200_001_000, 100_001_000, FORTUNE));
    let again = super::pay(&app, &with("amount", json!(FORTUNE))).header("idempotency-key", "fortune").send().await;
    assert_eq!((again.header("idempotency-replayed"), again.json::<BookedView>().id), ("true", view.id));
    let seen = transfer(&app, view.id).await;
    assert_eq!((seen.held_by, seen.state), (Some(Holder::Fraud), TransferState::Pending));
    let captured = app.post(&format!("/transactions/{}/capture", view.id), &json!({})).header("herald-user", "bob");
    assert_eq!(captured.send().await.code(), "wrong_state", "it is not the payee's to take");

    let EffectOutcome::Done { detail, .. } = done() else { unreachable!() };
    served(&app, Service::Fraud, view.id, EffectOutcome::Done { detail, deed: Deed::Decide { refuse: None } }).await;
    assert_eq!(transfer(&app, view.id).await.state, TransferState::Completed);
    let next = paid(&app, &with("amount", json!(FORTUNE))).await;
    assert_eq!(transfer(&app, next).await.state, TransferState::Completed, "bob is no stranger any more");
}
