//! The processes as they tell of themselves, and the store's own state.

use async_trait::async_trait;
use herald_domain::id::ProcessId;
use herald_domain::language::LanguageInfo;
use herald_domain::process::{ProcessInfo, SEEN_WITHIN_MS};
use herald_domain::store::Fleet;
use sqlx::types::Json;

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::Result;
use crate::row::{self, clean};

#[async_trait]
impl Fleet for PostgresStore {
    #[tracing::instrument(name = "store.refresh_process", level = "debug", skip_all)]
    async fn refresh_process(&self, process: &ProcessInfo) -> Result<()> {
        call!(self, "refresh_process", connection => {
            sqlx::query!(
                "-- refresh_process
                insert into processes (id, kind, version, class, slots, languages, doing, seen_at)
                values ($1, $2, $3, $4, $5, $6, $7, herald_now())
                on conflict (id) do update
                set kind = excluded.kind, version = excluded.version, class = excluded.class, slots = excluded.slots,
                    languages = excluded.languages, doing = excluded.doing, seen_at = excluded.seen_at",
                process.id.0,
                process.kind,
                process.version,
                process.class,
                process.slots.map(row::signed32),
                Json(&process.languages) as _,
                &*clean(&process.doing),
            )
            .execute(connection)
            .await?;
            Ok(())
        })
    }

    #[tracing::instrument(name = "store.remove_process", level = "debug", skip_all)]
    async fn remove_process(&self, id: ProcessId) -> Result<()> {
        call!(self, "remove_process", connection => {
            sqlx::query!("-- remove_process\ndelete from processes where id = $1", id.0).execute(connection).await?;
            Ok(())
        })
    }

    #[tracing::instrument(name = "store.list_processes", level = "debug", skip_all)]
    async fn list_processes(&self) -> Result<Vec<ProcessInfo>> {
        call!(self, "list_processes", Terms::READ, connection => {
            let rows = sqlx::query!(
                r#"-- list_processes
                select id, kind, version, class, slots, languages as "languages: Json<Vec<LanguageInfo>>", doing, seen_at
                from processes where seen_at >= herald_now() - $1 * interval '1 ms' order by kind, id"#,
                SEEN_WITHIN_MS as f64
            )
            .fetch_all(connection)
            .await?;
            let processes = rows.into_iter().map(|row| {
                Ok(ProcessInfo {
                    id: ProcessId(row.id),
                    kind: row.kind,
                    version: row.version,
                    class: row.class,
                    slots: row.slots.map(|slots| row::unsigned("slots", slots)).transpose()?,
                    languages: row.languages.0,
                    doing: row.doing,
                    seen_at: row.seen_at,
                })
            });
            processes.collect()
        })
    }

    #[tracing::instrument(name = "store.ping", level = "debug", skip_all)]
    async fn ping(&self) -> Result<()> {
        call!(self, "ping", Terms::READ, connection => {
            sqlx::query_scalar!("-- ping\nselect version from schema_info").fetch_one(connection).await?;
            Ok(())
        })
    }

    #[tracing::instrument(name = "store.describe", level = "debug", skip_all)]
    async fn describe(&self) -> Result<String> {
        call!(self, "describe", Terms::READ, connection => {
            let version = sqlx::query_scalar!(
                r#"-- describe
                select current_setting('server_version') as "version!""#
            );
            Ok(format!("PostgreSQL {}", version.fetch_one(connection).await?))
        })
    }
}
