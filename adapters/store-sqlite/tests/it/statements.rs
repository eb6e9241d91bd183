//! Every statement as the planner sees it, so that none grows slow with the years.

use std::path::Path;

use herald_store_sqlite::SqliteStore;
use herald_testkit::clock::TestClock;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

/// Tables that grow for as long as the store lives; the others stay small.
const LARGE: [&str; 6] = ["submissions", "sources", "outputs", "events", "problem_blobs", "s"];

#[tokio::test]
async fn no_statement_reads_a_whole_large_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("herald.db");
    SqliteStore::migrate(&file.display().to_string(), &TestClock::new()).await.unwrap();
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&file)).await.unwrap();

    let statements = statements();
    assert!(statements.len() > 60, "only {} statements were found", statements.len());
    for sql in statements {
        for step in plan(&mut connection, &sql).await {
            let scanned = LARGE.iter().any(|table| step == format!("SCAN {table}"));
            assert!(!scanned, "{step}: {sql}");
        }
    }
}

/// A user's finished submissions are never counted through to find the open ones.
#[tokio::test]
async fn open_submissions_are_counted_by_their_own_index() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("herald.db");
    SqliteStore::migrate(&file.display().to_string(), &TestClock::new()).await.unwrap();
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&file)).await.unwrap();
    let asked = ["-- accept_submissions: open", "-- claim: due", "-- due_rows", "-- due_wakes", "-- count_open"];
    let own =
        ["submissions_open_by_owner", "submissions_due", "submissions_due", "submissions_wake", "submissions_open"];
    let statements = statements();
    for (name, index) in asked.into_iter().zip(own) {
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
