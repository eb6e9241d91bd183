//! `herald migrate`: the schema, and what a new store needs once.
//!
//! Invariant: one migrator at a time per schema, by an advisory lock on a connection of its own; whoever waited finds
//! nothing left to do. Never run over a pooled connection, whose time-outs are too short for it.

use herald_domain::id::Epoch;
use sqlx::migrate::{Migrate, MigrateError};
use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::config::{OpenError, check_server, connect_options};
use crate::{KNOWN_READER, MIN_READER, SCHEMA_VERSION, events};

/// Where sqlx notes what it has applied.
const APPLIED: &str = "_sqlx_migrations";

/// What a migration found and did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MigrateReport {
    /// The schema's version before; none: there was no schema.
    pub from: Option<i32>,
    pub to: i32,
    /// Names of the migrations that were applied now.
    pub applied: Vec<String>,
    pub epoch: Epoch,
}

/// The row of `schema_info`.
pub(crate) struct SchemaInfo {
    pub version: i32,
    pub min_reader: i32,
    pub epoch: uuid::Uuid,
}

pub(crate) async fn run(url: &str) -> Result<MigrateReport, OpenError> {
    let options = connect_options(url, "herald migrate")?;
    let mut connection = options.connect().await.map_err(OpenError::Connect)?;
    check_server(&connection)?;
    lock(&mut connection).await.map_err(OpenError::Statement)?;
    let report = migrate(&mut connection).await;
    // Closing releases the lock, whatever happened.
    let _ = connection.close().await;
    report
}

async fn lock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"-- migrate, lock
        select pg_advisory_lock(hashtextextended('herald.migrate:' || coalesce(current_schema(), ''), 0))::text as "void""#
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

async fn migrate(connection: &mut PgConnection) -> Result<MigrateReport, OpenError> {
    let before = schema_info(connection).await?;
    if let Some(found) = &before
        && found.min_reader > KNOWN_READER
    {
        return Err(OpenError::TooNew { min_reader: found.min_reader, known: KNOWN_READER });
    }
    let applied = apply(connection).await.map_err(OpenError::Migrate)?;
    let after = seed(connection).await.map_err(OpenError::Statement)?;
    events::make_partitions(connection).await.map_err(OpenError::Statement)?;
    Ok(MigrateReport { from: before.map(|found| found.version), to: after.version, applied, epoch: Epoch(after.epoch) })
}

async fn apply(connection: &mut PgConnection) -> Result<Vec<String>, MigrateError> {
    let mut migrator = sqlx::migrate!("../../migrations/postgres");
    migrator.set_locking(false); // ours is held, and is per schema, not per database
    migrator.set_ignore_missing(true); // a newer program may have been here; `min_reader` judges that
    connection.ensure_migrations_table(APPLIED).await?;
    let before = connection.list_applied_migrations(APPLIED).await?;
    migrator.run_direct(None, connection, false).await?;
    let new = migrator.iter().filter(|migration| before.iter().all(|old| old.version != migration.version));
    Ok(new.map(|migration| format!("{:04}_{}", migration.version, migration.description.replace(' ', "_"))).collect())
}

/// Epoch, versions and the signing key; what is there stays.
async fn seed(connection: &mut PgConnection) -> Result<SchemaInfo, sqlx::Error> {
    let mut tx = connection.begin().await?;
    let secret: [u8; 32] = rand::random();
    sqlx::query!(
        "-- migrate, signing key
        insert into signing_keys (secret) select $1 where not exists (select from signing_keys)",
        &secret[..],
    )
    .execute(&mut *tx)
    .await?;
    let info = sqlx::query_as!(
        SchemaInfo,
        "-- migrate, schema info
        insert into schema_info as s (version, min_reader, epoch) values ($1, $2, gen_random_uuid())
        on conflict (one) do update
        set version = greatest(s.version, excluded.version), min_reader = greatest(s.min_reader, excluded.min_reader)
        returning version, min_reader, epoch",
        SCHEMA_VERSION,
        MIN_READER,
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(info)
}

/// `None`: nobody has migrated this schema yet.
pub(crate) async fn schema_info(connection: &mut PgConnection) -> Result<Option<SchemaInfo>, OpenError> {
    let found = sqlx::query_as!(SchemaInfo, "-- schema_info\nselect version, min_reader, epoch from schema_info");
    match found.fetch_optional(connection).await {
        Ok(found) => Ok(found),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Ok(None),
        Err(error) => Err(OpenError::Statement(error)),
    }
}
