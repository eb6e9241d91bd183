//! Reading, listing and cancelling submissions. (Accepting them: `accept.rs`.)

use async_trait::async_trait;
use herald_domain::id::SubmissionId;
use herald_domain::owner::Owner;
use herald_domain::store::{Accepted, Cancelled, Intake, SubmissionFilter, Submissions};
use herald_domain::submission::{CaseResult, Output, Outputs, SourceFile, Submission};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::{Fault, Result};
use crate::rejudge;
use crate::row::{self, clean, submission_rows};

#[async_trait]
impl Submissions for PostgresStore {
    #[tracing::instrument(name = "store.accept_submissions", level = "debug", skip_all, fields(batch = batch.len()))]
    async fn accept_submissions(&self, batch: &[Intake], user_limit: u64) -> Result<Vec<Accepted>> {
        self.accept(batch, user_limit).await
    }

    #[tracing::instrument(name = "store.get_submission", level = "debug", skip_all)]
    async fn get_submission(&self, id: SubmissionId, owner: Option<&Owner>) -> Result<Option<Submission>> {
        call!(self, "get_submission", Terms::READ, connection => { get(connection, id, owner).await })
    }

    #[tracing::instrument(name = "store.get_submissions", level = "debug", skip_all)]
    async fn get_submissions(&self, ids: &[SubmissionId]) -> Result<Vec<Submission>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        call!(self, "get_submissions", Terms::READ, connection => {
            let rows = submission_rows!("-- get_submissions\nselect", "from submissions s where s.id = any($1)", &ids);
            row::submissions(rows.fetch_all(connection).await?)
        })
    }

    #[tracing::instrument(name = "store.get_outputs", level = "debug", skip_all)]
    async fn get_outputs(&self, id: SubmissionId) -> Result<Outputs> {
        call!(self, "get_outputs", Terms::READ, connection => {
            let found = sqlx::query!(
                "-- get_outputs
                select stdout, stderr, compile_output, truncated from outputs where submission_id = $1",
                id.0
            )
            .fetch_optional(connection)
            .await?;
            let Some(found) = found else { return Ok(Outputs::default()) };
            let output = |name: &str, text: Option<String>| {
                text.map(|text| Output { text, truncated: found.truncated.iter().any(|cut| cut == name) })
            };
            Ok(Outputs {
                stdout: output("stdout", found.stdout),
                stderr: output("stderr", found.stderr),
                compile_output: output("compile_output", found.compile_output),
            })
        })
    }

    #[tracing::instrument(name = "store.get_source", level = "debug", skip_all)]
    async fn get_source(&self, id: SubmissionId) -> Result<Vec<SourceFile>> {
        call!(self, "get_source", Terms::READ, connection => {
            let files = sqlx::query_scalar!(
                r#"-- get_source
                select files as "files: Json<Vec<SourceFile>>" from sources where submission_id = $1"#,
                id.0
            )
            .fetch_optional(connection)
            .await?;
            Ok(files.map_or_else(Vec::new, |files| files.0))
        })
    }

    #[tracing::instrument(name = "store.list_submissions", level = "debug", skip_all)]
    async fn list_submissions(
        &self,
        filter: &SubmissionFilter,
        before: Option<SubmissionId>,
        limit: u32,
    ) -> Result<Vec<Submission>> {
        call!(self, "list_submissions", Terms::READ, connection => { list(connection, filter, before, limit).await })
    }

    #[tracing::instrument(name = "store.recent_submissions", level = "debug", skip_all)]
    async fn recent_submissions(&self, owner: &Owner, limit: u32) -> Result<Vec<Submission>> {
        call!(self, "recent_submissions", Terms::READ, connection => {
            let rows = submission_rows!(
                "-- recent_submissions\nselect",
                "from submissions s where s.owner = $1 order by s.changed_at desc, s.id desc limit $2",
                owner.as_str(),
                i64::from(limit),
            );
            row::submissions(rows.fetch_all(connection).await?)
        })
    }

    #[tracing::instrument(name = "store.cancel_submission", level = "debug", skip_all)]
    async fn cancel_submission(&self, id: SubmissionId, owner: Option<&Owner>) -> Result<Cancelled> {
        call!(self, "cancel_submission", connection => { cancel(connection, id, owner).await })
    }

    #[tracing::instrument(name = "store.count_open", level = "debug", skip_all)]
    async fn count_open(&self) -> Result<u64> {
        call!(self, "count_open", Terms::READ, connection => {
            let open = sqlx::query_scalar!(
                r#"-- count_open
                select count(*) as "open!" from submissions
                where status in ('queued', 'compiling', 'running') and not rejudged"#
            )
            .fetch_one(connection)
            .await?;
            row::unsigned("count", open)
        })
    }
}

