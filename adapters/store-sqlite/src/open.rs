//! Opening the file: connections, lock, version.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use herald_domain::clock::Clock;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool};

use crate::lock::FileLock;
use crate::{KNOWN_READER, MigrateReport, SCHEMA_VERSION, SqliteStore, migrate};

/// How long a statement waits for another process's lock on the file, and a call for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// Why a database could not be opened or migrated.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("'{0}' names no database file; write sqlite:PATH")]
    Url(String),
    #[error("there is no database at {} yet: run `herald migrate`", .0.display())]
    Missing(PathBuf),
    #[error(
        "another herald has {} open (it holds {}): stop it first, or give this one a folder of its own (HERALD_DATA)",
        .database.display(), .lock.display()
    )]
    Locked { database: PathBuf, lock: PathBuf },
    #[error("the database at {} has no schema of herald's yet: run `herald migrate`", .0.display())]
    NotMigrated(PathBuf),
    #[error("the database is at schema version {found}, this herald needs {needed}: run `herald migrate`")]
    TooOld { found: i64, needed: i64 },
    #[error(
        "the database was written by a newer herald: it wants readers of schema version {min_reader}, this one knows \
         {known}: use the newer herald"
    )]
    TooNew { min_reader: i64, known: i64 },
    #[error("{} cannot be used", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("a migration failed; nothing of it was applied")]
    Migrate(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("SQLite cannot work with the database")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl OpenError {
    pub(crate) fn database(error: sqlx::Error) -> Self {
        Self::Database(Box::new(error))
    }
}

/// `version` and `min_reader` of a database.
pub(crate) struct SchemaInfo {
    pub version: i64,
    pub min_reader: i64,
}

impl SqliteStore {
    /// Opens the database at a path, which may be written as `sqlite:PATH`; it must have been migrated.
    pub async fn open(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let file = file_of(path.as_ref())?;
        if !file.exists() {
            return Err(OpenError::Missing(file));
        }
        let lock = Arc::new(FileLock::take(&file)?);
        let store = Self { writer: writer(&file, false), readers: readers(&file), clock, file, _lock: lock };
        store.check_schema().await?;
        Ok(store)
    }

    /// Creates the database or brings its schema up to date, and makes what a new one needs: epoch and signing key.
    /// Refused while a server has the file open.
    pub async fn migrate(path: impl AsRef<Path>, clock: &dyn Clock) -> Result<MigrateReport, OpenError> {
        let file = file_of(path.as_ref())?;
        migrate::run(&file, clock).await
    }

    /// Another handle on the open file, with connections of its own and the same lock: what a second process would be if the
    /// lock let it in.
    pub fn another_handle(&self) -> Self {
        Self { writer: writer(&self.file, false), readers: readers(&self.file), ..self.clone() }
    }

    /// Waits for running calls and closes every connection of this handle.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn check_schema(&self) -> Result<(), OpenError> {
        let mut connection = self.readers.acquire().await.map_err(OpenError::database)?;
        let Some(found) = schema_info(&mut connection).await? else {
            return Err(OpenError::NotMigrated(self.file.clone()));
        };
        if found.min_reader > KNOWN_READER {
            return Err(OpenError::TooNew { min_reader: found.min_reader, known: KNOWN_READER });
        }
        if found.version < SCHEMA_VERSION {
            return Err(OpenError::TooOld { found: found.version, needed: SCHEMA_VERSION });
        }
        Ok(())
    }
}

/// What the database says of its schema; `None` before the first migration.
pub(crate) async fn schema_info(connection: &mut SqliteConnection) -> Result<Option<SchemaInfo>, OpenError> {
    let tables = sqlx::query_scalar!(
        r#"-- schema_info: is there one
        select count(*) as "tables!: i64" from sqlite_schema where type = 'table' and name = 'schema_info'"#
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(OpenError::database)?;
    if tables == 0 {
        return Ok(None);
    }
    sqlx::query_as!(
        SchemaInfo,
        r#"-- schema_info
        select version as "version!", min_reader as "min_reader!" from schema_info"#
    )
    .fetch_optional(connection)
    .await
    .map_err(OpenError::database)
}

/// The file that a path or a store's URL names. `:memory:` is none: it would lose everything at exit.
fn file_of(path: &Path) -> Result<PathBuf, OpenError> {
    let refused = || OpenError::Url(path.display().to_string());
    let text = path.to_str().ok_or_else(refused)?;
    let plain = text.strip_prefix("sqlite:").unwrap_or(text);
    let plain = plain.strip_prefix("//").unwrap_or(plain);
    if plain.is_empty() || plain.ends_with('/') || plain == ":memory:" || plain.contains('?') || plain.contains("://") {
        return Err(refused());
    }
    std::path::absolute(plain).map_err(|source| OpenError::Io { path: plain.into(), source })
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .synchronous(SqliteSynchronous::Full)
        .thread_name(|id| format!("sqlite-{id}"))
}

fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// A commit that fails for want of room or by an I/O error makes SQLite undo the transaction by itself; sqlx goes on counting
/// it as open, and would begin no other. Such a connection is not lent again.
pub(crate) fn writer(file: &Path, create: bool) -> SqlitePool {
    let options = options(file).create_if_missing(create).journal_mode(SqliteJournalMode::Wal);
    pool(1)
        .before_acquire(|connection, _| {
            let sound = !connection.is_in_transaction();
            Box::pin(async move { Ok(sound) })
        })
        .connect_lazy_with(options)
}

fn readers(file: &Path) -> SqlitePool {
    pool(READERS).connect_lazy_with(options(file).pragma("query_only", "on"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Row;

    /// What no test can see without cutting the power: a commit is on the disk when it is answered.
    #[tokio::test]
    async fn a_commit_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let pool = writer(&folder.path().join("herald.db"), true);
        let setting = async |name: &'static str| {
            let row = sqlx::query(name).fetch_one(&pool).await.unwrap();
            row.try_get::<String, _>(0).unwrap_or_else(|_| row.get::<i64, _>(0).to_string())
        };
        const FULL: &str = "2";
        assert_eq!(
            (setting("pragma synchronous").await.as_str(), setting("pragma journal_mode").await.as_str()),
            (FULL, "wal")
        );
    }

    #[test]
    fn a_url_names_a_file() {
        let file = |url: &str| file_of(Path::new(url)).map(|path| path.display().to_string());
        assert_eq!(file("sqlite:/data/herald.db").unwrap(), "/data/herald.db");
        assert_eq!(file("sqlite:///data/herald.db").unwrap(), "/data/herald.db");
        assert_eq!(file("/data/herald.db").unwrap(), "/data/herald.db");
        assert!(file("sqlite:data/herald.db").unwrap().ends_with("/data/herald.db"));
        assert!(file("sqlite://data/herald.db").unwrap().ends_with("/data/herald.db"));
        for bad in
            ["", "sqlite:", "sqlite::memory:", ":memory:", "sqlite:/data/", "sqlite:a.db?mode=ro", "postgres://x/y"]
        {
            assert!(matches!(file_of(Path::new(bad)), Err(OpenError::Url(_))), "{bad:?}");
        }
    }
}
