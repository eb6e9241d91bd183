//! Paying: what comes back, what is moved, once.

use herald_domain::channel::Channel;
use herald_domain::identity::Scope;
use herald_domain::money::view::{BookedView, TransferView};
use herald_domain::money::{EffectState, Service, TransferKind, TransferState};
use herald_testkit::build;
use serde_json::json;

use super::super::app::{TestApp, now};
use super::{account, bank, booked, done, money, open_bank, paid, pay, payment, served, transfer, with};

#[tokio::test]
async fn money_moves_and_the_answer_has_all_that_is_needed_to_watch() {
    let app = bank().await;
    let body = json!({"from": "alice", "to": "bob", "amount": 125, "currency": "INR", "reference": "order 17", "note": "thanks\nA."});
    let reply = pay(&app, &body).send().await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let view: BookedView = reply.json();
    let id = view.id;
    assert_eq!(reply.header("location"), format!("/transactions/{id}"));
    assert_eq!((view.state, view.channel.as_str()), (TransferState::Completed, format!("transfer:{id}").as_str()));
    assert_eq!(view.status_url, format!("http://127.0.0.1:8080/transactions/{id}"));
    let services: Vec<_> = view.services.iter().map(|(name, effect)| (name.as_str(), effect.status)).collect();
    let pending = EffectState::Pending;
    assert_eq!(services, ["fraud", "notification", "rewards", "statement", "webhook"].map(|name| (name, pending)));
    let partition = build::owner("alice").partition();
    assert_eq!(view.ws_url, format!("ws://127.0.0.1:8080/ws/p/{partition}?ticket={}", view.ticket));
    assert_eq!(view.events_url, format!("http://127.0.0.1:8080/events/p/{partition}?ticket={}", view.ticket));
    let grant = app.signing_key.verify(&view.ticket, now() + 86_000).unwrap();
    assert_eq!((grant.channel, grant.owner), (Channel::Transfer(id), build::owner("alice")));
    assert_eq!((money(&app, "alice").await, money(&app, "bob").await), ((875, 875, 0), (125, 125, 0)));
    for user in ["alice", "bob"] {
        let seen: TransferView = app.get(reply.header("location")).user(user).send().await.ok().json();
        assert_eq!((seen.kind, seen.state, seen.status), (TransferKind::Payment, view.state, view.state));
        assert_eq!((seen.from.as_str(), seen.to.as_str(), seen.amount, seen.posted), ("alice", "bob", 125, 125));
        assert_eq!((seen.reference.as_deref(), seen.note.as_deref()), (Some("order 17"), Some("thanks\nA.")));
        assert_eq!((seen.offset, seen.services.len(), seen.settled_at.is_some()), (1, 5, true));
    }
}

#[tokio::test]
async fn accounts_are_named_by_id_or_by_handle() {
    let app = bank().await;
    let (alice, bob) = (account(&app, "alice").await.id, account(&app, "bob").await.id);
    let body = json!({"from": alice, "to": "bob", "amount": 1, "currency": "INR"});
    let first = pay(&app, &body).header("idempotency-key", "k").send().await.ok();
    // The same request in other names: it is the same payment.
    let body = json!({"currency": "INR", "from": "alice", "to": bob, "amount": 1, "hold": false, "note": ""});
    let again = pay(&app, &body).header("idempotency-key", "k").send().await.ok();
    assert_eq!(
        (again.json::<BookedView>().id, again.header("idempotency-replayed")),
        (first.json::<BookedView>().id, "true")
    );
    assert_eq!(money(&app, "alice").await.0, 999);
}

#[tokio::test]
async fn a_repeated_request_moves_nothing_and_tells_how_things_stand_now() {
    let app = bank().await;
    let first = pay(&app, &payment()).header("idempotency-key", "k1").send().await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (201, ""));
    let id = first.json::<BookedView>().id;
    served(&app, Service::Fraud, id, done()).await;
    let refund = app.post(&format!("/transactions/{id}/refund"), &json!({})).user("bob").keyed();
    refund.send().await.ok();
    let replay = pay(&app, &payment()).header("idempotency-key", "k1").send().await;
    assert_eq!((replay.status.as_u16(), replay.header("idempotency-replayed")), (201, "true"));
    assert_eq!(replay.header("location"), first.header("location"));
    let view: BookedView = replay.json();
    assert_eq!((view.id, view.state), (id, TransferState::Refunded));
    assert_eq!(view.services["fraud"].status, EffectState::Done);
    assert!(app.signing_key.verify(&view.ticket, now()).is_ok());
    assert_eq!((money(&app, "alice").await.0, booked(&app).await), (1_000, 2));
}

#[tokio::test]
async fn a_key_with_another_request_is_refused_and_another_users_key_is_another_key() {
    let app = bank().await;
    let id = pay(&app, &payment()).header("idempotency-key", "k1").send().await.ok().json::<BookedView>().id;
    for other in
        [with("amount", json!(101)), with("to", json!("shop")), with("hold", json!(true)), with("note", json!("x"))]
    {
        let reply = pay(&app, &other).header("idempotency-key", "k1").send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "idempotency_key_reused"), "{other}");
    }
    // A key stands for one request, whatever kind it is of.
    let refund = app.post(&format!("/transactions/{id}/refund"), &json!({})).user("bob");
    refund.header("idempotency-key", "k1").send().await.ok();
    let back = json!({"from": "bob", "to": "alice", "amount": 1, "currency": "INR"});
    let reused = app.post("/transactions", &back).user("bob").header("idempotency-key", "k1").send().await;
    assert_eq!(reused.code(), "idempotency_key_reused");
    assert_eq!(booked(&app).await, 2);
}

