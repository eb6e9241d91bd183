//! The store on PostgreSQL 15 or newer: the one that a fleet shares.
//!
//! Invariants:
//! * A port method is one statement, or one short transaction that locks one entity's row first; batches lock in the order of
//!   (owner, key) or skip what is locked; money locks accounts, then transfers, then effects, each by id. No transaction is
//!   open across anything but the database itself.
//! * Every time is the server's, read through `herald_now()`.
//! * A connection on which anything went wrong is closed, never handed on; a call that was cancelled closes its own.
//! * Statements are checked at compile time against the committed `.sqlx` folder; `scripts/sqlx-prepare-postgres.sh` renews it.
//!
//! It never streams rows to a caller, never holds a session-level lock on a pooled connection, and needs session state that
//! survives a transaction (prepared statements, start-up options): a transaction-pooling proxy in between is not supported.

mod accept;
mod call;
mod config;
mod effects;
mod events;
mod fault;
mod fleet;
mod identity;
mod ledger;
mod migrate;
mod outbox;
mod pasts;
mod problems;
mod rejudge;
mod row;
mod submissions;
mod webhooks;
mod work;

pub use config::{OpenError, PostgresConfig};
pub use migrate::MigrateReport;

use std::time::Duration;

use sqlx::{ConnectOptions, Connection, PgPool};

/// The schema version that this build writes; `open` refuses an older one.
pub const SCHEMA_VERSION: i32 = 4;
/// The newest `min_reader` that this build can still read; `open` refuses a newer one.
const KNOWN_READER: i32 = 1;
/// What `migrate` writes as `min_reader`: raised only by a contract migration, one release after its expansion.
const MIN_READER: i32 = 1;

/// A pool of connections to one schema of one PostgreSQL database.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
    breaks: call::Breaks,
    call_timeout: Duration,
}

impl PostgresStore {
    /// Checks that the server and its schema can be used, and makes the pool.
    pub async fn open(url: &str, config: PostgresConfig) -> Result<Self, OpenError> {
        let silent = || OpenError::Connect(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
        tokio::time::timeout(config.acquire_timeout, check_schema(url, &config)).await.map_err(|_| silent())??;
        let breaks = call::Breaks::default();
        let pool = config::pool(url, &config, &breaks)?;
        Ok(Self { pool, breaks, call_timeout: config.call_timeout })
    }

    /// Brings the schema up to date and makes what a new store needs: epoch, signing key, partitions ahead.
    /// Safe to run from several processes at once, and on a store that is in use.
    pub async fn migrate(url: &str) -> Result<MigrateReport, OpenError> {
        migrate::run(url).await
    }

    /// Waits for running calls and closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// On a connection of its own: a pool would keep the reason of a refusal to itself.
async fn check_schema(url: &str, config: &PostgresConfig) -> Result<(), OpenError> {
    let options = config::connect_options(url, &config.application_name)?;
    let mut connection = options.connect().await.map_err(OpenError::Connect)?;
    config::check_server(&connection)?;
    let found = migrate::schema_info(&mut connection).await?.ok_or(OpenError::NotMigrated)?;
    let _ = connection.close().await;
    if found.min_reader > KNOWN_READER {
        return Err(OpenError::TooNew { min_reader: found.min_reader, known: KNOWN_READER });
    }
    if found.version < SCHEMA_VERSION {
        return Err(OpenError::TooOld { found: found.version, needed: SCHEMA_VERSION });
    }
    Ok(())
}
