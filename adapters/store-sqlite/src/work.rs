//! Work under leases. A write is a compare-and-set on the row's token; a final row has none. `run_at` delays only what was
//! released: what is fresh is due though the clock be set back behind its accept.

use async_trait::async_trait;
use herald_domain::event::StoredEvent;
use herald_domain::id::{LeaseToken, SubmissionId};
use herald_domain::store::{Claimed, Result, Wake, Work};
use herald_domain::submission::{CaseResult, Judgement, MemorySource, Outputs, Tests};

use crate::events::{EventRow, tell};
use crate::fault::fault;
use crate::row::{integer, ms, submission_rows, to_json};
use crate::write::Write;
use crate::{SqliteStore, claim, sweep};

#[async_trait]
impl Work for SqliteStore {
    #[tracing::instrument(name = "store.claim", level = "debug", skip_all)]
    async fn claim(&self, class: &str, token: LeaseToken, lease_ms: u64) -> Result<Claimed> {
        claim::claim(self, class, token, lease_ms).await
    }

    #[tracing::instrument(name = "store.renew", level = "debug", skip_all)]
    async fn renew(&self, id: SubmissionId, token: LeaseToken, lease_ms: u64) -> Result<bool> {
        let mut write = self.write().await?;
        let until = write.now + ms(lease_ms);
        let renewed = sqlx::query!(
            "-- renew
            update submissions set lease_until = ?3, wake_at = ?3 where id = ?1 and lease_token = ?2",
            id.0,
            token.0,
            until
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?
        .rows_affected();
        write.commit().await?;
        Ok(renewed == 1)
    }

    #[tracing::instrument(name = "store.start_running", level = "debug", skip_all)]
    async fn start_running(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        total: Option<u32>,
    ) -> Result<Option<StoredEvent>> {
        let mut write = self.write().await?;
        let row = submission_rows!(
            r#"-- start_running
            update submissions set status = 'running', tests_total = ?3, "offset" = "offset" + 1, changed_at = ?4
            where id = ?1 and lease_token = ?2 and status = 'compiling'
            returning"#,
            "",
            id.0,
            token.0,
            total,
            write.now
        )
        .fetch_optional(&mut *write.tx)
        .await
        .map_err(fault)?;
        let Some(row) = row else { return told_before(&mut write, id, token).await };
        let event = tell(&mut write, &row.into_domain()?).await?;
        write.commit().await?;
        Ok(Some(event))
    }

    #[tracing::instrument(name = "store.save_progress", level = "debug", skip_all)]
    async fn save_progress(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        tests: Tests,
        cases: &[CaseResult],
    ) -> Result<bool> {
        let cases = to_json(cases)?;
        let mut write = self.write().await?;
        let saved = sqlx::query!(
            "-- save_progress
            update submissions set tests_passed = ?3, tests_run = ?4, tests_total = ?5, cases = ?6
            where id = ?1 and lease_token = ?2",
            id.0,
            token.0,
            tests.passed,
            tests.run,
            tests.total,
            cases
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?
        .rows_affected();
        write.commit().await?;
        Ok(saved == 1)
    }

    #[tracing::instrument(name = "store.record_verdict", level = "debug", skip_all)]
    async fn record_verdict(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        judgement: &Judgement,
    ) -> Result<Option<StoredEvent>> {
        let mut write = self.write().await?;
        let Some(event) = finish(&mut write, id, Some(token), judgement).await? else { return Ok(None) };
        write.commit().await?;
        Ok(Some(event))
    }

    #[tracing::instrument(name = "store.release", level = "debug", skip_all)]
    async fn release(
        &self,
        id: SubmissionId,
        token: LeaseToken,
        delay_ms: u64,
        error: &str,
    ) -> Result<Option<StoredEvent>> {
        let mut write = self.write().await?;
        let run_at = write.now + ms(delay_ms);
        let row = submission_rows!(
            r#"-- release
            update submissions set status = 'queued', run_at = ?3, wake_at = ?3, lease_token = null, lease_until = null,
                last_error = ?4, "offset" = "offset" + 1, changed_at = ?5
            where id = ?1 and lease_token = ?2
            returning"#,
            "",
            id.0,
            token.0,
            run_at,
            error,
            write.now
        )
        .fetch_optional(&mut *write.tx)
        .await
        .map_err(fault)?;
        let Some(row) = row else { return Ok(None) };
        let event = tell(&mut write, &row.into_domain()?).await?;
        write.commit().await?;
        Ok(Some(event))
    }

    #[tracing::instrument(name = "store.due_wakes", level = "debug", skip_all)]
    async fn due_wakes(&self, limit: u32) -> Result<Vec<Wake>> {
        sweep::due_wakes(self, limit).await
    }

    #[tracing::instrument(name = "store.due_rows", level = "debug", skip_all)]
    async fn due_rows(&self, class: &str, older_than_ms: u64, limit: u32) -> Result<Vec<Wake>> {
        sweep::due_rows(self, class, older_than_ms, limit).await
    }

    #[tracing::instrument(name = "store.expire_unclaimed", level = "debug", skip_all)]
    async fn expire_unclaimed(&self, max_age_ms: u64, limit: u32) -> Result<Vec<StoredEvent>> {
        sweep::expire_unclaimed(self, max_age_ms, limit).await
    }

    #[tracing::instrument(name = "store.expire_leases", level = "debug", skip_all)]
    async fn expire_leases(&self) -> Result<u64> {
        sweep::expire_leases(self).await
    }

    #[tracing::instrument(name = "store.open_classes", level = "debug", skip_all)]
    async fn open_classes(&self) -> Result<Vec<String>> {
        sweep::open_classes(self).await
    }
}

/// Ends an open submission: with a token, if that is the row's; without, whoever holds it.
pub(crate) async fn finish(
    write: &mut Write,
    id: SubmissionId,
    token: Option<LeaseToken>,
    judged: &Judgement,
) -> Result<Option<StoredEvent>> {
    let token = token.map(|token| token.0);
    let cases = to_json(&judged.cases)?;
    let row = submission_rows!(
        r#"-- record_verdict
        update submissions set status = 'finished', verdict = ?3, reason = ?4, score = ?5, language_version = ?6,
            tests_passed = ?7, tests_run = ?8, tests_total = ?9, cases = ?10, time_ms = ?11, wall_ms = ?12, memory_kb = ?13,
            memory_source = ?14, exit_code = ?15, signal = ?16, lease_token = null, lease_until = null, wake_at = null,
            finished_at = ?17, changed_at = ?17, "offset" = "offset" + 1
        where id = ?1 and (?2 is null or lease_token = ?2) and status in ('queued', 'compiling', 'running')
        returning"#,
        "",
        id.0,
        token,
        judged.verdict.as_str(),
        judged.reason,
        judged.score,
        judged.language_version,
        judged.tests.passed,
        judged.tests.run,
        judged.tests.total,
        cases,
        judged.time_ms.map(integer),
        judged.wall_ms.map(integer),
        judged.memory_kb.map(integer),
        judged.memory_source.map(MemorySource::as_str),
        judged.exit_code,
        judged.signal,
        write.now
    )
    .fetch_optional(&mut *write.tx)
    .await
    .map_err(fault)?;
    let Some(row) = row else { return Ok(None) };
    let submission = row.into_domain()?;
    if submission.attempt > 1 {
        forget_outputs(write, id).await?;
    }
    keep_outputs(write, id, &judged.outputs).await?;
    tell(write, &submission).await.map(Some)
}

/// Those of the verdict before: only what was judged again has any.
async fn forget_outputs(write: &mut Write, id: SubmissionId) -> Result<()> {
    sqlx::query!(
        "-- record_verdict: outputs before
        delete from outputs where submission_id = ?1",
        id.0
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn keep_outputs(write: &mut Write, id: SubmissionId, outputs: &Outputs) -> Result<()> {
    let named = [("stdout", &outputs.stdout), ("stderr", &outputs.stderr), ("compile_output", &outputs.compile_output)];
    if named.iter().all(|(_, output)| output.is_none()) {
        return Ok(());
    }
    let truncated = named.iter().filter(|(_, output)| output.as_ref().is_some_and(|output| output.truncated));
    let truncated = to_json(&truncated.map(|(name, _)| *name).collect::<Vec<_>>())?;
    let [stdout, stderr, compile_output] = named.map(|(_, output)| output.as_ref().map(|output| output.text.as_str()));
    sqlx::query!(
        "-- record_verdict: outputs
        insert into outputs (submission_id, stdout, stderr, compile_output, truncated, at) values (?1, ?2, ?3, ?4, ?5, ?6)",
        id.0,
        stdout,
        stderr,
        compile_output,
        truncated,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

/// The event of a `start_running` that this holder does not know was committed.
async fn told_before(write: &mut Write, id: SubmissionId, token: LeaseToken) -> Result<Option<StoredEvent>> {
    let channel = herald_domain::channel::Channel::Submission(id).to_string();
    sqlx::query_as!(
        EventRow,
        r#"-- start_running: told before
        select e.channel as "channel!", e."offset" as "offset!", e.at as "at!", e.audience as "audience!", e.name as "name!",
            e.data as "data!"
        from submissions s join events e on e.channel = ?3 and e."offset" = s."offset"
        where s.id = ?1 and s.lease_token = ?2 and s.status = 'running'"#,
        id.0,
        token.0,
        channel
    )
    .fetch_optional(&mut *write.tx)
    .await
    .map_err(fault)?
    .map(EventRow::into_domain)
    .transpose()
}
