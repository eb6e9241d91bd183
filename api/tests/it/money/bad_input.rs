//! Bad input: each gets a clear problem, and nothing is moved.

use serde_json::{Value, json};

use super::super::app::TestApp;
use super::{bank, booked, money, pay, payment, with};

async fn refused(app: &TestApp, body: &Value, pointers: &[&str]) {
    let reply = pay(app, body).send().await;
    let (status, code, found) = reply.fault();
    assert_eq!((status, code.as_str()), (422, "validation_failed"), "{body}: {}", reply.text());
    assert_eq!(found, pointers, "{body}: {}", reply.text());
    assert_eq!((booked(app).await, money(app, "alice").await), (0, (1_000, 1_000, 0)), "{body}");
}

#[tokio::test]
async fn without_a_key_nothing_is_moved() {
    let app = bank().await;
    let reply = app.post("/transactions", &payment()).user("alice").send().await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "idempotency_key_required"));
    for key in ["", "with space", &"x".repeat(256)] {
        let reply = app.post("/transactions", &payment()).user("alice").header("idempotency-key", key).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "bad_header"), "{key:?}");
    }
    assert_eq!(booked(&app).await, 0);
}

#[tokio::test]
async fn an_amount_is_a_whole_positive_number_that_json_holds_exactly() {
    let app = bank().await;
    for amount in [
        json!(0),
        json!(-100),
        json!(12.5),
        json!(100.0),
        json!(9_007_199_254_740_993_u64),
        json!(u64::MAX),
        json!(1e30),
        json!("100"),
        json!(true),
        json!([1]),
        Value::Null,
    ] {
        refused(&app, &with("amount", amount), &["/amount"]).await;
    }
    let most = pay(&app, &with("amount", json!(1_u64 << 53))).send().await;
    assert_eq!(most.code(), "insufficient_funds", "a good amount, but who has it?");
    let overflow =
        pay(&app, &payment()).body(r#"{"from":"alice","to":"bob","amount":1e999,"currency":"INR"}"#).send().await;
    assert_eq!(overflow.fault().0, 422);
}

#[tokio::test]
async fn accounts_must_be_there_be_two_and_have_the_currency() {
    let app = bank().await;
    let dollars = json!({"handle": "dollars", "currency": "USD"});
    app.post("/accounts", &dollars).user("alice").send().await.ok();
    refused(&app, &with("to", json!("nobody")), &["/to"]).await;
    refused(&app, &with("from", json!("nobody")), &["/from"]).await;
    refused(&app, &with("from", json!("01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d")), &["/from"]).await;
    refused(&app, &with("to", json!("alice")), &["/to"]).await;
    refused(&app, &with("to", json!("Not A Handle")), &["/to"]).await;
    refused(&app, &with("to", json!(7)), &["/to"]).await;
    refused(&app, &with("to", json!("dollars")), &["/to"]).await;
    refused(&app, &with("from", json!("dollars")), &["/from"]).await;
    refused(&app, &with("currency", json!("USD")), &["/from", "/to"]).await;
    refused(&app, &with("currency", json!("usd")), &["/currency"]).await;
    refused(&app, &with("currency", Value::Null), &["/currency"]).await;
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    let app = bank().await;
    let body = json!({"from": "nobody", "amount": 0, "curency": "INR", "hold": {"minutes": 99_999}, "note": 1});
    let problem = pay(&app, &body).send().await.problem();
    let mut found: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, ["/amount", "/curency", "/currency", "/from", "/hold/minutes", "/note", "/to"]);
    let detail = &problem.errors.iter().find(|error| error.pointer == "/curency").unwrap().detail;
    assert!(detail.contains("did you mean 'currency'?"), "{detail}");
}

#[tokio::test]
async fn texts_and_holds_have_their_bounds() {
    let app = bank().await;
    refused(&app, &with("reference", json!("é".repeat(129))), &["/reference"]).await;
    refused(&app, &with("reference", json!("a\nb")), &["/reference"]).await;
    refused(&app, &with("note", json!("é".repeat(257))), &["/note"]).await;
    refused(&app, &with("note", json!("a\u{0}b")), &["/note"]).await;
    for (hold, pointer) in [
        (json!({"minutes": 0}), "/hold/minutes"),
        (json!({"minutes": 43_201}), "/hold/minutes"),
        (json!({"minute": 1}), "/hold/minute"),
        (json!("yes"), "/hold"),
    ] {
        refused(&app, &with("hold", hold), &[pointer]).await;
    }
    let most = json!({"from": "alice", "to": "bob", "amount": 1, "currency": "INR", "reference": "é".repeat(128),
        "note": "é".repeat(256), "hold": {"minutes": 43_200}});
    pay(&app, &most).send().await.ok();
}

#[tokio::test]
async fn what_is_not_json_is_refused_before_anything_is_looked_up() {
    let app = bank().await;
    assert_eq!(pay(&app, &payment()).body("{").send().await.code(), "bad_json");
    assert_eq!(
        pay(&app, &payment()).header("content-type", "text/plain").send().await.code(),
        "unsupported_media_type"
    );
    let twice = r#"{"from":"alice","to":"bob","amount":1,"amount":2,"currency":"INR"}"#;
    assert_eq!(pay(&app, &payment()).body(twice).send().await.fault().2, ["/amount"]);
    assert_eq!(booked(&app).await, 0);
}

#[tokio::test]
async fn bad_queries_and_cursors_are_400s() {
    let app = bank().await;
    for (path, code) in [
        ("/transactions?cursor=MTIz", "bad_cursor"),
        ("/transactions?state=done", "bad_query"),
        ("/transactions?account=A%20B", "bad_query"),
        ("/transactions?reference=%00", "bad_query"),
        ("/transactions?status=completed", "bad_query"),
        ("/transactions?user=a/b", "bad_query"),
        ("/transactions?limit=0", "bad_query"),
        ("/accounts?limit=201", "bad_query"),
        ("/accounts/alice?x=1", "bad_query"),
        ("/accounts/alice/statement?format=xml", "bad_query"),
        ("/accounts/alice/statement?cursor=MTIz", "bad_cursor"),
        ("/accounts/alice/statement?state=completed", "bad_query"),
    ] {
        let reply = app.get(path).user("alice").send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, code), "{path}");
    }
}
