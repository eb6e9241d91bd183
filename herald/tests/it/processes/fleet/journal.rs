//! A service in another language, which knows Herald's messages and no more: `examples/service.py`.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::processes::client::Client;
use crate::processes::scale::room;
use crate::processes::script::{Script, example};
use crate::processes::site::{Plan, Site, setting, shared_broker};

/// The tests' own Python, which has pika.
fn python() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/tools/venv/bin/python");
    assert!(path.exists(), "there is no Python with pika: run scripts/install-test-tools.sh");
    path.to_str().unwrap().to_owned()
}

async fn post(client: &Client, path: &str, body: Value) -> Value {
    let call = client.request(Method::POST, path).header("idempotency-key", Uuid::new_v4().to_string()).json(&body);
    let reply = call.send().await.unwrap();
    let status = reply.status();
    let text = reply.text().await.unwrap();
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

/// Two steps of one hold and one of a payment, each once, also after the service was killed and started again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_in_python_is_told_of_each_step() {
    let _room = room().await;
    let (folder, prefix) = (tempfile::tempdir().unwrap(), format!("test-{}", Uuid::new_v4().simple()));
    let settings = vec![setting("HERALD_BROKER_PREFIX", &prefix)];
    let site = Site::fleet_on(Plan { settings, kinds: vec!["api"], ..Plan::shared() }).await;
    let client = site.client();
    let (url, journal) = (shared_broker(), folder.path().join("journal.db"));
    let arguments = [&example("service.py"), url.as_str(), journal.to_str().unwrap(), prefix.as_str()];
    let mut service = Script::start(&python(), &arguments);
    service.until(&["ready"]).await;

    for (handle, kind) in [("payer", "user"), ("payee", "merchant")] {
        post(&client, "/accounts", json!({"handle": handle, "currency": "INR", "kind": kind})).await;
    }
    post(&client, "/accounts/payer/fund", json!({"amount": 1_000})).await;
    service.until(&["kept", "funding"]).await;
    let body = json!({"from": "payer", "to": "payee", "amount": 100, "currency": "INR"});
    let paid = post(&client, "/transactions", body).await;
    service.until(&["kept", paid["id"].as_str().unwrap(), "completed"]).await;

    drop(service);
    let body = json!({"from": "payer", "to": "payee", "amount": 50, "currency": "INR", "hold": true});
    let held = post(&client, "/transactions", body).await;
    post(&client, &format!("/transactions/{}/void", held["id"].as_str().unwrap()), json!({})).await;
    let mut service = Script::start(&python(), &arguments);
    service.until(&["kept", held["id"].as_str().unwrap(), "voided"]).await;
    assert!(
        service.printed.iter().all(|line| !line.contains(paid["id"].as_str().unwrap()) || line.starts_with("known"))
    );
}
