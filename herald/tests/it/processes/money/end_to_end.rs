//! One payment through everything: each place where it can be seen says the same, to the paisa. And a submission beside it, of
//! whose end a webhook tells.

use std::collections::HashSet;
use std::time::Duration;

use herald_testkit::webhook_receiver::WebhookReceiver;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::block_in_place;
use tokio::time::Instant;

use super::bank::{Bank, OPENING, SERVICES, SHOP, fleet, is_open, status};
use super::tally::tally;
use crate::processes::client::PATIENCE;
use crate::processes::program::ONE_CASE;
use crate::processes::scale::room;
use crate::processes::site::Plan;
use crate::processes::story::Story;
use crate::processes::watcher::Socket;

/// 12.50 from alice to the shop, which earns her one percent, rounded down.
const PAID: i64 = 1_250;
const EARNED: i64 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_the_same_wherever_it_is_looked_at() {
    let _room = room().await;
    let kinds = [fleet(), vec!["worker"]].concat();
    let bank = Bank::open_on(Plan { kinds, ..Plan::shared() }, &["alice", "bob"]).await;
    let submission = Submission::begin(&bank).await;
    let id = pay_and_watch(&bank).await;
    let transfer = bank.transfer("alice", &id).await;
    assert!(SERVICES.iter().all(|service| status(&transfer, service) == "done"), "{transfer:#}");
    bank.settled().await;
    balances_and_statement(&bank, &id).await;
    mails(&bank, &id);
    receipt(&bank, &transfer).await;
    webhook(&bank, &id);
    bank.check_ledger();
    tally(&bank).await.assert_nothing_twice();
    pushed(&bank).await;
    submission.was_told_of_once(&bank).await;
}

/// Alice's, with a receiver of its own.
struct Submission {
    id: String,
    endpoint: Value,
    receiver: WebhookReceiver,
}

impl Submission {
    async fn begin(bank: &Bank) -> Self {
        let (alice, receiver) = (bank.client.acting_for("alice"), WebhookReceiver::start().await);
        let (_, endpoint) = alice.post("/webhooks", &json!({"url": receiver.url(), "events": ["submission.*"]})).await;
        Self { id: alice.submit(ONE_CASE).await.id, endpoint, receiver }
    }

