//! Problem packages: immutable versions, one of them current for its slug.

use async_trait::async_trait;
use herald_domain::problem::{PackageFile, ProblemPackage, ProblemSummary};
use herald_domain::store::{Problems, Result};

use crate::SqliteStore;
use crate::fault::fault;
use crate::row::{from_json, to_json};
use crate::write::Write;

/// The current version of a problem.
struct CurrentRow {
    slug: String,
    version: String,
    summary: String,
}

impl CurrentRow {
    /// The slug is the row's own: two problems may have the same files, and so share a version.
    fn into_domain(self) -> Result<(ProblemSummary, String)> {
        let summary: ProblemSummary = from_json(&self.summary)?;
        Ok((ProblemSummary { slug: self.slug, ..summary }, self.version))
    }
}

#[async_trait]
impl Problems for SqliteStore {
    #[tracing::instrument(name = "store.import_problem", level = "debug", skip_all)]
    async fn import_problem(&self, package: &ProblemPackage) -> Result<bool> {
        let mut write = self.write().await?;
        keep_version(&mut write, package).await?;
        let changed = sqlx::query!(
            "-- import_problem: current
            insert into problems (slug, version, updated_at) values (?1, ?2, ?3)
            on conflict (slug) do update set version = excluded.version, updated_at = excluded.updated_at
                where version <> excluded.version",
            package.slug,
            package.version,
            write.now
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?
        .rows_affected();
        write.commit().await?;
        Ok(changed == 1)
    }

    #[tracing::instrument(name = "store.list_problems", level = "debug", skip_all)]
    async fn list_problems(&self, after: Option<&str>, limit: u32) -> Result<Vec<(ProblemSummary, String)>> {
        let after = after.unwrap_or("");
        let rows = sqlx::query_as!(
            CurrentRow,
            r#"-- list_problems
            select p.slug as "slug!", p.version as "version!", v.summary as "summary!"
            from problems p join problem_versions v on v.version = p.version
            where p.slug > ?1 order by p.slug limit ?2"#,
            after,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(fault)?;
        rows.into_iter().map(CurrentRow::into_domain).collect()
    }

    #[tracing::instrument(name = "store.get_problem", level = "debug", skip_all)]
    async fn get_problem(&self, slug: &str) -> Result<Option<(ProblemSummary, String)>> {
        sqlx::query_as!(
            CurrentRow,
            r#"-- get_problem
            select p.slug as "slug!", p.version as "version!", v.summary as "summary!"
            from problems p join problem_versions v on v.version = p.version where p.slug = ?1"#,
            slug
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(fault)?
        .map(CurrentRow::into_domain)
        .transpose()
    }

    /// A version and its files are committed together and never change, so two reads see one state.
    #[tracing::instrument(name = "store.problem_files", level = "debug", skip_all)]
    async fn problem_files(&self, version: &str) -> Result<Option<Vec<PackageFile>>> {
        let known = sqlx::query_scalar!(
            r#"-- problem_files: version
            select count(*) as "known!: i64" from problem_versions where version = ?1"#,
            version
        )
        .fetch_one(&self.readers)
        .await
        .map_err(fault)?;
        if known == 0 {
            return Ok(None);
        }
        sqlx::query_as!(
            PackageFile,
            r#"-- problem_files
            select path as "path!", content as "content!" from problem_blobs where version = ?1 order by path"#,
            version
        )
        .fetch_all(&self.readers)
        .await
        .map(Some)
        .map_err(fault)
    }
}

async fn keep_version(write: &mut Write, package: &ProblemPackage) -> Result<()> {
    let summary = to_json(&package.summary)?;
    let new = sqlx::query!(
        "-- import_problem: version
        insert into problem_versions (version, slug, summary, imported_at) values (?1, ?2, ?3, ?4)
        on conflict (version) do nothing",
        package.version,
        package.slug,
        summary,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?
    .rows_affected();
    if new == 0 {
        return Ok(());
    }
    for file in &package.files {
        sqlx::query!(
            "-- import_problem: file
            insert into problem_blobs (version, path, content) values (?1, ?2, ?3)",
            package.version,
            file.path,
            file.content
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?;
    }
    Ok(())
}
