//! Holds, captured, voided and expired; refunds.

use herald_domain::id::TransferId;
use herald_domain::money::view::{BookedView, TransferView};
use herald_domain::money::{Holder, TransferKind, TransferState};
use serde_json::{Value, json};

use super::super::app::{Reply, TestApp};
use super::{bank, booked, money, paid, pay, payment, transfer, with};

async fn held(app: &TestApp) -> TransferId {
    paid(app, &with("hold", json!(true))).await
}

async fn change(app: &TestApp, id: TransferId, what: &str, body: Value, user: &str) -> Reply {
    app.post(&format!("/transactions/{id}/{what}"), &body).user(user).keyed().send().await
}

#[track_caller]
fn conflict(reply: &Reply, code: &str) {
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (409, code));
}

#[tokio::test]
async fn a_hold_sets_money_aside_until_the_payee_captures_it() {
    let app = bank().await;
    let reply = pay(&app, &with("hold", json!({"minutes": 5}))).send().await;
    let view: BookedView = reply.ok().json();
    assert_eq!(view.state, TransferState::Pending);
    let seen = transfer(&app, view.id).await;
    assert_eq!((seen.state, seen.held_by, seen.posted), (TransferState::Pending, Some(Holder::Payer), 0));
    assert_eq!(seen.hold_until.unwrap() - seen.created_at, time::Duration::minutes(5));
    assert_eq!((money(&app, "alice").await, money(&app, "bob").await), ((1_000, 900, 100), (0, 0, 0)));
    let captured = change(&app, view.id, "capture", json!({"amount": 60}), "bob").await;
    assert_eq!(captured.status, 200, "{}", captured.text());
    let captured: TransferView = captured.json();
    assert_eq!((captured.state, captured.amount, captured.posted), (TransferState::Completed, 100, 60));
    assert_eq!((captured.offset, captured.services.len()), (2, 5));
    assert_eq!((money(&app, "alice").await, money(&app, "bob").await), ((940, 940, 0), (60, 60, 0)));
    // Once more is the same; otherwise it is too late.
    let again: TransferView = change(&app, view.id, "capture", json!({"amount": 60}), "bob").await.ok().json();
    assert_eq!(again.offset, 2);
    conflict(&change(&app, view.id, "capture", json!({"amount": 61}), "bob").await, "wrong_state");
    conflict(&change(&app, view.id, "void", json!({}), "alice").await, "wrong_state");
    assert_eq!(money(&app, "bob").await, (60, 60, 0));
}

#[tokio::test]
async fn without_an_amount_or_a_body_all_of_it_is_captured() {
    let app = bank().await;
    for (n, what) in [None, Some("{}"), Some("null")].into_iter().enumerate() {
        let id = held(&app).await;
        let call = app.post(&format!("/transactions/{id}/capture"), &json!({})).user("bob");
        let call = match what {
            Some(body) => call.body(body),
            None => call.without("content-type").body(""),
        };
        assert_eq!(call.send().await.ok().json::<TransferView>().posted, 100);
        assert_eq!(money(&app, "bob").await.0, 100 * (n as i64 + 1));
    }
}

#[tokio::test]
async fn a_hold_is_voided_by_either_party_once() {
    let app = bank().await;
    for user in ["alice", "bob"] {
        let id = held(&app).await;
        let voided: TransferView = change(&app, id, "void", json!({}), user).await.ok().json();
        assert_eq!((voided.state, voided.posted, voided.offset), (TransferState::Voided, 0, 2));
        let again: TransferView = change(&app, id, "void", json!({}), user).await.ok().json();
        assert_eq!(again.offset, 2);
        conflict(&change(&app, id, "capture", json!({}), "bob").await, "wrong_state");
        conflict(&change(&app, id, "refund", json!({}), "bob").await, "wrong_state");
    }
    assert_eq!((money(&app, "alice").await, money(&app, "bob").await), ((1_000, 1_000, 0), (0, 0, 0)));
}

#[tokio::test]
async fn no_more_than_is_held_can_be_captured() {
    let app = bank().await;
    let id = held(&app).await;
    let reply = change(&app, id, "capture", json!({"amount": 101}), "bob").await;
    conflict(&reply, "over_captured");
    assert!(reply.problem().detail.starts_with("only 100 are held"), "{}", reply.text());
    for bad in [json!({"amount": 0}), json!({"amount": 1.5}), json!({"amount": -1}), json!({"amount": "1"})] {
        assert_eq!(change(&app, id, "capture", bad.clone(), "bob").await.fault().2, ["/amount"], "{bad}");
    }
    assert_eq!(change(&app, id, "capture", json!({"amuont": 1}), "bob").await.fault().2, ["/amuont"]);
    assert_eq!(change(&app, id, "void", json!({"amount": 1}), "bob").await.code(), "validation_failed");
    assert_eq!(money(&app, "alice").await, (1_000, 900, 100));
}

#[tokio::test]
async fn what_was_never_held_is_neither_captured_nor_voided() {
    let app = bank().await;
    let id = paid(&app, &payment()).await;
    conflict(&change(&app, id, "capture", json!({}), "bob").await, "wrong_state");
    let reply = change(&app, id, "void", json!({}), "alice").await;
    conflict(&reply, "wrong_state");
    assert!(reply.problem().detail.starts_with("the transfer is completed"), "{}", reply.text());
}

