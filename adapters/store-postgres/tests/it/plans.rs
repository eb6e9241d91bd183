//! Every statement as the planner sees it over empty tables, where nothing but the pool's settings and the indexes guide it:
//! the plan that a connection made on a new database's first day would keep.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::schema::Schema;

/// As `config.rs` sets them.
const PLANNER: &str = "set enable_seqscan = off; set enable_bitmapscan = off; set enable_hashjoin = off;
    set enable_mergejoin = off; set plan_cache_mode = force_generic_plan";
/// Tables that stay small.
const SMALL: [&str; 5] = ["schema_info", "signing_keys", "api_keys", "processes", "effect_marks"];
/// Statements that read all of an index that holds only what is open, or that count.
const WHOLE_INDEX: [&str; 3] = ["-- count_open", "-- count_outbox", "-- expire_leases"];

#[tokio::test]
async fn no_statement_reads_a_whole_large_table() {
    let schema = Schema::migrated().await;
    let mut connection = schema.connection().await;
    sqlx::raw_sql(PLANNER).execute(&mut connection).await.unwrap();
    let statements = statements();
    assert!(statements.len() > 90, "only {} statements were found", statements.len());
    // The check of the ledger is asked of the whole of it, by people, now and then.
    for (sql, parameters) in statements.into_iter().filter(|(sql, _)| !sql.starts_with("-- check_ledger")) {
        let plan = plan(&mut connection, &sql, parameters).await;
        let name = sql.lines().next().unwrap();
        let mut lines = plan.iter().peekable();
        while let Some(line) = lines.next() {
            let conditioned = lines.peek().is_some_and(|next| next.contains("Index Cond"));
            let whole = match line.split_once(" Scan using ") {
                Some((_, index)) => !conditioned && !WHOLE_INDEX.contains(&name) && !is_small(index),
                None => line.split_once("Seq Scan on ").is_some_and(|(_, table)| !is_small(table)),
            };
            assert!(!whole, "{name} reads all of a table:\n{}", plan.join("\n"));
        }
    }
    connection.close().await.unwrap();
    schema.drop().await;
}

/// What is settled is never looked through to find what is open, due or one's own.
#[tokio::test]
async fn what_is_looked_for_often_has_an_index_of_its_own() {
    let schema = Schema::migrated().await;
    let mut connection = schema.connection().await;
    sqlx::raw_sql(PLANNER).execute(&mut connection).await.unwrap();
    let statements = statements();
    for (name, index) in [
        ("-- claim", "submissions_due"),
        ("-- due_wakes", "submissions_wake"),
        ("-- due_effects", "effects_wake"),
        ("-- expire_holds, over", "transfers_held"),
        ("-- missing_effects", "transfers_settled_at"),
        ("-- missing_effects, held", "transfers_held"),
        ("-- list_transfers, of a party", "transfers_by_payee"),
        ("-- list_transfers, of a party", "transfers_by_payer"),
        ("-- list_transfers, of a reference", "transfers_by_reference"),
        ("-- pasts", "transfers_by_payment"),
        ("-- statement", "entries_debit_account_debit_n_key"),
        ("-- statement", "entries_credit_account_credit_n_key"),
        ("-- list_endpoints", "webhook_endpoints_by_owner"),
        ("-- endpoints_for", "webhook_endpoints_by_owner"),
        ("-- tell", "webhook_endpoints_by_owner"),
        ("-- claim_notices", "webhook_notices_due"),
        ("-- expire_leases", "webhook_notices_due"),
        ("-- maintain, notices", "webhook_notices_given_up"),
        ("-- list_attempts", "webhook_attempts_by_endpoint"),
        ("-- delivered_to", "webhook_attempts_delivered"),
        ("-- maintain, attempts", "webhook_attempts_at"),
    ] {
        let (sql, parameters) = statements.iter().find(|(sql, _)| sql.lines().next() == Some(name)).unwrap();
        let plan = plan(&mut connection, sql, *parameters).await.join("\n");
        assert!(plan.contains(index), "{name}:\n{plan}");
    }
    connection.close().await.unwrap();
    schema.drop().await;
}

/// Whether the text after `on` or `using … on` names a table that stays small.
fn is_small(text: &str) -> bool {
    let table = text.split_once(" on ").map_or(text, |(_, table)| table);
    SMALL.contains(&table.split_whitespace().next().unwrap_or_default())
}

/// The statements as `scripts/sqlx-prepare-postgres.sh` has found them, with how many parameters each has.
fn statements() -> Vec<(String, usize)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files
        .map(|file| {
            let found: serde_json::Value = serde_json::from_slice(&file).unwrap();
            let parameters = found["describe"]["parameters"]["Left"].as_array().map_or(0, Vec::len);
            (found["query"].as_str().unwrap().to_owned(), parameters)
        })
        .collect()
}

/// The generic plan, which knows no parameter's value.
async fn plan(connection: &mut PgConnection, sql: &str, parameters: usize) -> Vec<String> {
    let nulls = vec!["null"; parameters].join(", ");
    let values = if parameters == 0 { String::new() } else { format!("({nulls})") };
    let prepare = AssertSqlSafe(format!("prepare looked_at as {sql}"));
    sqlx::raw_sql(prepare).execute(&mut *connection).await.unwrap();
    let explain = AssertSqlSafe(format!("explain execute looked_at{values}"));
    let rows = sqlx::raw_sql(explain).fetch_all(&mut *connection).await.unwrap();
    sqlx::raw_sql("deallocate looked_at").execute(&mut *connection).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}
