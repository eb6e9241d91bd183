//! The processes as they tell of themselves, and the database of itself.

use async_trait::async_trait;
use herald_domain::id::ProcessId;
use herald_domain::process::{ProcessInfo, SEEN_WITHIN_MS};
use herald_domain::store::{Fleet, Result};
use uuid::Uuid;

use crate::SqliteStore;
use crate::fault::fault;
use crate::row::{from_json, ms, number, time, to_json};

struct ProcessRow {
    id: Uuid,
    kind: String,
    version: String,
    class: Option<String>,
    slots: Option<i64>,
    languages: String,
    doing: String,
    seen_at: i64,
}

impl ProcessRow {
    fn into_domain(self) -> Result<ProcessInfo> {
        Ok(ProcessInfo {
            id: ProcessId(self.id),
            kind: self.kind,
            version: self.version,
            class: self.class,
            slots: self.slots.map(number).transpose()?,
            languages: from_json(&self.languages)?,
            doing: self.doing,
            seen_at: time(self.seen_at)?,
        })
    }
}

#[async_trait]
impl Fleet for SqliteStore {
    /// Drops rows that have not been seen for long, too: a process that died does not remove its own.
    #[tracing::instrument(name = "store.refresh_process", level = "debug", skip_all)]
    async fn refresh_process(&self, process: &ProcessInfo) -> Result<()> {
        let languages = to_json(&process.languages)?;
        let mut write = self.write().await?;
        sqlx::query!(
            "-- refresh_process
            insert into processes (id, kind, version, class, slots, languages, doing, seen_at)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            on conflict (id) do update set kind = excluded.kind, version = excluded.version, class = excluded.class,
                slots = excluded.slots, languages = excluded.languages, doing = excluded.doing, seen_at = excluded.seen_at",
            process.id.0,
            process.kind,
            process.version,
            process.class,
            process.slots,
            languages,
            process.doing,
            write.now
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?;
        let gone = write.now - ms(100 * SEEN_WITHIN_MS);
        sqlx::query!(
            "-- refresh_process: gone
            delete from processes where seen_at < ?1",
            gone
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?;
        write.commit().await
    }

    #[tracing::instrument(name = "store.remove_process", level = "debug", skip_all)]
    async fn remove_process(&self, id: ProcessId) -> Result<()> {
        let mut write = self.write().await?;
        sqlx::query!(
            "-- remove_process
            delete from processes where id = ?1",
            id.0
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?;
        write.commit().await
    }

    #[tracing::instrument(name = "store.list_processes", level = "debug", skip_all)]
    async fn list_processes(&self) -> Result<Vec<ProcessInfo>> {
        let since = self.now() - ms(SEEN_WITHIN_MS);
        let rows = sqlx::query_as!(
            ProcessRow,
            r#"-- list_processes
            select id as "id!: Uuid", kind as "kind!", version as "version!", class as "class?", slots as "slots?",
                languages as "languages!", doing as "doing!", seen_at as "seen_at!"
            from processes where seen_at >= ?1 order by kind, id"#,
            since
        )
        .fetch_all(&self.readers)
        .await
        .map_err(fault)?;
        rows.into_iter().map(ProcessRow::into_domain).collect()
    }

    #[tracing::instrument(name = "store.ping", level = "debug", skip_all)]
    async fn ping(&self) -> Result<()> {
        sqlx::query_scalar!(
            r#"-- ping
            select version as "version!" from schema_info"#
        )
        .fetch_one(&self.readers)
        .await
        .map(drop)
        .map_err(fault)
    }

    #[tracing::instrument(name = "store.describe", level = "debug", skip_all)]
    async fn describe(&self) -> Result<String> {
        let version = sqlx::query_scalar!(
            r#"-- describe
            select sqlite_version() as "version!: String""#
        )
        .fetch_one(&self.readers)
        .await
        .map_err(fault)?;
        Ok(format!("SQLite {version}"))
    }
}