#[tokio::test]
async fn a_hold_whose_time_is_over_is_given_up_and_is_not_captured_any_more() {
    let app = bank().await;
    let id = super::held_for_nothing(&app).await;
    let message = || herald_domain::id::MessageId(uuid::Uuid::now_v7());
    conflict(&change(&app, id, "capture", json!({}), "bob").await, "wrong_state");
    assert_eq!(app.store.expire_holds(10, message).await.unwrap().len(), 1);
    assert_eq!(transfer(&app, id).await.state, TransferState::Expired);
    conflict(&change(&app, id, "capture", json!({}), "bob").await, "wrong_state");
    assert_eq!(money(&app, "alice").await, (1_000, 1_000, 0));
}

#[tokio::test]
async fn a_payment_is_refunded_in_parts_by_transfers_of_their_own_and_never_more_than_it_was() {
    let app = bank().await;
    let id = paid(&app, &payment()).await;
    let reply = change(&app, id, "refund", json!({"amount": 30, "note": "one was broken"}), "bob").await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let refund: BookedView = reply.json();
    assert_ne!(refund.id, id);
    assert_eq!(reply.header("location"), format!("/transactions/{}", refund.id));
    let seen = transfer(&app, refund.id).await;
    assert_eq!((seen.kind, seen.parent, seen.amount), (TransferKind::Refund, Some(id), 30));
    assert_eq!((seen.from.as_str(), seen.to.as_str(), seen.note.as_deref()), ("bob", "alice", Some("one was broken")));
    let original = transfer(&app, id).await;
    assert_eq!((original.state, original.refunded, original.offset), (TransferState::PartlyRefunded, 30, 2));
    let over = change(&app, id, "refund", json!({"amount": 71}), "bob").await;
    conflict(&over, "over_refunded");
    assert!(over.problem().detail.starts_with("only 70 are left"), "{}", over.text());
    // What is left, without a body.
    let rest = app.post(&format!("/transactions/{id}/refund"), &json!({})).user("bob").keyed();
    assert_eq!(rest.without("content-type").body("").send().await.status, 201);
    assert_eq!(transfer(&app, id).await.state, TransferState::Refunded);
    conflict(&change(&app, id, "refund", json!({}), "bob").await, "over_refunded");
    conflict(&change(&app, refund.id, "refund", json!({}), "alice").await, "wrong_state");
    assert_eq!((money(&app, "alice").await.0, money(&app, "bob").await.0, booked(&app).await), (1_000, 0, 3));
}

#[tokio::test]
async fn no_more_than_was_captured_comes_back() {
    let app = bank().await;
    let id = held(&app).await;
    change(&app, id, "capture", json!({"amount": 40}), "bob").await.ok();
    conflict(&change(&app, id, "refund", json!({"amount": 41}), "bob").await, "over_refunded");
    change(&app, id, "refund", json!({"amount": 40}), "bob").await.ok();
    assert_eq!(money(&app, "alice").await.0, 1_000);
}

#[tokio::test]
async fn a_repeated_refund_is_one_refund() {
    let app = bank().await;
    let id = paid(&app, &payment()).await;
    let path = format!("/transactions/{id}/refund");
    let ask = |body: Value| app.post(&path, &body).user("bob").header("idempotency-key", "r1").send();
    let first = ask(json!({"amount": 10})).await.ok();
    let replay = ask(json!({"amount": 10})).await.ok();
    assert_eq!((replay.status.as_u16(), replay.header("idempotency-replayed")), (201, "true"));
    assert_eq!(replay.json::<BookedView>().id, first.json::<BookedView>().id);
    assert_eq!(ask(json!({"amount": 11})).await.code(), "idempotency_key_reused");
    let keyless = app.post(&path, &json!({})).user("bob").send().await;
    assert_eq!((keyless.status.as_u16(), keyless.code().as_str()), (400, "idempotency_key_required"));
    assert_eq!(transfer(&app, id).await.refunded, 10);
}

#[tokio::test]
async fn who_has_spent_it_cannot_give_it_back() {
    let app = bank().await;
    let id = paid(&app, &payment()).await;
    let spent = json!({"from": "bob", "to": "shop", "amount": 70, "currency": "INR"});
    app.post("/transactions", &spent).user("bob").keyed().send().await.ok();
    let problem = change(&app, id, "refund", json!({}), "bob").await.problem();
    assert_eq!((problem.status, problem.code.as_str(), problem.shortfall), (422, "insufficient_funds", Some(70)));
    assert_eq!(transfer(&app, id).await.refunded, 0);
}

#[tokio::test]
async fn strangers_and_the_wrong_party_find_nothing_and_an_admin_may_help() {
    let app = bank().await;
    let (hold, payment) = (held(&app).await, paid(&app, &payment()).await);
    for (id, what, user) in [
        (hold, "capture", "shop"),
        (hold, "capture", "alice"),
        (hold, "void", "shop"),
        (payment, "refund", "shop"),
        (payment, "refund", "alice"),
    ] {
        let reply = change(&app, id, what, json!({}), user).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not_found"), "{what} by {user}");
    }
    let unknown = "01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d".parse().unwrap();
    for what in ["capture", "void", "refund"] {
        assert_eq!(change(&app, unknown, what, json!({}), "bob").await.code(), "not_found", "{what}");
        let malformed = app.post(&format!("/transactions/x/{what}"), &json!({})).keyed().send().await;
        assert_eq!(malformed.code(), "not_found", "{what}");
    }
    app.post(&format!("/transactions/{payment}/refund"), &json!({})).keyed().send().await.ok();
    app.post(&format!("/transactions/{hold}/void"), &json!({})).send().await.ok();
    assert_eq!(money(&app, "alice").await, (1_000, 1_000, 0));
}
