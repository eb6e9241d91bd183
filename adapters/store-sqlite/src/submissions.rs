//! Submissions: accepting (see [`crate::accept`]), reading, cancelling.

use async_trait::async_trait;
use herald_domain::id::SubmissionId;
use herald_domain::owner::Owner;
use herald_domain::store::{Accepted, Cancelled, EventEq, Intake, Result, SubmissionFilter, Submissions};
use herald_domain::submission::{Output, Outputs, SourceFile, Status, Submission};
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::events::tell;
use crate::fault::{broken, fault};
use crate::row::{SubmissionRow, from_json, id_list, submission_rows, submissions};
use crate::write::Write;
use crate::{SqliteStore, accept, rejudge};

pub(crate) async fn get(connection: &mut SqliteConnection, id: SubmissionId) -> Result<Option<Submission>> {
    submission_rows!(
        "-- get_submission
        select",
        "from submissions where id = ?1",
        id.0
    )
    .fetch_optional(connection)
    .await
    .map_err(fault)?
    .map(SubmissionRow::into_domain)
    .transpose()
}

#[async_trait]
impl Submissions for SqliteStore {
    #[tracing::instrument(name = "store.accept_submissions", level = "debug", skip_all, fields(batch.len = batch.len()))]
    async fn accept_submissions(&self, batch: &[Intake], user_limit: u64) -> Result<Vec<Accepted>> {
        accept::accept(self, batch, user_limit).await
    }

    #[tracing::instrument(name = "store.get_submission", level = "debug", skip_all)]
    async fn get_submission(&self, id: SubmissionId, owner: Option<&Owner>) -> Result<Option<Submission>> {
        let mut reader = self.readers.acquire().await.map_err(fault)?;
        let found = get(&mut reader, id).await?;
        Ok(found.filter(|submission| owner.is_none_or(|owner| submission.owner == *owner)))
    }

    #[tracing::instrument(name = "store.get_submissions", level = "debug", skip_all)]
    async fn get_submissions(&self, ids: &[SubmissionId]) -> Result<Vec<Submission>> {
        let ids = id_list(ids.iter().map(|id| id.0))?;
        let rows = submission_rows!(
            "-- get_submissions
            select",
            "from submissions where id in (select unhex(value) from json_each(?1))",
            ids
        )
        .fetch_all(&self.readers)
        .await
        .map_err(fault)?;
        submissions(rows)
    }

