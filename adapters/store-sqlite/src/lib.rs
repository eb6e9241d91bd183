//! The store on SQLite: one file, one process.
//!
//! Invariants:
//! * One writer connection; every change is one `BEGIN IMMEDIATE` transaction that reads the clock once it holds the write lock,
//!   so that `at` rises in the order of commits, as far as the clock rises. WAL and `synchronous=FULL`: what was answered is
//!   on the disk.
//! * Readers are `query_only` and never stream to a client from an open transaction: rows are collected first.
//! * Who opens the file holds `herald.lock` beside it, so two servers never share it by mistake.
//! * Times are microseconds since 1970 by the injected [`Clock`], ids 16-byte blobs, JSON text.
//! * Statements are checked at compile time against the committed `.sqlx` folder; `scripts/sqlx-prepare-sqlite.sh` renews it.
//!
//! A write transaction is never held across anything but the database itself.

mod accept;
mod claim;
mod effects;
mod events;
mod fault;
mod fleet;
mod identity;
mod keep;
mod ledger;
mod lock;
mod migrate;
mod open;
mod outbox;
mod pasts;
mod problems;
mod redrive;
mod rejudge;
mod row;
mod submissions;
mod sweep;
mod webhooks;
mod work;
mod write;

use std::path::PathBuf;
use std::sync::Arc;

use herald_domain::clock::Clock;
use sqlx::SqlitePool;

pub use migrate::MigrateReport;
pub use open::OpenError;

/// The schema version that this build writes; `open` refuses an older one.
pub const SCHEMA_VERSION: i64 = 4;
/// The newest `min_reader` that this build can still read; `open` refuses a newer one.
const KNOWN_READER: i64 = 1;
/// What `migrate` writes as `min_reader`: raised only by a contract migration, one release after its expansion.
const MIN_READER: i64 = 1;

/// An open database file.
#[derive(Clone)]
pub struct SqliteStore {
    /// One connection; its wait queue is the order of the writes.
    writer: SqlitePool,
    readers: SqlitePool,
    clock: Arc<dyn Clock>,
    file: PathBuf,
    /// Released when the last handle is dropped.
    _lock: Arc<lock::FileLock>,
}
