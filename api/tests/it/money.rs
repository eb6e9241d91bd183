//! Accounts and transfers: alice pays, bob is paid, the guest is the admin.

mod accounts;
mod bad_input;
mod changes;
mod ledger;
mod paying;
mod receipts;
mod statement;
mod watching;
mod webhooks;

use herald_domain::event::raw;
use herald_domain::id::TransferId;
use herald_domain::money::view::{AccountView, BookedView, TransferView};
use herald_domain::money::{AccountName, Deed, EffectOutcome, Hold, Holder, NewTransfer, Service};
use herald_domain::store::TransferFilter;
use herald_testkit::build;
use serde_json::{Value, json};
use uuid::Uuid;

use super::app::{Call, TestApp};

/// A server where alice has 1,000 paise, and bob and the shop have accounts.
async fn bank() -> TestApp {
    let app = TestApp::loopback().await;
    open_bank(&app).await;
    app
}

async fn open_bank(app: &TestApp) {
    for (user, kind) in [("alice", "user"), ("bob", "user"), ("shop", "merchant")] {
        let body = json!({"handle": user, "currency": "INR", "kind": kind});
        app.post("/accounts", &body).header("herald-user", user).send().await.ok();
    }
    fund(app, "alice", 1_000).await;
}

async fn fund(app: &TestApp, account: &str, amount: u64) -> BookedView {
    app.post(&format!("/accounts/{account}/fund"), &json!({"amount": amount})).keyed().send().await.ok().json()
}

impl Call {
    /// With an `Idempotency-Key` of its own.
    fn keyed(self) -> Self {
        self.header("idempotency-key", &Uuid::new_v4().to_string())
    }

    fn user(self, user: &str) -> Self {
        self.header("herald-user", user)
    }
}

/// 100 paise from alice to bob.
fn payment() -> Value {
    json!({"from": "alice", "to": "bob", "amount": 100, "currency": "INR"})
}

fn with(field: &str, value: Value) -> Value {
    let mut body = payment();
    body[field] = value;
    body
}

/// Alice asks for it.
fn pay(app: &TestApp, body: &Value) -> Call {
    app.post("/transactions", body).user("alice").keyed()
}

/// Paid: its id.
async fn paid(app: &TestApp, body: &Value) -> TransferId {
    let reply = pay(app, body).send().await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json::<BookedView>().id
}

async fn account(app: &TestApp, handle: &str) -> AccountView {
    app.get(&format!("/accounts/{handle}")).user(handle).send().await.ok().json()
}

/// Balance, available and held of an account that its owner's name names.
async fn money(app: &TestApp, handle: &str) -> (i64, i64, u64) {
    let view = account(app, handle).await;
    (view.balance, view.available, view.held)
}

async fn transfer(app: &TestApp, id: TransferId) -> TransferView {
    app.get(&format!("/transactions/{id}")).user("alice").send().await.ok().json()
}

/// A hold of alice's whose time is over as soon as it is made, which the API itself offers nobody.
async fn held_for_nothing(app: &TestApp) -> TransferId {
    let mut accounts = Vec::new();
    for handle in ["alice", "bob"] {
        let name = AccountName::Handle(handle.parse().unwrap());
        accounts.push(app.store.find_account(&name).await.unwrap().unwrap());
    }
    let hold = Hold { by: Holder::Payer, for_ms: 0 };
    let transfer = NewTransfer { hold: Some(hold), ..build::payment(&accounts[0], &accounts[1], 100) };
    let id = transfer.id;
    app.store.book_transfers(&[build::transfer_intake(transfer)]).await.unwrap();
    id
}

/// How many transfers the store holds, fundings not counted.
async fn booked(app: &TestApp) -> usize {
    let all = app.store.list_transfers(&TransferFilter::default(), None, 1_000).await.unwrap();
    all.iter().filter(|transfer| transfer.payer.user_name() != "herald").count()
}

/// Plays a service: does its part for the transfer.
async fn served(app: &TestApp, service: Service, id: TransferId, outcome: EffectOutcome) {
    let token = build::token();
    let (claims, _) = app.store.claim_effects(service, &[id], token, 15_000).await.unwrap();
    assert_eq!(claims.len(), 1, "{service} has nothing to do");
    let message = || herald_domain::id::MessageId(Uuid::now_v7());
    let recorded = app.store.record_effects(service, token, &[(id, outcome)], message).await.unwrap();
    recorded.events.iter().for_each(|event| herald_pipeline::announce(&app.broker, event));
}

fn done() -> EffectOutcome {
    EffectOutcome::Done { detail: raw(&json!({"by": "test"})), deed: Deed::Nothing }
}

/// Every service has done its part.
async fn served_by_all(app: &TestApp, id: TransferId) {
    for service in Service::ALL {
        served(app, *service, id, done()).await;
    }
}