    #[tracing::instrument(name = "store.get_outputs", level = "debug", skip_all)]
    async fn get_outputs(&self, id: SubmissionId) -> Result<Outputs> {
        let row = sqlx::query!(
            r#"-- get_outputs
            select stdout as "stdout?", stderr as "stderr?", compile_output as "compile_output?",
                truncated as "truncated!"
            from outputs where submission_id = ?1"#,
            id.0
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(fault)?;
        let Some(row) = row else { return Ok(Outputs::default()) };
        let truncated: Vec<String> = from_json(&row.truncated)?;
        let output = |name: &str, text: Option<String>| {
            text.map(|text| Output { text, truncated: truncated.iter().any(|one| one == name) })
        };
        Ok(Outputs {
            stdout: output("stdout", row.stdout),
            stderr: output("stderr", row.stderr),
            compile_output: output("compile_output", row.compile_output),
        })
    }

    #[tracing::instrument(name = "store.get_source", level = "debug", skip_all)]
    async fn get_source(&self, id: SubmissionId) -> Result<Vec<SourceFile>> {
        let files = sqlx::query_scalar!(
            r#"-- get_source
            select files as "files!" from sources where submission_id = ?1"#,
            id.0
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(fault)?;
        files.map_or(Ok(Vec::new()), |files| from_json(&files))
    }

    #[tracing::instrument(name = "store.list_submissions", level = "debug", skip_all)]
    async fn list_submissions(
        &self,
        filter: &SubmissionFilter,
        before: Option<SubmissionId>,
        limit: u32,
    ) -> Result<Vec<Submission>> {
        let before = before.map_or(Uuid::max(), |id| id.0);
        let verdict = filter.verdict.map(|verdict| verdict.as_str());
        let status = filter.status.map(Status::as_str);
        let problem = filter.problem.as_deref();
        // One statement per index to walk.
        let rows = match (&filter.owner, problem) {
            (Some(owner), _) => {
                submission_rows!(
                    "-- list_submissions: of an owner
                    select",
                    "from submissions where owner = ?1 and id < ?2 and (?3 is null or problem = ?3)
                        and (?4 is null or verdict = ?4) and (?5 is null or status = ?5)
                    order by id desc limit ?6",
                    owner.as_str(),
                    before,
                    problem,
                    verdict,
                    status,
                    limit
                )
                .fetch_all(&self.readers)
                .await
            }
            (None, Some(problem)) => {
                submission_rows!(
                    "-- list_submissions: of a problem
                    select",
                    "from submissions where problem = ?1 and id < ?2 and (?3 is null or verdict = ?3)
                        and (?4 is null or status = ?4)
                    order by id desc limit ?5",
                    problem,
                    before,
                    verdict,
                    status,
                    limit
                )
                .fetch_all(&self.readers)
                .await
            }
            (None, None) => {
                submission_rows!(
                    "-- list_submissions
                    select",
                    "from submissions where id < ?1 and (?2 is null or verdict = ?2) and (?3 is null or status = ?3)
                    order by id desc limit ?4",
                    before,
                    verdict,
                    status,
                    limit
                )
                .fetch_all(&self.readers)
                .await
            }
        };
        submissions(rows.map_err(fault)?)
    }

    #[tracing::instrument(name = "store.recent_submissions", level = "debug", skip_all)]
    async fn recent_submissions(&self, owner: &Owner, limit: u32) -> Result<Vec<Submission>> {
        let rows = submission_rows!(
            "-- recent_submissions
            select",
            "from submissions where owner = ?1 order by changed_at desc, id desc limit ?2",
            owner.as_str(),
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(fault)?;
        submissions(rows)
    }

    #[tracing::instrument(name = "store.cancel_submission", level = "debug", skip_all)]
    async fn cancel_submission(&self, id: SubmissionId, owner: Option<&Owner>) -> Result<Cancelled> {
        let mut write = self.write().await?;
        let found = get(&mut write.tx, id).await?;
        let Some(before) = found.filter(|submission| owner.is_none_or(|owner| submission.owner == *owner)) else {
            return Ok(Cancelled::Unknown);
        };
        match before.status {
            Status::Cancelled => return Ok(Cancelled::Before(Box::new(before))),
            Status::Finished => return Ok(Cancelled::Finished(Box::new(before))),
            Status::Queued | Status::Compiling | Status::Running => {}
        }
        let ended = match rejudge::give_back(&mut write, id).await? {
            Some(finished) => finished,
            None => cancel(&mut write, id).await?,
        };
        let event = tell(&mut write, &ended).await?;
        write.commit().await?;
        Ok(Cancelled::Now(Box::new(ended), EventEq(event)))
    }

    #[tracing::instrument(name = "store.count_open", level = "debug", skip_all)]
    async fn count_open(&self) -> Result<u64> {
        let open = sqlx::query_scalar!(
            r#"-- count_open
            select count(*) as "open!: i64" from submissions
            where status in ('queued', 'compiling', 'running') and rejudged = 0"#
        )
        .fetch_one(&self.readers)
        .await
        .map_err(fault)?;
        Ok(open.unsigned_abs())
    }
}

async fn cancel(write: &mut Write, id: SubmissionId) -> Result<Submission> {
    submission_rows!(
        r#"-- cancel_submission
        update submissions set status = 'cancelled', finished_at = ?2, changed_at = ?2, "offset" = "offset" + 1,
            lease_token = null, lease_until = null, wake_at = null
        where id = ?1
        returning"#,
        "",
        id.0,
        write.now
    )
    .fetch_optional(&mut *write.tx)
    .await
    .map_err(fault)?
    .ok_or_else(|| broken(format!("submission {id} vanished")))?
    .into_domain()
}
