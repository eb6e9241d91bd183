//! Problem packages: immutable versions with their files, and which version a slug means now.

use async_trait::async_trait;
use herald_domain::problem::{PackageFile, ProblemPackage, ProblemSummary};
use herald_domain::store::Problems;
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::{Fault, Result};
use crate::row::clean;

#[async_trait]
impl Problems for PostgresStore {
    #[tracing::instrument(name = "store.import_problem", level = "debug", skip_all)]
    async fn import_problem(&self, package: &ProblemPackage) -> Result<bool> {
        call!(self, "import_problem", Terms::BULK, connection => { import(connection, package).await })
    }

    #[tracing::instrument(name = "store.list_problems", level = "debug", skip_all)]
    async fn list_problems(&self, after: Option<&str>, limit: u32) -> Result<Vec<(ProblemSummary, String)>> {
        let after = clean(after.unwrap_or_default());
        call!(self, "list_problems", Terms::READ, connection => {
            let rows = sqlx::query!(
                r#"-- list_problems
                select p.slug, p.version, v.summary as "summary: Json<ProblemSummary>"
                from problems p join problem_versions v on v.version = p.version
                where p.slug > $1 order by p.slug limit $2"#,
                &*after,
                i64::from(limit),
            );
            let rows = rows.fetch_all(connection).await?;
            Ok(rows.into_iter().map(|row| named(row.slug, row.summary, row.version)).collect())
        })
    }

    #[tracing::instrument(name = "store.get_problem", level = "debug", skip_all)]
    async fn get_problem(&self, slug: &str) -> Result<Option<(ProblemSummary, String)>> {
        let slug = clean(slug);
        call!(self, "get_problem", Terms::READ, connection => {
            let found = sqlx::query!(
                r#"-- get_problem
                select p.slug, p.version, v.summary as "summary: Json<ProblemSummary>"
                from problems p join problem_versions v on v.version = p.version
                where p.slug = $1"#,
                &*slug,
            );
            let found = found.fetch_optional(connection).await?;
            Ok(found.map(|row| named(row.slug, row.summary, row.version)))
        })
    }

    #[tracing::instrument(name = "store.problem_files", level = "debug", skip_all)]
    async fn problem_files(&self, version: &str) -> Result<Option<Vec<PackageFile>>> {
        let version = clean(version);
        call!(self, "problem_files", Terms::BULK_READ, connection => { files(connection, &version).await })
    }
}

/// Two slugs may share a version (a copied folder), whose summary names only the first.
fn named(slug: String, summary: Json<ProblemSummary>, version: String) -> (ProblemSummary, String) {
    (ProblemSummary { slug, ..summary.0 }, version)
}

async fn import(connection: &mut PgConnection, package: &ProblemPackage) -> Result<bool, Fault> {
    let mut tx = connection.begin().await?;
    let new = sqlx::query!(
        "-- import_problem, version
        insert into problem_versions (version, slug, summary, imported_at) values ($1, $2, $3, herald_now())
        on conflict (version) do nothing",
        package.version,
        package.slug,
        Json(&package.summary) as _,
    )
    .execute(&mut *tx)
    .await?;
    if new.rows_affected() > 0 {
        // One by one: a package may be far larger than a single message should be.
        for file in &package.files {
            sqlx::query!(
                "-- import_problem, file
                insert into problem_blobs (version, path, content) values ($1, $2, $3)",
                package.version,
                file.path,
                file.content,
            )
            .execute(&mut *tx)
            .await?;
        }
    }
    let changed = sqlx::query!(
        "-- import_problem
        insert into problems as p (slug, version, updated_at) values ($1, $2, herald_now())
        on conflict (slug) do update set version = excluded.version, updated_at = excluded.updated_at
        where p.version <> excluded.version",
        package.slug,
        package.version,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(changed.rows_affected() > 0)
}

async fn files(connection: &mut PgConnection, version: &str) -> Result<Option<Vec<PackageFile>>, Fault> {
    let known = sqlx::query_scalar!(
        r#"-- problem_files, version
        select exists (select from problem_versions where version = $1) as "known!""#,
        version
    );
    if !known.fetch_one(&mut *connection).await? {
        return Ok(None);
    }
    let files = sqlx::query_as!(
        PackageFile,
        "-- problem_files
        select path, content from problem_blobs where version = $1 order by path",
        version
    );
    Ok(Some(files.fetch_all(connection).await?))
}
