//! How to reach the server, and how a pool behaves towards it.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};

use crate::call::Breaks;
use crate::fault;

/// The oldest server that the migrations and statements work on.
const OLDEST_SERVER: u32 = 150_000;
/// Every statement is written to go by an index. A table that has just been made (each day's events) has no statistics by
/// which the planner would see that, and what it picks then, scans and hash joins, it keeps in the prepared statement's
/// generic plan while the table fills. Without JIT, which a plan of a few rows never pays for.
const PLANNER: [(&str, &str); 5] = [
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

/// Limits of one process's pool. The defaults suit a small process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PostgresConfig {
    /// At most so many connections; further calls wait for one.
    pub max_connections: u32,
    /// What the server shows for the connections.
    pub application_name: String,
    /// How long a call waits for a connection, making one included, before it is `Unavailable`.
    pub acquire_timeout: Duration,
    /// The server ends a statement after this long (`Unavailable`).
    pub statement_timeout: Duration,
    /// The server ends a wait for a lock after this long (`Busy` for an accept, else `Unavailable`).
    pub lock_timeout: Duration,
    /// The server ends a transaction that its process has left idle for this long.
    pub idle_in_transaction_timeout: Duration,
    /// A call whose server has been silent for this long is given up, and its connection with it. More than
    /// `statement_timeout`, so that a slow server gets to say so itself; less than the 10 s that a hub looks back, so that no
    /// event becomes visible later than it would be looked for.
    pub call_timeout: Duration,
}

impl Default for PostgresConfig {
    fn default() -> Self {
        Self {
            max_connections: 4,
            application_name: "herald".to_owned(),
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(8),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(9),
        }
    }
}

/// Why a store could not be opened or migrated.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the store's URL cannot be read; write postgres://user:password@host:port/database")]
    Url(#[source] sqlx::Error),
    #[error("PostgreSQL cannot be reached or does not let us in; check that it runs and what the store's URL names")]
    Connect(#[source] sqlx::Error),
    #[error("this server is PostgreSQL {found}; Herald needs 15 or newer")]
    Server { found: u32 },
    #[error("the database has no Herald schema yet; run `herald migrate`")]
    NotMigrated,
    #[error("the schema has version {found} and this program needs {needed}; run `herald migrate`")]
    TooOld { found: i32, needed: i32 },
    #[error("the schema wants readers of version {min_reader} and this program knows {known}; use a newer Herald")]
    TooNew { min_reader: i32, known: i32 },
    #[error("a migration failed; nothing of it was applied")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("the server refused a statement")]
    Statement(#[source] sqlx::Error),
}

impl OpenError {
    /// Whether trying again later may help without anybody doing anything to the schema or the settings.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Connect(error) | Self::Statement(error) if fault::is_unavailable(error))
    }
}

/// Connection options for `url`. A parameter `options=-c search_path=…` of the URL stays in force.
pub(crate) fn connect_options(url: &str, application_name: &str) -> Result<PgConnectOptions, OpenError> {
    let options = PgConnectOptions::from_str(url).map_err(OpenError::Url)?;
    Ok(options
        .application_name(application_name)
        // sqlx sets no socket options of its own: a dead peer is found by the time-out of each call on our side, and by
        // these on the server's, so that its locks and transactions go soon.
        .options([("tcp_keepalives_idle", "10"), ("tcp_keepalives_interval", "5"), ("tcp_keepalives_count", "3")])
        .options([("tcp_user_timeout", "20s")]))
}

/// A pool that connects on first use.
pub(crate) fn pool(url: &str, config: &PostgresConfig, breaks: &Breaks) -> Result<PgPool, OpenError> {
    let ms = |duration: Duration| format!("{}ms", duration.as_millis());
    let options = connect_options(url, &config.application_name)?.options(PLANNER).options([
        ("statement_timeout", ms(config.statement_timeout)),
        ("lock_timeout", ms(config.lock_timeout)),
        ("idle_in_transaction_session_timeout", ms(config.idle_in_transaction_timeout)),
    ]);
    let breaks = breaks.clone();
    Ok(PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(config.acquire_timeout)
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(make_durable(connection)))
        .before_acquire(move |connection, meta| {
            let suspect = breaks.make_suspect(meta.idle_for);
            Box::pin(async move { Ok(!suspect || answers(connection).await) })
        })
        .connect_lazy_with(options))
}

/// An accept is answered once it is on the disk, whatever the server's or the role's setting is.
async fn make_durable(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query_scalar!(
        r#"-- connect, durable
        select set_config('synchronous_commit', 'on', false) as "set!"
        where current_setting('synchronous_commit') = 'off'"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(())
}

/// Whether an idle connection is still good.
async fn answers(connection: &mut PgConnection) -> bool {
    let ping = sqlx::Connection::ping(connection);
    matches!(tokio::time::timeout(Duration::from_secs(1), ping).await, Ok(Ok(())))
}

pub(crate) fn check_server(connection: &PgConnection) -> Result<(), OpenError> {
    match connection.server_version_num() {
        Some(found) if found < OLDEST_SERVER => Err(OpenError::Server { found: found / 10_000 }),
        _ => Ok(()),
    }
}
