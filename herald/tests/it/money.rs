//! `herald pay` and `herald account` as processes, against a server that plays a payment.

use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::stub::ID;

const SERVICES: [&str; 5] = ["fraud", "statement", "notification", "webhook", "rewards"];

/// What the server does.
#[derive(Clone, Default)]
struct Script {
    /// The webhook fails.
    failing: bool,
    /// Rewards are not given while anybody looks.
    waiting: bool,
    /// The payment is only held.
    held: bool,
    replayed: bool,
    refusal: Option<Value>,
}

#[derive(Clone)]
struct Bank {
    script: Script,
    url: String,
    /// Idempotency keys and bodies of the payments that were asked for.
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Bank {
    async fn open(script: Script) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bank = Self { script, url, asked: Arc::default() };
        let routes = Router::new()
            .route("/transactions", post(pay))
            .route("/transactions/{id}", get(|State(bank): State<Self>| async move { Json(bank.view(bank.last())) }))
            .route("/accounts", get(accounts))
            .route("/accounts/{id}", get(|| async { Json(account("alice", 998_750)) }))
            .route("/accounts/{id}/statement", get(statement))
            .route("/ws", get(socket))
            .with_state(bank.clone());
        // Lives as long as the test's runtime.
        tokio::spawn(async move { axum::serve(listener, routes).await });
        bank
    }

    /// Runs the program against this server.
    async fn herald(&self, arguments: &[&str]) -> Output {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_herald"));
        command.args(arguments).env_clear().env("HERALD_URL", &self.url).current_dir(folder.path());
        command.stdin(Stdio::null()).output().await.unwrap()
    }

    async fn pay(&self, more: &[&str]) -> Output {
        let payment = ["pay", "--from", "alice", "--to", "shop", "--amount", "12.50", "--currency", "INR"];
        self.herald(&[&payment[..], more].concat()).await
    }

    /// The offset of the last event.
    fn last(&self) -> usize {
        if self.script.waiting { 5 } else { 6 }
    }

    /// After so many events.
    fn view(&self, offset: usize) -> Value {
        let state = if self.script.held { "pending" } else { "completed" };
        let effect = |n: usize| match SERVICES[n] {
            _ if n + 2 > offset => json!({"status": "pending", "attempts": 0, "at": null, "detail": {}}),
            "webhook" if self.script.failing => {
                json!({"status": "failed", "attempts": 10, "at": null, "detail": {"error": "410"}})
            }
            _ => json!({"status": "done", "attempts": 1, "at": null, "detail": {"n": [1]}}),
        };
        let services: serde_json::Map<_, _> = (0..5).map(|n| (SERVICES[n].to_owned(), effect(n))).collect();
        json!({"id": ID, "kind": "payment", "state": state, "status": state, "from": "alice", "to": "shop", "amount": 1250,
            "currency": "INR", "posted": 1250, "refunded": 0, "held_by": if self.script.held { Some("payer") } else { None },
            "hold_until": null, "reason": null, "reference": null, "note": null, "parent": null, "services": services,
            "created_at": "2026-01-01T00:00:00Z", "settled_at": null, "offset": offset})
    }
}

async fn pay(State(bank): State<Bank>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    bank.asked.lock().unwrap().push((key, body));
    if let Some(problem) = bank.script.refusal {
        let status = StatusCode::from_u16(problem["status"].as_u64().unwrap() as u16).unwrap();
        return (status, [("content-type", "application/problem+json")], problem.to_string()).into_response();
    }
    let view = bank.view(1);
    let host = bank.url.trim_start_matches("http://");
    let booked = json!({"id": ID, "state": view["state"], "services": view["services"], "ticket": "t",
        "channel": format!("transfer:{ID}"), "status_url": format!("{}/transactions/{ID}", bank.url),
        "ws_url": format!("ws://{host}/ws?ticket=t"), "events_url": format!("{}/events?ticket=t", bank.url)});
    let mut response = (StatusCode::CREATED, Json(booked)).into_response();
    if bank.script.replayed {
        response.headers_mut().insert("idempotency-replayed", "true".parse().unwrap());
    }
    response
}

/// The snapshot, then each service.
async fn socket(State(bank): State<Bank>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |mut socket: WebSocket| {
        let channel = format!("transfer:{ID}");
        let snapshot = json!({"v": 1, "type": "snapshot", "channel": channel, "offset": 1, "cursor": "c1",
            "recovered": true, "data": bank.view(1)});
        socket.send(Message::text(snapshot.to_string())).await.unwrap();
        let whole = bank.view(6);
        for (offset, service) in (2..=bank.last()).zip(SERVICES) {
            let effect = &whole["services"][service]["status"];
            let data = json!({"id": ID, "status": "completed", "service": service, "effect": effect, "attempts": 1,
                "detail": {}});
            let event = json!({"v": 1, "type": "event", "channel": channel, "offset": offset,
                "cursor": format!("c{offset}"), "event": format!("{service}.x"), "data": data});
            socket.send(Message::text(event.to_string())).await.unwrap();
        }
        if bank.script.waiting {
            std::future::pending::<()>().await;
        }
    })
}

fn account(handle: &str, balance: i64) -> Value {
    json!({"id": ID, "handle": handle, "currency": "INR", "kind": "user", "balance": balance, "available": balance,
        "held": 0, "created_at": "2026-01-01T00:00:00Z"})
}