    async fn was_told_of_once(&self, bank: &Bank) {
        self.receiver.wait_for(1).await;
        let alice = bank.client.acting_for("alice");
        let attempts = format!("/webhooks/{}/attempts?limit=10", self.endpoint["id"].as_str().unwrap());
        let since = Instant::now();
        while alice.list(&attempts).await.is_empty() {
            assert!(since.elapsed() < PATIENCE, "the call was never recorded");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let calls = self.receiver.calls();
        let [call] = &calls[..] else { panic!("{calls:?}") };
        assert!(call.is_signed_with(self.endpoint["secret"].as_str().unwrap()), "{call:?}");
        let told: Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!((&told["type"], &told["data"]["id"]), (&json!("submission.finished"), &json!(self.id)));
        assert_eq!(told["data"]["verdict"], ONE_CASE.verdict);
        assert_eq!(alice.status(&self.id).await["verdict"], ONE_CASE.verdict);
    }
}

/// By the command line, with a key of alice's own; the transfer's id.
async fn pay_and_watch(bank: &Bank) -> String {
    let (_, made) = bank.client.post("/admin/keys", &json!({"user": "alice"})).await;
    let key = made["key"].as_str().unwrap_or_else(|| panic!("no key in {made}"));
    let payment = ["pay", "--from", "alice", "--to", SHOP, "--amount", "12.50", "--currency", "INR", "--watch"];
    let (paid, printed) = block_in_place(|| bank.site.command_with(Some(key), &payment));
    assert!(paid && printed.contains("completed · 12.50 INR from alice to shop"), "{printed}");
    for service in SERVICES {
        assert!(printed.contains(&format!("\n  {service:<12}  done")), "{service}: {printed}");
    }
    let id = printed.lines().find_map(|line| line.strip_prefix("transfer "));
    id.unwrap_or_else(|| panic!("no id in {printed}")).to_owned()
}

async fn balances_and_statement(bank: &Bank, id: &str) {
    for (person, balance) in [("alice", OPENING - PAID + EARNED), (SHOP, PAID), ("bob", OPENING)] {
        let account = bank.account(person).await;
        assert_eq!((&account["balance"], &account["available"]), (&json!(balance), &json!(balance)), "{person}");
    }
    let lines = bank.client.acting_for("alice").list("/accounts/alice/statement?limit=10").await;
    let told: Vec<_> = lines.iter().map(|line| json!([line["kind"], line["amount"], line["balance"]])).collect();
    let spent = OPENING - PAID;
    let expected = [
        json!(["reward", EARNED, spent + EARNED]),
        json!(["payment", -PAID, spent]),
        json!(["funding", OPENING, OPENING]),
    ];
    assert_eq!(told, expected);
    assert_eq!(lines[1]["transfer"], id);
}

fn mails(bank: &Bank, id: &str) {
    let mails = bank.smtp.mails();
    for (party, to, amount) in [("payer", "alice", "12.50 INR"), ("payee", SHOP, "12.50 INR")] {
        let message_id = format!("<{id}.{party}@localhost>");
        let found: Vec<_> = mails.iter().filter(|mail| mail.header("Message-ID") == Some(&message_id)).collect();
        let [mail] = found[..] else { panic!("{} mails to the {party}", found.len()) };
        assert_eq!(mail.to, [format!("{to}@localhost")]);
        assert!(mail.text.contains(amount), "{}", mail.text);
    }
}

async fn receipt(bank: &Bank, transfer: &Value) {
    let path = format!("/transactions/{}/receipt", transfer["id"].as_str().unwrap());
    let alice = bank.client.acting_for("alice");
    let page =
        alice.request(Method::GET, &path).send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
    let number = &transfer["services"]["statement"]["detail"]["receipt"];
    for part in [format!("Receipt no. {number}"), "12.50 INR".to_owned()] {
        assert!(page.contains(&part), "no '{part}' in {page}");
    }
}

fn webhook(bank: &Bank, id: &str) {
    let message = format!("msg_{}_completed", id.replace('-', ""));
    let calls = bank.hooks.calls();
    let found: Vec<_> = calls.iter().filter(|call| call.header("webhook-id") == message).collect();
    let [call] = found[..] else { panic!("{} calls of {message}", found.len()) };
    assert!(call.is_signed_with(&bank.secret), "{call:?}");
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let data = &body["data"];
    assert_eq!((&body["type"], &data["id"]), (&json!("transfer.completed"), &json!(id)));
    assert_eq!((&data["amount"], &data["posted"], &data["currency"]), (&json!(PAID), &json!(PAID), &json!("INR")));
}

/// Whoever watches is told of each service once, as it gets done; of some the snapshot may have told already.
async fn pushed(bank: &Bank) {
    let body = json!({"from": "bob", "to": SHOP, "amount": 700, "currency": "INR"});
    let (_, booked) = bank.client.acting_for("bob").post("/transactions", &body).await;
    let url = bank.client.at_notifier(booked["ws_url"].as_str().unwrap(), 0);
    let mut socket = Socket::connect(&url, &mut Story::default()).await.unwrap();
    let mut standing = socket.next().await.unwrap()["data"].take();
    let mut told = HashSet::new();
    while is_open(&standing) {
        let mut frame = socket.next().await.expect("it goes on until all are done");
        let Some(service) = frame["data"]["service"].as_str().map(str::to_owned) else { continue };
        assert!(frame["event"].as_str().unwrap().starts_with(&service), "{frame}");
        assert!(told.insert(service.clone()), "told twice: {frame}");
        standing["services"][&service]["status"] = frame["data"]["effect"].take();
    }
}