async fn get(
    connection: &mut PgConnection,
    id: SubmissionId,
    owner: Option<&Owner>,
) -> Result<Option<Submission>, Fault> {
    let found = submission_rows!(
        "-- get_submission\nselect",
        "from submissions s where s.id = $1 and ($2::text is null or s.owner = $2)",
        id.0,
        owner.map(Owner::as_str),
    );
    found.fetch_optional(connection).await?.map(Submission::try_from).transpose()
}

/// One statement for each index that can serve: with the owner given, with a problem only, with neither.
async fn list(
    connection: &mut PgConnection,
    filter: &SubmissionFilter,
    before: Option<SubmissionId>,
    limit: u32,
) -> Result<Vec<Submission>, Fault> {
    let before = before.map_or(Uuid::max(), |id| id.0);
    let problem = filter.problem.as_deref().map(clean);
    let problem = problem.as_deref();
    let verdict = filter.verdict.map(|verdict| verdict.as_str());
    let status = filter.status.map(|status| status.as_str());
    let limit = i64::from(limit);
    let rows = match (&filter.owner, problem) {
        (Some(owner), _) => {
            submission_rows!(
                "-- list_submissions, of an owner\nselect",
                "from submissions s
                where s.owner = $1 and s.id < $2 and ($3::text is null or s.problem = $3)
                    and ($4::text is null or s.verdict = $4) and ($5::text is null or s.status = $5)
                order by s.id desc limit $6",
                owner.as_str(),
                before,
                problem,
                verdict,
                status,
                limit,
            )
            .fetch_all(connection)
            .await?
        }
        (None, Some(problem)) => {
            submission_rows!(
                "-- list_submissions, of a problem\nselect",
                "from submissions s
                where s.problem = $1 and s.id < $2
                    and ($3::text is null or s.verdict = $3) and ($4::text is null or s.status = $4)
                order by s.id desc limit $5",
                problem,
                before,
                verdict,
                status,
                limit,
            )
            .fetch_all(connection)
            .await?
        }
        (None, None) => {
            submission_rows!(
                "-- list_submissions, of all\nselect",
                "from submissions s
                where s.id < $1 and ($2::text is null or s.verdict = $2) and ($3::text is null or s.status = $3)
                order by s.id desc limit $4",
                before,
                verdict,
                status,
                limit,
            )
            .fetch_all(connection)
            .await?
        }
    };
    row::submissions(rows)
}

async fn cancel(connection: &mut PgConnection, id: SubmissionId, owner: Option<&Owner>) -> Result<Cancelled, Fault> {
    let owner_name = owner.map(Owner::as_str);
    let mut tx = connection.begin().await?;
    let ended = match end(&mut tx, id, owner_name).await? {
        None => rejudge::give_back(&mut tx, id, owner_name).await?,
        cancelled => cancelled,
    };
    if let Some(submission) = ended {
        let event = row::tell_one(&mut tx, &submission).await?;
        tx.commit().await?;
        return Ok(Cancelled::Now(Box::new(submission), row::equal(event)));
    }
    tx.rollback().await?;
    Ok(match get(connection, id, owner).await? {
        None => Cancelled::Unknown,
        Some(found) if found.verdict.is_some() => Cancelled::Finished(Box::new(found)),
        Some(found) => Cancelled::Before(Box::new(found)),
    })
}

/// `None`: it is not open, not the owner's, or has a verdict to go back to.
async fn end(
    connection: &mut PgConnection,
    id: SubmissionId,
    owner: Option<&str>,
) -> Result<Option<Submission>, Fault> {
    let changed = submission_rows!(
        r#"-- cancel_submission
        update submissions s
        set status = 'cancelled', finished_at = herald_now(), changed_at = herald_now(), "offset" = s."offset" + 1,
            lease_token = null, lease_until = null, wake_at = null
        where s.id = $1 and ($2::text is null or s.owner = $2) and s.status in ('queued', 'compiling', 'running')
            and not exists (select from verdicts v where v.submission_id = $1)
        returning"#,
        "",
        id.0,
        owner,
    );
    changed.fetch_optional(connection).await?.map(Submission::try_from).transpose()
}
