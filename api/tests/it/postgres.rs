//! A PostgreSQL schema of the test's own, dropped at its end.

use std::process::{Command, Stdio};
use std::sync::Arc;

use herald_domain::store::Store;
use herald_store_postgres::{PostgresConfig, PostgresStore};
use uuid::Uuid;

pub struct Backend {
    store: PostgresStore,
    _schema: Schema,
}

impl Backend {
    pub const NAME: &str = "PostgreSQL";

    pub async fn start() -> Self {
        let schema = Schema::make();
        let separator = if schema.server.contains('?') { '&' } else { '?' };
        let url = format!("{}{separator}options=-c%20search_path%3D{}", schema.server, schema.name);
        PostgresStore::migrate(&url).await.unwrap();
        let store = PostgresStore::open(&url, PostgresConfig::default()).await.unwrap();
        Self { store, _schema: schema }
    }

    pub fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    /// From now on the store is away.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

struct Schema {
    server: String,
    name: String,
}

impl Schema {
    fn make() -> Self {
        let server = std::env::var("HERALD_TEST_STORE_URL");
        let server = server.expect("HERALD_TEST_STORE_URL is not set: run `make test`, or name a PostgreSQL by it");
        let schema = Self { server, name: format!("herald_test_{}", Uuid::now_v7().simple()) };
        assert!(schema.psql(&format!("create schema {}", schema.name)), "the test's schema could not be made");
        schema
    }

    fn psql(&self, statement: &str) -> bool {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", &self.server]);
        command.args(["-c", "set client_min_messages = warning", "-c", statement]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).status().expect("psql runs").success()
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if !self.psql(&format!("drop schema {} cascade", self.name)) {
            eprintln!("the schema {} could not be dropped", self.name);
        }
    }
}
