//! A fleet with its services, and people with money; mails and webhooks go to servers of the test's own.

use std::path::Path;
use std::time::Duration;

use herald_testkit::smtp_catcher::SmtpCatcher;
use herald_testkit::webhook_receiver::WebhookReceiver;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::block_in_place;
use tokio::time::Instant;

use crate::processes::client::{Client, PATIENCE};
use crate::processes::process::write;
use crate::processes::site::{Plan, Site, setting};

pub const SERVICES: [&str; 5] = ["notification", "fraud", "statement", "rewards", "webhook"];
/// Their commands, in the same order.
pub const PROCESSES: [&str; 5] =
    ["service notification", "service fraud", "service statement", "service rewards", "service webhook"];
/// What each person has at first.
pub const OPENING: i64 = 1_000_000;
/// The merchant, who wants webhooks.
pub const SHOP: &str = "shop";

/// A payment that is far above the payer's usual is held until the service has looked at it, which then lets it pass.
const FRAUD_RULES: &str = r#"
review_at = 50
refuse_at = 80
rule = [{ name = "far_above_the_usual", score = 50, hold = true,
    when = { kind = "amount_over_history", factor = 5, min_payments = 5 } }]
"#;

/// The site comes first: its processes are to be gone before what they talk to.
pub struct Bank {
    pub site: Site,
    /// An admin's.
    pub client: Client,
    pub smtp: SmtpCatcher,
    pub hooks: WebhookReceiver,
    /// What webhooks are signed with.
    pub secret: String,
    _rules: TempDir,
}

/// Two api processes, a notifier, and each service.
pub fn fleet() -> Vec<&'static str> {
    [&["api", "api", "notifier"][..], &PROCESSES].concat()
}

impl Bank {
    /// Everybody's account is called as its owner; each person has [`OPENING`] paise and the budget for rewards as much.
    pub async fn open(people: &[&str]) -> Self {
        Self::open_on(Plan { kinds: fleet(), ..Plan::shared() }, people).await
    }

    pub async fn open_on(mut plan: Plan, people: &[&str]) -> Self {
        let (smtp, hooks, rules) =
            (SmtpCatcher::start().await, WebhookReceiver::start().await, tempfile::tempdir().unwrap());
        plan.settings.extend(settings(&smtp, rules.path()));
        let site = Site::fleet_on(plan).await;
        let client = site.client();
        let secret = open_shop(&client, &hooks).await;
        for person in people {
            open_account(&client, person, "user").await;
            fund(&client, person).await;
        }
        fund(&client, "rewards.inr").await;
        Self { site, client, smtp, hooks, secret, _rules: rules }
    }

    /// Pays at once; the transfer's id.
    pub async fn pay(&self, from: &str, to: &str, amount: u64) -> String {
        let body = json!({"from": from, "to": to, "amount": amount, "currency": "INR"});
        let (status, booked) = self.client.acting_for(from).post("/transactions", &body).await;
        assert_eq!(status, StatusCode::CREATED, "{booked}");
        id_of(&booked)
    }

    pub async fn account(&self, person: &str) -> Value {
        self.client.acting_for(person).get(&format!("/accounts/{person}")).await
    }

    /// A transfer of this person's.
    pub async fn transfer(&self, person: &str, id: &str) -> Value {
        self.client.acting_for(person).get(&format!("/transactions/{id}")).await
    }

    /// Waits until the transfer is as wished.
    pub async fn until(&self, person: &str, id: &str, wished: impl Fn(&Value) -> bool) -> Value {
        let since = Instant::now();
        loop {
            let transfer = self.transfer(person, id).await;
            if wished(&transfer) {
                return transfer;
            }
            assert!(since.elapsed() < PATIENCE, "it never came to that: {transfer:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// All there are, whoever's.
    pub async fn transfers(&self) -> Vec<Value> {
        self.client.list("/transactions?user=*&limit=200").await
    }

    /// Waits until nothing is to come of any transfer, its end and its effects alike; all of them.
    pub async fn settled(&self) -> Vec<Value> {
        let since = Instant::now();
        loop {
            let transfers = self.transfers().await;
            let open = transfers.iter().find(|transfer| is_open(transfer));
            let Some(open) = open else { return transfers };
            assert!(since.elapsed() < PATIENCE, "there is no end to {open:#}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Runs a command of the program as an admin; what it printed.
    pub fn command(&self, arguments: &[&str]) -> String {
        let (well, printed) = block_in_place(|| self.site.command(arguments));
        assert!(well, "{arguments:?}: {printed}");
        printed
    }

    pub fn check_ledger(&self) {
        let printed = self.command(&["ledger", "check"]);
        println!("herald ledger check: {}", printed.trim());
        assert!(printed.contains("all agree"), "{printed}");
    }
}

fn settings(smtp: &SmtpCatcher, folder: &Path) -> Vec<(String, String)> {
    let rules = folder.join("fraud.toml");
    write(&rules, FRAUD_RULES);
    vec![
        setting("HERALD_SMTP_URL", &smtp.url()),
        setting("HERALD_WEBHOOK_ALLOW_PRIVATE", "1"),
        setting("HERALD_FRAUD_RULES", rules.to_str().unwrap()),
    ]
}

/// With an endpoint for whatever becomes of its transfers; the endpoint's secret.
async fn open_shop(client: &Client, hooks: &WebhookReceiver) -> String {
    open_account(client, SHOP, "merchant").await;
    let endpoint = json!({"url": hooks.url(), "events": ["transfer.*"]});
    let (status, made) = client.acting_for(SHOP).post("/webhooks", &endpoint).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["secret"].as_str().unwrap().to_owned()
}

async fn open_account(client: &Client, person: &str, kind: &str) {
    let body = json!({"handle": person, "currency": "INR", "kind": kind});
    let (status, opened) = client.acting_for(person).post("/accounts", &body).await;
    assert_eq!(status, StatusCode::CREATED, "{opened}");
}

async fn fund(client: &Client, account: &str) {
    let (status, funded) = client.post(&format!("/accounts/{account}/fund"), &json!({"amount": OPENING})).await;
    assert_eq!(status, StatusCode::CREATED, "{funded}");
}

pub fn id_of(booked: &Value) -> String {
    booked["id"].as_str().unwrap_or_else(|| panic!("no id in {booked}")).to_owned()
}

/// How the transfer stands with a service.
pub fn status<'a>(transfer: &'a Value, service: &str) -> &'a str {
    transfer["services"][service]["status"].as_str().unwrap()
}

pub fn attempts(transfer: &Value, service: &str) -> u64 {
    transfer["services"][service]["attempts"].as_u64().unwrap()
}

pub fn is_open(transfer: &Value) -> bool {
    transfer["state"] == "pending" || SERVICES.iter().any(|service| status(transfer, service) == "pending")
}
