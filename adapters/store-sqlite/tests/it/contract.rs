//! Every clause of the store contract.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use herald_domain::store::Store;
use herald_store_sqlite::SqliteStore;
use herald_testkit::clock::TestClock;
use herald_testkit::store_contract::Harness;
use tempfile::TempDir;

struct OneFile {
    store: SqliteStore,
    clock: Arc<TestClock>,
    _folder: TempDir,
}

async fn harness() -> OneFile {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("herald.db").display());
    let clock = Arc::new(TestClock::new());
    SqliteStore::migrate(&url, &*clock).await.unwrap();
    let store = SqliteStore::open(&url, clock.clone()).await.unwrap();
    OneFile { store, clock, _folder: folder }
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
}

herald_testkit::store_contract!(harness);