/// In two pages.
async fn accounts(uri: axum::http::Uri) -> Json<Value> {
    match uri.query() {
        None => Json(json!({"items": [account("alice", 998_750)], "next": "n"})),
        Some(_) => Json(json!({"items": [account("bob", 5)], "next": null})),
    }
}

async fn statement() -> Json<Value> {
    let line = json!({"n": 1, "transfer": ID, "kind": "payment", "amount": -1250, "balance": 998_750, "other": "shop",
        "reference": "order 17", "note": null, "at": "2026-01-01T00:00:00Z"});
    Json(json!({"items": [line], "next": null}))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_payment_shows_each_service_as_it_gets_done_and_exits_0() {
    let bank = Bank::open(Script::default()).await;
    let output = bank.pay(&["--reference", "order 17", "--watch"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let steps = "completed\nfraud done\nstatement done\nnotification done\nwebhook done\nrewards done\n";
    assert_eq!(text(&output.stderr), format!("transfer {ID}\n{steps}"));
    let shown = text(&output.stdout);
    assert!(shown.starts_with("completed · 12.50 INR from alice to shop\n"), "{shown}");
    assert_eq!(shown.matches("  done\n").count(), 5, "{shown}");
    let asked = bank.asked.lock().unwrap();
    let (key, body) = &asked[0];
    assert_eq!(key.len(), 36, "a key of its own: {key}");
    assert_eq!(
        *body,
        json!({"from": "alice", "to": "shop", "amount": 1250, "currency": "INR", "reference": "order 17", "hold": false})
    );
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_waited_for_as_long_as_asked() {
    let bank = Bank::open(Script { waiting: true, ..Script::default() }).await;
    let output = bank.pay(&["--watch", "--within", "2"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).ends_with("after 2 s not all is done; what is pending is done once its service runs\n")
    );
    assert!(text(&output.stdout).contains("rewards       pending"), "{}", text(&output.stdout));
    assert_eq!(bank.pay(&["--within", "2"]).await.status.code(), Some(64), "only while watching");
}

#[tokio::test]
async fn a_service_that_fails_is_told_and_exits_1() {
    let bank = Bank::open(Script { failing: true, ..Script::default() }).await;
    let output = bank.pay(&["--watch"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("webhook failed\n"), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("webhook       failed (410)"), "{}", text(&output.stdout));
}

#[tokio::test]
async fn a_hold_is_told_as_one() {
    let bank = Bank::open(Script { held: true, ..Script::default() }).await;
    let output = bank.pay(&["--hold"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "pending · 12.50 INR from alice to shop\n");
    assert_eq!(bank.asked.lock().unwrap()[0].1["hold"], true);
}

#[tokio::test]
async fn a_key_of_ones_own_pays_once_and_says_so() {
    let bank = Bank::open(Script { replayed: true, ..Script::default() }).await;
    let output = bank.pay(&["--idempotency-key", "rent-may", "--json"]).await;
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("nothing was paid again"), "{}", text(&output.stderr));
    let view: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&view["id"], &view["services"]["fraud"]["detail"]), (&json!(ID), &json!({"n": [1]})));
    assert_eq!(bank.asked.lock().unwrap()[0].0, "rent-may");
}

#[tokio::test]
async fn what_is_refused_says_why_and_exits_2_and_what_is_no_amount_is_not_even_asked() {
    let problem = json!({"type": "about:blank", "title": "There is not enough money", "status": 422, "shortfall": 50,
        "code": "insufficient_funds", "detail": "50 minor units are missing"});
    let bank = Bank::open(Script { refusal: Some(problem), ..Script::default() }).await;
    let output = bank.pay(&[]).await;
    assert_eq!(output.status.code(), Some(2));
    let told = "error: There is not enough money: 50 minor units are missing\n  (422 insufficient_funds)\n";
    assert_eq!(text(&output.stderr), told);
    let payment = ["pay", "--from", "a", "--to", "b", "--currency", "INR", "--amount"];
    for (amount, why) in
        [("1.005", "INR has 2 digits after the point"), ("0", "more than zero"), ("x", "written like 12")]
    {
        let output = bank.herald(&[&payment[..], &[amount]].concat()).await;
        assert_eq!(output.status.code(), Some(64), "{amount}");
        assert!(text(&output.stderr).contains(why), "{}", text(&output.stderr));
    }
    assert_eq!(bank.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn accounts_and_statements_are_listed_to_their_end() {
    let bank = Bank::open(Script::default()).await;
    let output = bank.herald(&["account"]).await;
    let shown = text(&output.stdout);
    assert!(shown.contains("alice") && shown.contains("9987.50") && shown.contains("bob") && shown.contains("0.05"));
    let output = bank.herald(&["account", "alice", "--json"]).await;
    let account: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((account["handle"].as_str(), account["balance"].as_i64()), (Some("alice"), Some(998_750)));
    let output = bank.herald(&["account", "alice", "--statement"]).await;
    let shown = text(&output.stdout);
    assert!(shown.contains("-12.50") && shown.contains("shop") && shown.contains("order 17"), "{shown}");
    assert_eq!(bank.herald(&["account", "Not A Name"]).await.status.code(), Some(64));
    assert_eq!(bank.herald(&["account", "--statement"]).await.status.code(), Some(64));
}
