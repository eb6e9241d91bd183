//! Opening, listing and funding accounts, and who may see them.

use herald_domain::identity::Scope;
use herald_domain::money::AccountKind;
use herald_domain::money::view::{AccountView, BookedView, TransferView};
use herald_domain::money::{TransferKind, TransferState};
use herald_domain::view::Page;
use serde_json::json;

use super::super::app::TestApp;
use super::{account, bank, fund, money};

#[tokio::test]
async fn an_account_is_opened_once_and_found_by_id_and_by_handle() {
    let app = TestApp::loopback().await;
    let body = json!({"handle": "alice", "currency": "INR", "kind": "merchant"});
    let reply = app.post("/accounts", &body).send().await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let opened: AccountView = reply.json();
    assert_eq!((opened.handle.as_str(), opened.kind), ("alice", AccountKind::Merchant));
    assert_eq!((opened.balance, opened.available, opened.held), (0, 0, 0));
    assert_eq!(reply.header("location"), format!("/accounts/{}", opened.id));
    let again = app.post("/accounts", &body).send().await;
    assert_eq!((again.status.as_u16(), again.json::<AccountView>()), (200, opened.clone()));
    for path in ["/accounts/alice".to_owned(), reply.header("location").to_owned()] {
        assert_eq!(app.get(&path).send().await.ok().json::<AccountView>(), opened, "{path}");
    }
    let plain = app.post("/accounts", &json!({"handle": "bob", "currency": "JPY"})).send().await;
    assert_eq!(plain.json::<AccountView>().kind, AccountKind::User, "a user's is the usual kind");
}

#[tokio::test]
async fn a_handle_is_given_once() {
    let app = bank().await;
    for body in [
        json!({"handle": "alice", "currency": "USD"}),
        json!({"handle": "alice", "currency": "INR", "kind": "merchant"}),
    ] {
        let reply = app.post("/accounts", &body).user("alice").send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (409, "handle_taken"), "{body}");
    }
    let body = json!({"handle": "alice", "currency": "INR"});
    assert_eq!(app.post("/accounts", &body).user("bob").send().await.code(), "handle_taken");
}

#[tokio::test]
async fn an_account_wants_a_good_handle_currency_and_kind() {
    let app = TestApp::loopback().await;
    let long = "a".repeat(65);
    for (body, pointers) in [
        (json!({}), &["/handle", "/currency"][..]),
        (json!({"handle": "Alice", "currency": "INR"}), &["/handle"]),
        (json!({"handle": long, "currency": "INR"}), &["/handle"]),
        (json!({"handle": "1", "currency": "INR"}), &["/handle"]),
        (json!({"handle": 1, "currency": "INR"}), &["/handle"]),
        (json!({"handle": "funding.inr", "currency": "INR"}), &["/handle"]),
        (json!({"handle": "rewards.inr", "currency": "INR"}), &["/handle"]),
        (json!({"handle": "a", "currency": "inr"}), &["/currency"]),
        (json!({"handle": "a", "currency": "RUPEE"}), &["/currency"]),
        (json!({"handle": "a", "currency": "INR", "kind": "funding"}), &["/kind"]),
        (json!({"handle": "a", "currency": "INR", "kind": 1}), &["/kind"]),
        (json!({"handle": "a", "currency": "INR", "balance": 1}), &["/balance"]),
        (json!([]), &[""]),
    ] {
        let (status, code, found) = app.post("/accounts", &body).send().await.fault();
        assert_eq!((status, code.as_str()), (422, "validation_failed"), "{body}");
        assert_eq!(found, pointers, "{body}");
    }
    let page: Page<AccountView> = app.get("/accounts").send().await.ok().json();
    assert_eq!(page.items, []);
}

