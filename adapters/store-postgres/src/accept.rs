//! Accepting a batch: how many are open and which keys are known (two reads), then one statement that writes everything.
//!
//! Invariants:
//! * A batch is written by one statement, so it needs no explicit transaction: row, sources, event and outbox row of each
//!   submission commit together, and the batch as a whole.
//! * Rows go in by (owner, key): two batches with the same keys wait for one another in one order only.
//! * A replay is known by its key, and by its id too: a caller that never heard the answer may call again.
//!
//! `user_limit` is not a lock: batches that other processes commit in the same moment are not counted.

use std::collections::HashMap;

use herald_domain::id::SubmissionId;
use herald_domain::store::{Accepted, Created, Intake, OutboxRow, Wakes};
use herald_domain::submission::{CaseResult, Submission};
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;

use self::plan::{Known, Plan, own_key};
use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::{Fault, Result};
use crate::row::{self, submission_rows};

mod plan;
mod write;

impl PostgresStore {
    pub(crate) async fn accept(&self, batch: &[Intake], user_limit: u64) -> Result<Vec<Accepted>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        call!(self, "accept_submissions", Terms::ACCEPT, connection => { accept(connection, batch, user_limit).await })
    }
}

async fn accept(connection: &mut PgConnection, batch: &[Intake], user_limit: u64) -> Result<Vec<Accepted>, Fault> {
    let plans = Known::look(connection, batch).await?.plan(batch, user_limit);
    let written = write::insert(connection, batch, &plans).await?;

    // Known before, or written by another process in this moment, or standing in the batch twice.
    let missing = |(intake, plan): &(&Intake, &Plan)| match plan {
        Plan::TooManyOpen { .. } => false,
        Plan::Insert { .. } => !written.contains_key(&intake.submission.id),
        Plan::Known => true,
    };
    let twins: Vec<_> = batch.iter().zip(&plans).filter(missing).map(|(intake, _)| intake).collect();
    let twins = find_twins(connection, &twins).await?;

    let outcome = |(intake, plan): (&Intake, &Plan)| match (plan, written.get(&intake.submission.id)) {
        (Plan::TooManyOpen { open }, _) => Ok(Accepted::TooManyOpen { open: *open }),
        (Plan::Insert { .. }, Some(at)) => created(intake, *at),
        _ => replayed(intake, &twins),
    };
    batch.iter().zip(&plans).map(outcome).collect()
}

fn created(intake: &Intake, at: OffsetDateTime) -> Result<Accepted, Fault> {
    let submission = Submission::queued(&intake.submission, at);
    let event = row::event(&submission, row::event_data(&submission)?, at);
    let outbox = OutboxRow {
        id: intake.message,
        wakes: Wakes::Work { submission: submission.id, class: submission.class.clone() },
        traceparent: submission.traceparent.clone(),
    };
    Ok(Accepted::Created(Box::new(Created { submission, event: row::equal(event), outbox })))
}

/// The rows that stand in the way of new ones, with what names them.
#[derive(Default)]
struct Twins {
    by_key: HashMap<(String, String), (SubmissionId, Option<String>)>,
    rows: HashMap<SubmissionId, Submission>,
}

async fn find_twins(connection: &mut PgConnection, wanted: &[&Intake]) -> Result<Twins, Fault> {
    if wanted.is_empty() {
        return Ok(Twins::default());
    }
    let mut ids: Vec<_> = wanted.iter().map(|intake| intake.submission.id.0).collect();
    let (owners, keys): (Vec<_>, Vec<_>) = wanted.iter().filter_map(|intake| own_key(&intake.submission)).unzip();
    let named = sqlx::query!(
        r#"-- accept_submissions, twins by key
        select s.id, s.owner, s.idempotency_key as "key!", s.request_hash
        from unnest($1::text[], $2::text[]) as i(owner, key)
        join submissions s on s.owner = i.owner and s.idempotency_key = i.key"#,
        &owners,
        &keys
    )
    .fetch_all(&mut *connection)
    .await?;
    ids.extend(named.iter().map(|row| row.id));
    let rows =
        submission_rows!("-- accept_submissions, twins\nselect", "from submissions s where s.id = any($1)", &ids);
    let rows = row::submissions(rows.fetch_all(connection).await?)?;
    Ok(Twins {
        by_key: named.into_iter().map(|row| ((row.owner, row.key), (SubmissionId(row.id), row.request_hash))).collect(),
        rows: rows.into_iter().map(|submission| (submission.id, submission)).collect(),
    })
}

fn replayed(intake: &Intake, twins: &Twins) -> Result<Accepted, Fault> {
    let new = &intake.submission;
    let by_key = own_key(new).and_then(|key| twins.by_key.get(&key));
    let id = match (by_key, &new.idempotency) {
        (Some((_, hash)), Some(asked)) if hash.as_deref() != Some(&asked.request_hash) => {
            return Ok(Accepted::KeyReused);
        }
        (Some((id, _)), _) => *id,
        (None, _) => new.id,
    };
    let mine = |found: &&Submission| -> bool { found.owner == new.owner };
    match twins.rows.get(&id).filter(mine) {
        Some(found) => Ok(Accepted::Replayed(Box::new(found.clone()))),
        None => Err(Fault::Broken(format!("submission {} was neither written nor found", new.id))),
    }
}
