//! Statements: they agree with balances to the last paisa, in pages and as a table.

use herald_domain::money::TransferKind;
use herald_domain::money::view::StatementLineView;
use herald_domain::view::Page;
use serde_json::json;

use super::super::app::TestApp;
use super::{bank, fund, money, paid, payment, with};

/// The whole statement, oldest line first, read in pages.
async fn statement(app: &TestApp, account: &str) -> Vec<StatementLineView> {
    let mut lines = Vec::new();
    let mut path = format!("/accounts/{account}/statement?limit=2");
    loop {
        let page: Page<StatementLineView> = app.get(&path).user(account).send().await.ok().json();
        assert!(page.items.len() <= 2);
        lines.extend(page.items);
        let Some(next) = page.next else { break };
        path = format!("/accounts/{account}/statement?limit=2&cursor={next}");
    }
    lines.reverse();
    lines
}

#[tokio::test]
async fn each_line_adds_up_to_the_balance() {
    let app = bank().await;
    let body =
        json!({"from": "alice", "to": "bob", "amount": 300, "currency": "INR", "reference": "rent", "note": "May"});
    let id = paid(&app, &body).await;
    paid(&app, &with("hold", json!(true))).await;
    app.post(&format!("/transactions/{id}/refund"), &json!({"amount": 50})).user("bob").keyed().send().await.ok();
    fund(&app, "alice", 7).await;
    for account in ["alice", "bob", "shop"] {
        let lines = statement(&app, account).await;
        let mut balance = 0;
        for (n, line) in (1..).zip(&lines) {
            balance += line.amount;
            assert_eq!((line.n, line.balance), (n, balance), "{account}");
        }
        assert_eq!(money(&app, account).await.0, balance, "{account}");
    }
    let alice = statement(&app, "alice").await;
    let told: Vec<_> = alice.iter().map(|line| (line.kind, line.other.as_str(), line.amount)).collect();
    assert_eq!(
        told,
        [
            (TransferKind::Funding, "funding.inr", 1_000),
            (TransferKind::Payment, "bob", -300),
            (TransferKind::Refund, "bob", 50),
            (TransferKind::Funding, "funding.inr", 7),
        ],
        "a hold is no line"
    );
    assert_eq!((alice[1].transfer, alice[1].reference.as_deref()), (id, Some("rent")));
    assert_eq!(app.store.check_ledger().await.unwrap().breaches, [""; 0]);
}

#[tokio::test]
async fn a_statement_comes_as_a_table_too() {
    let app = bank().await;
    let id = paid(&app, &with("note", json!("=HYPERLINK(\"x\")"))).await;
    paid(&app, &payment()).await;
    let by_header = app.get("/accounts/alice/statement").user("alice").header("accept", "text/csv").send().await.ok();
    let by_query = app.get("/accounts/alice/statement?format=csv").user("alice").send().await.ok();
    assert_eq!(by_header.text(), by_query.text());
    assert!(by_query.header("content-type").starts_with("text/csv"));
    assert_eq!(by_query.header("content-disposition"), "attachment; filename=\"statement.csv\"");
    let mut lines = by_query.text().split("\r\n");
    assert_eq!(lines.next(), Some("n,at,transfer,kind,other,amount,balance,reference,note"));
    let row = lines.find(|line| line.starts_with("2,")).unwrap();
    assert!(row.contains(&format!(",{id},payment,bob,-100,900,,")), "{row}");
    assert!(row.ends_with("\"'=HYPERLINK(\"\"x\"\")\""), "a formula is disarmed: {row}");
    let first = app.get("/accounts/alice/statement?format=csv&limit=2").user("alice").send().await.ok();
    let link = first.header("link");
    let next = link.strip_prefix("<http://127.0.0.1:8080").and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
    let rest = app.get(next.unwrap()).user("alice").send().await.ok();
    assert_eq!((rest.text().lines().count(), rest.header("link")), (2, ""), "a heading and the third row");
    let json = app.get("/accounts/alice/statement?format=json").user("alice").header("accept", "text/csv").send().await;
    assert_eq!(json.header("content-type"), "application/json");
}
