//! Where a submission gets its verdict: row, outputs and event in one transaction, once.

use herald_domain::event::StoredEvent;
use herald_domain::id::{LeaseToken, SubmissionId};
use herald_domain::submission::{CaseResult, Judgement, Output, Outputs};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};

use crate::fault::{Fault, Result};
use crate::row::{self, clean, submission_rows};

pub(super) async fn record(
    connection: &mut PgConnection,
    id: SubmissionId,
    token: LeaseToken,
    judgement: &Judgement,
) -> Result<Option<StoredEvent>, Fault> {
    let reason = judgement.reason.as_deref().map(clean);
    let language_version = judgement.language_version.as_deref().map(clean);
    let mut tx = connection.begin().await?;
    let changed = submission_rows!(
        r#"-- record_verdict
        update submissions s
        set status = 'finished', finished_at = herald_now(), changed_at = herald_now(), "offset" = s."offset" + 1,
            lease_token = null, lease_until = null, wake_at = null,
            verdict = $3, reason = $4, score = $5, language_version = $6,
            tests_passed = $7, tests_run = $8, tests_total = $9, cases = $10,
            time_ms = $11, wall_ms = $12, memory_kb = $13, memory_source = $14, exit_code = $15, signal = $16
        where s.id = $1 and s.lease_token = $2 and s.status in ('compiling', 'running')
        returning"#,
        "",
        id.0,
        token.0,
        judgement.verdict.as_str(),
        reason.as_deref(),
        judgement.score,
        language_version.as_deref(),
        row::signed32(judgement.tests.passed),
        row::signed32(judgement.tests.run),
        judgement.tests.total.map(row::signed32),
        Json(&judgement.cases) as _,
        judgement.time_ms.map(row::signed),
        judgement.wall_ms.map(row::signed),
        judgement.memory_kb.map(row::signed),
        judgement.memory_source.map(|source| source.as_str()),
        judgement.exit_code,
        judgement.signal,
    );
    let Some(changed) = changed.fetch_optional(&mut *tx).await? else { return Ok(None) };
    let submission = changed.try_into()?;
    let event = row::tell_one(&mut tx, &submission).await?;
    if submission.attempt > 1 {
        forget(&mut tx, id).await?;
    }
    keep(&mut tx, id, &judgement.outputs).await?;
    tx.commit().await?;
    Ok(Some(event))
}

/// Those of the verdict before: only what was judged again has any.
pub(super) async fn forget(connection: &mut PgConnection, id: SubmissionId) -> Result<(), Fault> {
    sqlx::query!("-- record_verdict, outputs before\ndelete from outputs where submission_id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(())
}

async fn keep(connection: &mut PgConnection, id: SubmissionId, outputs: &Outputs) -> Result<(), Fault> {
    let named = [("stdout", &outputs.stdout), ("stderr", &outputs.stderr), ("compile_output", &outputs.compile_output)];
    if named.iter().all(|(_, output)| output.is_none()) {
        return Ok(());
    }
    let cut = |(name, output): &(&str, &Option<Output>)| {
        output.as_ref().is_some_and(|output| output.truncated).then(|| (*name).to_owned())
    };
    let truncated: Vec<String> = named.iter().filter_map(cut).collect();
    let [stdout, stderr, compile_output] = named.map(|(_, output)| output.as_ref().map(|output| clean(&output.text)));
    sqlx::query!(
        "-- record_verdict, outputs
        insert into outputs (submission_id, stdout, stderr, compile_output, truncated, at)
        values ($1, $2, $3, $4, $5, herald_now())",
        id.0,
        stdout.as_deref(),
        stderr.as_deref(),
        compile_output.as_deref(),
        &truncated,
    )
    .execute(connection)
    .await?;
    Ok(())
}
