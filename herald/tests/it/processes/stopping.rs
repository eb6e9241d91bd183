//! A cancel stops what runs, in this process or in another, without waiting for the lease to be renewed.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::client::{Client, PATIENCE};
use super::kin;
use super::scale::room;
use super::site::Site;

/// The next renewal comes five seconds after the run has begun; this is cancelled after one, and promised within another.
const STOPPED_WITHIN: Duration = Duration::from_secs(2);

async fn a_cancel_stops_what_runs(site: &Site) {
    let client = site.client();
    let name = format!("endless_{}.py", Uuid::new_v4().simple());
    let files = json!([{"name": name, "content": "import time\ntime.sleep(100)\n"}]);
    let (_, accepted) = client.post("/submit", &json!({"language": "python", "files": files})).await;
    let id = accepted["id"].as_str().unwrap();
    until_running(&client, id, &name).await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    let (answer, cancelled) = cancel(&client, id).await;
    assert_eq!((answer.as_u16(), &cancelled["status"]), (200, &json!("cancelled")), "{cancelled}");
    let since = Instant::now();
    while let Some(program) = kin::with_argument(&name) {
        assert!(since.elapsed() < STOPPED_WITHIN, "{program} goes on after the cancel");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("stopped {:?} after the cancel was answered", since.elapsed());
    assert_eq!(client.status(id).await["verdict"], Value::Null);
}

async fn until_running(client: &Client, id: &str, name: &str) {
    let since = Instant::now();
    while kin::with_argument(name).is_none() {
        let now = client.status(id).await;
        assert!(since.elapsed() < PATIENCE && now["verdict"].is_null(), "it does not run: {now}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn cancel(client: &Client, id: &str) -> (reqwest::StatusCode, Value) {
    let answer = client.request(Method::DELETE, &format!("/submissions/{id}")).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up() {
    let _room = room().await;
    a_cancel_stops_what_runs(&Site::up().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fleet() {
    let _room = room().await;
    a_cancel_stops_what_runs(&Site::fleet().await).await;
}
