//! Creating the file, applying migrations, and what only a new store lacks.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use herald_domain::clock::Clock;
use sqlx::SqliteConnection;
use sqlx::migrate::Migrator;

use crate::lock::FileLock;
use crate::open::{OpenError, schema_info, writer};
use crate::row::micros;
use crate::{KNOWN_READER, MIN_READER, SCHEMA_VERSION};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// What a migration did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MigrateReport {
    /// The schema version before; `None`: the store is new.
    pub from: Option<i64>,
    /// The schema version now. Above [`SCHEMA_VERSION`] if a newer herald has been here and this one can still read it.
    pub to: i64,
}

pub(crate) async fn run(file: &Path, clock: &dyn Clock) -> Result<MigrateReport, OpenError> {
    create(file)?;
    let _lock = FileLock::take(file)?;
    let pool = writer(file, true);
    let report = migrate(&pool, clock).await;
    pool.close().await;
    report
}

/// The file and its folder. Made before SQLite does, so that nobody else can read the keys in it (SQLite gives its side files
/// the same mode).
fn create(file: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: file.to_owned(), source };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(file).map_err(io)?;
    Ok(())
}

async fn migrate(pool: &sqlx::SqlitePool, clock: &dyn Clock) -> Result<MigrateReport, OpenError> {
    let mut connection = pool.acquire().await.map_err(OpenError::database)?;
    let before = schema_info(&mut connection).await?;
    if let Some(before) = &before
        && before.min_reader > KNOWN_READER
    {
        return Err(OpenError::TooNew { min_reader: before.min_reader, known: KNOWN_READER });
    }
    let from = before.map(|info| info.version);
    if from.is_none_or(|version| version < SCHEMA_VERSION) {
        MIGRATIONS
            .run_direct(None, &mut *connection, false)
            .await
            .map_err(|error| OpenError::Migrate(Box::new(error)))?;
    }
    complete(&mut connection, micros(clock.now())).await.map_err(OpenError::database)?;
    let to = from.map_or(SCHEMA_VERSION, |version| version.max(SCHEMA_VERSION));
    Ok(MigrateReport { from, to })
}

/// Version, epoch and signing key, in this order of being needed; each is made once and never lowered or replaced.
async fn complete(connection: &mut SqliteConnection, now: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "-- migrate: version and epoch
        insert into schema_info (one, version, min_reader, epoch) values (1, ?1, ?2, randomblob(16))
        on conflict (one) do update set version = max(version, excluded.version),
            min_reader = max(min_reader, excluded.min_reader)",
        SCHEMA_VERSION,
        MIN_READER
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "-- migrate: signing key
        insert into signing_keys (secret, created_at) select randomblob(32), ?1 where not exists (select 1 from signing_keys)",
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}
