//! A schema of a test's own, and a clock in it that the test can move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use herald_domain::store::Store;
use herald_store_postgres::{PostgresConfig, PostgresStore};
use herald_testkit::store_contract::Harness;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

pub struct Schema {
    /// Also the connections' `application_name`.
    pub name: String,
    /// With `search_path` set to the schema.
    pub url: String,
    moved_ms: AtomicI64,
}

impl Schema {
    /// Empty: not even migrated.
    pub async fn empty() -> Self {
        let name = format!("herald_test_{}", Uuid::now_v7().simple());
        let base = server_url();
        let separator = if base.contains('?') { '&' } else { '?' };
        let url = format!("{base}{separator}options=-c%20search_path%3D{name}");
        let schema = Self { name, url, moved_ms: AtomicI64::new(0) };
        schema.execute(&format!("create schema {}", schema.name)).await;
        schema
    }

    pub async fn migrated() -> Self {
        let schema = Self::empty().await;
        PostgresStore::migrate(&schema.url).await.unwrap();
        schema
    }

    pub fn config(&self) -> PostgresConfig {
        PostgresConfig { application_name: self.name.clone(), ..PostgresConfig::default() }
    }

    pub async fn open(&self) -> PostgresStore {
        PostgresStore::open(&self.url, self.config()).await.unwrap()
    }

    /// A plain connection into the schema.
    pub async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Runs statements, which are this test's own text.
    pub async fn execute(&self, sql: &str) {
        let mut connection = self.connection().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The one value that a query answers with, as text.
    pub async fn value(&self, sql: &str) -> String {
        let mut connection = self.connection().await;
        let value = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        value
    }

    /// Ends every connection of the test's stores on the server's side, as a restart would; how many those were.
    pub async fn kill_connections(&self) -> String {
        let name = &self.name;
        self.value(&format!(
            "select count(pg_terminate_backend(pid))::text from pg_stat_activity where application_name = '{name}'"
        ))
        .await
    }

    async fn move_clock(&self, by_ms: i64) {
        let ms = self.moved_ms.fetch_add(by_ms, Ordering::SeqCst) + by_ms;
        self.execute(&format!(
            "create or replace function herald_now() returns timestamptz language sql stable
             as $$ select now() + {ms} * interval '1 ms' $$"
        ))
        .await;
    }

    /// At the end of a test that went well; what a failed one leaves can be looked at.
    pub async fn drop(&self) {
        self.execute(&format!("set client_min_messages = warning; drop schema {} cascade", self.name)).await;
    }
}

fn server_url() -> String {
    std::env::var("HERALD_TEST_STORE_URL").unwrap_or_else(|_| {
        panic!(
            "HERALD_TEST_STORE_URL is not set: run `make test`, or name a PostgreSQL server for tests in it \
             (postgres://user@host:port/database)"
        )
    })
}

#[async_trait]
impl Harness for Schema {
    async fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.open().await)
    }

    async fn second(&self) -> Arc<dyn Store> {
        Arc::new(self.open().await)
    }

    async fn advance(&self, by: Duration) {
        self.move_clock(i64::try_from(by.as_millis()).unwrap()).await;
    }

    async fn set_back(&self, by: Duration) {
        self.move_clock(-i64::try_from(by.as_millis()).unwrap()).await;
    }

    async fn tamper(&self, sql: &str) {
        self.execute(sql).await;
    }

    async fn finish(&self) {
        self.drop().await;
    }
}