#[tokio::test]
async fn concurrent_duplicates_are_one_payment() {
    let app = bank().await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        running.spawn(pay(&app, &payment()).header("idempotency-key", "k1").send());
    }
    let replies = running.join_all().await;
    let ids: std::collections::HashSet<_> = replies.iter().map(|reply| reply.json::<BookedView>().id).collect();
    assert_eq!((ids.len(), booked(&app).await, money(&app, "alice").await.0), (1, 1, 900));
    assert_eq!(replies.iter().filter(|reply| reply.header("idempotency-replayed") == "true").count(), 7);
}

#[tokio::test]
async fn of_a_hundred_payments_of_the_whole_balance_one_succeeds() {
    let app = bank().await;
    let mut running = tokio::task::JoinSet::new();
    for n in 0..100 {
        let to = if n % 2 == 0 { "bob" } else { "shop" };
        let body = json!({"from": "alice", "to": to, "amount": 1_000, "currency": "INR"});
        running.spawn(pay(&app, &body).send());
    }
    let replies = running.join_all().await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "insufficient_funds"));
    }
    assert_eq!((money(&app, "alice").await.0, booked(&app).await), (0, 1));
    assert_eq!(app.store.check_ledger().await.unwrap().breaches, [""; 0]);
}

#[tokio::test]
async fn who_has_not_enough_is_told_what_is_missing() {
    let app = bank().await;
    paid(&app, &with("hold", json!(true))).await;
    let problem = pay(&app, &with("amount", json!(950))).send().await.problem();
    assert_eq!((problem.status, problem.code.as_str(), problem.shortfall), (422, "insufficient_funds", Some(50)));
    assert!(problem.detail.starts_with("50 minor units are missing"), "{}", problem.detail);
    assert_eq!((money(&app, "alice").await, booked(&app).await), ((1_000, 900, 100), 1));
    pay(&app, &with("amount", json!(900))).send().await.ok();
    assert_eq!(money(&app, "alice").await, (100, 0, 100));
}

#[tokio::test]
async fn only_its_owner_pays_from_an_account_and_only_the_parties_see_the_transfer() {
    let app = bank().await;
    let bob = app.key("bob", Scope::User).await;
    for call in [
        app.post("/transactions", &payment()).key(&bob).keyed(),
        app.post("/transactions", &payment()).user("shop").keyed(),
        app.post("/transactions", &payment()).keyed(),
    ] {
        let reply = call.send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not_found"));
    }
    assert_eq!(booked(&app).await, 0);
    let id = paid(&app, &payment()).await;
    let path = format!("/transactions/{id}");
    app.get(&path).key(&bob).send().await.ok();
    for user in ["shop", "guest"] {
        assert_eq!(app.get(&path).user(user).send().await.code(), "not_found", "{user}");
    }
    assert_eq!(app.get("/transactions/x").send().await.code(), "not_found");
}

#[tokio::test]
async fn payments_go_on_while_the_broker_is_away_and_the_services_are_owed_a_wake_up() {
    use herald_domain::broker::Broker;
    let app = TestApp::loopback().await;
    app.broker.close().await;
    open_bank(&app).await;
    let owed = app.store.count_outbox().await.unwrap();
    let id = paid(&app, &payment()).await;
    assert_eq!(app.store.count_outbox().await.unwrap(), owed + 1, "the wake-up is owed");
    assert_eq!(transfer(&app, id).await.state, TransferState::Completed);
}

#[tokio::test]
async fn a_store_that_is_away_is_a_503_to_be_tried_again_with_the_same_key() {
    let app = bank().await;
    let id = paid(&app, &payment()).await;
    app.backend.close().await;
    let replies = [
        pay(&app, &payment()).send().await,
        app.get(&format!("/transactions/{id}")).user("alice").send().await,
        app.get("/transactions").user("alice").send().await,
        app.get("/accounts").user("alice").send().await,
        app.get("/accounts/alice/statement").user("alice").send().await,
        app.post("/accounts/alice/fund", &json!({"amount": 1})).keyed().send().await,
        app.post(&format!("/transactions/{id}/refund"), &json!({})).user("bob").keyed().send().await,
    ];
    for reply in replies {
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "store_unavailable"));
    }
}

#[tokio::test]
async fn without_a_key_nobody_pays() {
    let app = TestApp::keyed().await;
    for path in ["/accounts", "/accounts/alice", "/accounts/alice/statement", "/transactions", "/transactions/1"] {
        assert_eq!(app.get(path).send().await.code(), "key_required", "{path}");
    }
    for path in ["/accounts", "/transactions", "/accounts/a/fund", "/transactions/1/void", "/transactions/1/refund"] {
        assert_eq!(app.post(path, &payment()).keyed().send().await.code(), "key_required", "{path}");
    }
}
