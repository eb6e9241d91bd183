//! A write transaction.

use herald_domain::store::Result;
use sqlx::{Sqlite, Transaction};

use crate::SqliteStore;
use crate::fault::fault;
use crate::row::micros;

/// Holds the database's write lock until [`Write::commit`]; dropped without it, everything is undone.
pub(crate) struct Write {
    pub tx: Transaction<'static, Sqlite>,
    /// The transaction's one time, read under the lock.
    pub now: i64,
}

impl SqliteStore {
    pub(crate) async fn write(&self) -> Result<Write> {
        let tx = self.writer.begin_with("begin immediate").await.map_err(fault)?;
        Ok(Write { tx, now: self.now() })
    }

    /// The store's time: the clock's, in microseconds.
    pub(crate) fn now(&self) -> i64 {
        micros(self.clock.now())
    }
}

impl Write {
    pub(crate) async fn commit(self) -> Result<()> {
        self.tx.commit().await.map_err(fault)
    }
}
