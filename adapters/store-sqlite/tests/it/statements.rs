//! Every statement as the planner sees it, so that none grows slow with the years.

use std::path::Path;

use herald_store_sqlite::SqliteStore;
use herald_testkit::clock::TestClock;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

/// Tables that grow for as long as the store lives; the others stay small.
const LARGE: [&str; 19] = [
    "submissions",
    "sources",
    "outputs",
    "events",
    "problem_blobs",
    "s",
    "accounts",
    "a",
    "transfers",
    "t",
    "entries",
    "effects",
    "e",
    "receipts",
    "outbox",
    "transfer_outbox",
    "webhook_attempts",
    "webhook_notices",
    "verdicts",
];

#[tokio::test]
async fn no_statement_reads_a_whole_large_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("herald.db");
    SqliteStore::migrate(&file.display().to_string(), &TestClock::new()).await.unwrap();
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&file)).await.unwrap();

    let statements = statements();
    assert!(statements.len() > 60, "only {} statements were found", statements.len());
    // The check of the ledger is asked of the whole of it, by people, now and then.
    for sql in statements.into_iter().filter(|sql| !sql.starts_with("-- check_ledger")) {
        for step in plan(&mut connection, &sql).await {
            let scanned = LARGE.iter().any(|table| step == format!("SCAN {table}"));
            assert!(!scanned, "{step}: {sql}");
        }
    }
}

/// What is settled is never looked through to find what is open, due or one's own.
#[tokio::test]
async fn what_is_looked_for_often_has_an_index_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("herald.db");
    SqliteStore::migrate(&file.display().to_string(), &TestClock::new()).await.unwrap();
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&file)).await.unwrap();
    let own = [
        ("-- accept_submissions: open", "submissions_open_by_owner"),
        ("-- claim: due", "submissions_due"),
        ("-- due_rows", "submissions_due"),
        ("-- due_wakes", "submissions_wake"),
        ("-- count_open", "submissions_open"),
        ("-- due_effects", "effects_wake"),
        ("-- expire_leases: effects", "effects_wake"),
        ("-- expire_holds", "transfers_held"),
        ("-- missing_effects", "transfers_settled_at"),
        ("-- list_transfers: of a party", "transfers_by_payee"),
        ("-- pasts", "transfers_by_payer (payer=? AND id<?)"),
        ("-- list_endpoints", "webhook_endpoints_by_owner"),
        ("-- endpoints_for", "webhook_endpoints_by_owner"),
        ("-- owe_notice", "webhook_endpoints_by_owner"),
        ("-- claim_notices", "webhook_notices_due"),
        ("-- claim_notices: look", "webhook_notices_due"),
        ("-- expire_leases: notices", "webhook_notices_due"),
        ("-- maintain: notices", "webhook_notices_given_up"),
        ("-- list_attempts", "webhook_attempts_by_endpoint (endpoint_id=? AND id<?)"),
        ("-- delivered_to", "webhook_attempts_delivered"),
        ("-- maintain: attempts", "webhook_attempts_at"),
    ];
    let statements = statements();
    for (name, index) in own {
        let sql = statements.iter().find(|sql| sql.lines().next() == Some(name)).unwrap();
        let plan = plan(&mut connection, sql).await.join("; ");
        assert!(plan.contains(index), "{name}: {plan}");
    }
}

async fn plan(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let explained = AssertSqlSafe(format!("explain query plan {sql}"));
    let rows = sqlx::query(explained).fetch_all(connection).await.unwrap();
    rows.into_iter().map(|row| row.get("detail")).collect()
}

/// As the checked macros wrote them down.
fn statements() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let statement: serde_json::Value = serde_json::from_str(&text).unwrap();
        statement["query"].as_str().unwrap().to_owned()
    };
    std::fs::read_dir(folder).unwrap().map(read).collect()
}
