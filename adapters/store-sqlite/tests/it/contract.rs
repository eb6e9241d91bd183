//! Every clause of the store contract.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use herald_domain::store::Store;
use herald_store_sqlite::SqliteStore;
use herald_testkit::clock::TestClock;
use herald_testkit::store_contract::Harness;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tempfile::TempDir;

struct OneFile {
    store: SqliteStore,
    clock: Arc<TestClock>,
    folder: TempDir,
}

async fn harness() -> OneFile {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("herald.db").display());
    let clock = Arc::new(TestClock::new());
    SqliteStore::migrate(&url, &*clock).await.unwrap();
    let store = SqliteStore::open(&url, clock.clone()).await.unwrap();
    OneFile { store, clock, folder }
}

#[async_trait]
impl Harness for OneFile {
    async fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    async fn second(&self) -> Arc<dyn Store> {
        Arc::new(self.store.another_handle())
    }

    async fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    async fn set_back(&self, by: Duration) {
        self.clock.set_back(by);
    }

    async fn tamper(&self, sql: &str) {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("herald.db"));
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

herald_testkit::store_contract!(harness);
