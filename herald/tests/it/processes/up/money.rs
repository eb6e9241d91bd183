//! The accounts that a server of one's own starts with.

use reqwest::Method;
use serde_json::{Value, json};

use crate::processes::client::Client;
use crate::processes::site::Site;

/// Handle, kind and balance of what the guest of the page has.
async fn balances(client: &Client) -> Vec<Value> {
    let page: Value = client.request(Method::GET, "/accounts").send().await.unwrap().json().await.unwrap();
    let told = |account: &Value| json!([account["handle"], account["kind"], account["balance"], account["currency"]]);
    page["items"].as_array().unwrap().iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_accounts_are_there_to_pay_between_and_are_filled_once() {
    let mut site = Site::up().await;
    let client = site.client();
    let all = [("alice", "user"), ("bob", "user"), ("shop", "merchant")];
    assert_eq!(balances(&client).await, all.map(|(handle, kind)| json!([handle, kind, 1_000_000, "INR"])));
    // The command line is the same user as the page.
    let payment = ["pay", "--from", "alice", "--to", "shop", "--amount", "12.50", "--currency", "INR", "--watch"];
    let (paid, printed) = site.command(&payment);
    assert!(paid && printed.contains("completed · 12.50 INR from alice to shop"), "{printed}");
    // The shop is a merchant, so the payment earns one percent.
    let (shown, printed) = site.command(&["account", "alice", "--statement"]);
    assert!(shown && printed.contains("-12.50") && printed.contains("9987.50"), "{printed}");
    let process = &mut site.processes[0];
    process.terminate();
    assert!(process.ended().await.success());
    process.start_again().await;
    let after = [("alice", "user", 998_762), ("bob", "user", 1_000_000), ("shop", "merchant", 1_001_250)];
    assert_eq!(balances(&client).await, after.map(|(handle, kind, paise)| json!([handle, kind, paise, "INR"])));
}