#[tokio::test]
async fn accounts_come_in_pages_by_handle_and_only_ones_own() {
    let app = TestApp::loopback().await;
    for handle in ["d", "a", "c", "e", "b"] {
        app.post("/accounts", &json!({"handle": handle, "currency": "INR"})).user("alice").send().await.ok();
    }
    app.post("/accounts", &json!({"handle": "bc", "currency": "INR"})).user("bob").send().await.ok();
    let (mut seen, mut path) = (Vec::new(), "/accounts?limit=2".to_owned());
    loop {
        let page: Page<AccountView> = app.get(&path).user("alice").send().await.ok().json();
        seen.extend(page.items.iter().map(|account| account.handle.to_string()));
        let Some(next) = page.next else { break };
        path = format!("/accounts?limit=2&cursor={next}");
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    assert_eq!(app.get("/accounts?cursor=MTIz").send().await.code(), "bad_cursor");
    assert_eq!(app.get("/accounts?user=bob").send().await.code(), "bad_query");
}

#[tokio::test]
async fn only_its_owner_sees_an_account() {
    let app = bank().await;
    let id = account(&app, "alice").await.id;
    for name in ["alice".to_owned(), id.to_string()] {
        for path in [format!("/accounts/{name}"), format!("/accounts/{name}/statement")] {
            app.get(&path).user("alice").send().await.ok();
            let foreign = app.get(&path).user("bob").send().await;
            assert_eq!((foreign.status.as_u16(), foreign.code().as_str()), (404, "not_found"), "{path}");
            assert_eq!(app.get(&path).send().await.status, 404, "an admin's own accounts are the admin's own");
        }
    }
    for unknown in ["nobody", "No.Handle", "01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d", "%00"] {
        assert_eq!(app.get(&format!("/accounts/{unknown}")).send().await.code(), "not_found", "{unknown}");
    }
}

#[tokio::test]
async fn an_admin_puts_money_in_and_the_funding_account_lacks_just_that() {
    let app = bank().await;
    let body = json!({"amount": 250, "reference": "gift"});
    let reply = app.post("/accounts/bob/fund", &body).header("idempotency-key", "f1").send().await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let view: BookedView = reply.json();
    assert_eq!(view.state, TransferState::Completed);
    assert_eq!(reply.header("location"), format!("/transactions/{}", view.id));
    let path = reply.header("location").to_owned();
    let transfer: TransferView = app.get(&path).user("bob").send().await.ok().json();
    assert_eq!(
        (transfer.kind, transfer.from.as_str(), transfer.to.as_str()),
        (TransferKind::Funding, "funding.inr", "bob")
    );
    assert_eq!(transfer.reference.as_deref(), Some("gift"));
    let replay = app.post("/accounts/bob/fund", &body).header("idempotency-key", "f1").send().await;
    assert_eq!((replay.json::<BookedView>().id, replay.header("idempotency-replayed")), (view.id, "true"));
    let other = json!({"amount": 251});
    let reused = app.post("/accounts/bob/fund", &other).header("idempotency-key", "f1").send().await;
    assert_eq!((reused.status.as_u16(), reused.code().as_str()), (422, "idempotency_key_reused"));
    assert_eq!(money(&app, "bob").await, (250, 250, 0));
    let funding: AccountView = app.get("/accounts/funding.inr").user("herald").send().await.ok().json();
    assert_eq!((funding.balance, funding.kind), (-1_250, AccountKind::Funding));
}

#[tokio::test]
async fn the_budget_of_rewards_is_opened_by_its_first_money() {
    let app = bank().await;
    for _ in 0..2 {
        let reply = app.post("/accounts/rewards.inr/fund", &json!({"amount": 100})).keyed().send().await;
        assert_eq!(reply.status, 201, "{}", reply.text());
    }
    let budget: AccountView = app.get("/accounts/rewards.inr").user("herald").send().await.ok().json();
    assert_eq!((budget.balance, budget.kind, budget.currency.as_str()), (200, AccountKind::Rewards, "INR"));
    for none in ["rewards.inrx", "rewards.", "funding.xxx"] {
        let reply = app.post(&format!("/accounts/{none}/fund"), &json!({"amount": 100})).keyed().send().await;
        assert_eq!(reply.code(), "not_found", "{none}");
    }
}

#[tokio::test]
async fn funding_is_for_admins_and_wants_a_key_and_an_amount() {
    let app = bank().await;
    let alice = app.key("alice", Scope::User).await;
    let ask = |body| app.post("/accounts/alice/fund", &body).keyed();
    assert_eq!(ask(json!({"amount": 1})).key(&alice).send().await.code(), "admin_required");
    assert_eq!(ask(json!({"amount": 1})).user("alice").send().await.code(), "admin_required");
    let keyless = app.post("/accounts/alice/fund", &json!({"amount": 1})).send().await;
    assert_eq!((keyless.status.as_u16(), keyless.code().as_str()), (400, "idempotency_key_required"));
    for bad in [json!({}), json!({"amount": 0}), json!({"amount": -5}), json!({"amount": 1.5}), json!({"amount": "1"})]
    {
        assert_eq!(ask(bad.clone()).send().await.fault().2, ["/amount"], "{bad}");
    }
    assert_eq!(ask(json!({"amount": 1, "reference": "x".repeat(129)})).send().await.fault().2, ["/reference"]);
    let unknown = app.post("/accounts/nobody/fund", &json!({"amount": 1})).keyed().send().await;
    assert_eq!(unknown.code(), "not_found");
    assert_eq!(money(&app, "alice").await, (1_000, 1_000, 0));
}

#[tokio::test]
async fn nothing_is_funded_beyond_what_can_be_counted() {
    let app = bank().await;
    // With what alice has, that is all that a counter of the funding account holds.
    fund(&app, "bob", (1 << 53) - 1_000).await;
    let reply = app.post("/accounts/bob/fund", &json!({"amount": 1})).keyed().send().await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "validation_failed"), "{}", reply.text());
    assert!(reply.problem().detail.contains("more than can be counted"), "{}", reply.text());
    assert_eq!(money(&app, "bob").await.0, (1 << 53) - 1_000);
}
