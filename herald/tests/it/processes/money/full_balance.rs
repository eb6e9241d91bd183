//! A hundred payments of all that one has, at once.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::bank::{Bank, OPENING};
use crate::processes::client::Client;
use crate::processes::scale::room;
use crate::processes::site::{Plan, Site};

/// Exactly one is paid; the others are told how much is missing.
async fn one_of_a_hundred_is_paid(payer: &Client) {
    let body = json!({"from": "alice", "to": "bob", "amount": OPENING, "currency": "INR"});
    let answers = futures::future::join_all((0..100).map(|_| payer.post("/transactions", &body))).await;
    let paid = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
    let refused = answers.iter().filter(|(status, problem)| is_refusal(*status, problem)).count();
    assert_eq!((paid, refused), (1, 99), "{answers:#?}");
    assert_eq!(payer.get("/accounts/alice").await["balance"], 0);
}

fn is_refusal(status: StatusCode, problem: &Value) -> bool {
    status == StatusCode::UNPROCESSABLE_ENTITY
        && (&problem["code"], &problem["shortfall"]) == (&json!("insufficient_funds"), &json!(OPENING))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up() {
    let _room = room().await;
    let site = Site::up().await;
    let guest = site.client();
    one_of_a_hundred_is_paid(&guest).await;
    assert_eq!(guest.get("/accounts/bob").await["balance"], 2 * OPENING);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fleet() {
    let _room = room().await;
    let bank = Bank::open_on(Plan { kinds: vec!["api", "api"], ..Plan::shared() }, &["alice", "bob"]).await;
    one_of_a_hundred_is_paid(&bank.client.acting_for("alice")).await;
    assert_eq!(bank.account("bob").await["balance"], 2 * OPENING);
    bank.check_ledger();
}
