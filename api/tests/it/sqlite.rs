//! A SQLite file of the test's own.

use std::sync::Arc;

use herald_domain::clock::SystemClock;
use herald_domain::store::Store;
use herald_store_sqlite::SqliteStore;

pub struct Backend {
    store: SqliteStore,
    _folder: tempfile::TempDir,
}

impl Backend {
    pub const NAME: &str = "SQLite";

    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("herald.db").display());
        SqliteStore::migrate(&url, &SystemClock).await.unwrap();
        let store = SqliteStore::open(&url, Arc::new(SystemClock)).await.unwrap();
        Self { store, _folder: folder }
    }

    pub fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    /// From now on the store is away.
    pub async fn close(&self) {
        self.store.close().await;
    }
}
