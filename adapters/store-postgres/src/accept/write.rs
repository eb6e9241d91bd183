//! The one statement that writes what is to be accepted.

use std::collections::HashMap;

use herald_domain::id::SubmissionId;
use herald_domain::store::Intake;
use herald_domain::submission::{Submission, Wishes};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::plan::{Plan, own_key};
use crate::fault::{Fault, Result};
use crate::row;

/// The columns of the rows to write, as arrays.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    owners: Vec<String>,
    problems: Vec<Option<String>>,
    versions: Vec<Option<String>>,
    languages: Vec<String>,
    limits: Vec<String>,
    classes: Vec<String>,
    priorities: Vec<i32>,
    turns: Vec<i64>,
    traceparents: Vec<Option<String>>,
    keys: Vec<Option<String>>,
    hashes: Vec<Option<String>>,
    files: Vec<String>,
    stdins: Vec<Option<Vec<u8>>>,
    messages: Vec<Uuid>,
    partitions: Vec<i16>,
    events: Vec<String>,
}

impl Columns {
    fn push(&mut self, intake: &Intake, turn: u64) -> Result<(), Fault> {
        let new = &intake.submission;
        self.ids.push(new.id.0);
        self.owners.push(new.owner.as_str().to_owned());
        self.problems.push(new.problem.as_ref().map(|problem| problem.slug.clone()));
        self.versions.push(new.problem.as_ref().map(|problem| problem.version.clone()));
        self.languages.push(new.language.clone());
        self.limits.push(json(&Wishes { limits: new.limits, flags: new.flags.clone() })?);
        self.classes.push(new.class.clone());
        self.priorities.push(new.priority);
        self.turns.push(row::signed(turn));
        self.traceparents.push(new.traceparent.clone());
        self.keys.push(own_key(new).map(|(_, key)| key));
        self.hashes.push(new.idempotency.as_ref().map(|idempotency| idempotency.request_hash.clone()));
        self.files.push(json(&new.files)?);
        self.stdins.push(new.stdin.clone().map(String::into_bytes));
        self.messages.push(intake.message.0);
        self.partitions.push(i16::from(new.owner.partition().0));
        // The time of accept is not part of the event's data, so it can be made before the row is.
        self.events.push(row::event_data(&Submission::queued(new, OffsetDateTime::UNIX_EPOCH))?.get().to_owned());
        Ok(())
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Broken(format!("cannot write JSON: {error}")))
}

/// Writes what is planned to be; returns the time of accept of each that was.
pub(super) async fn insert(
    connection: &mut PgConnection,
    batch: &[Intake],
    plans: &[Plan],
) -> Result<HashMap<SubmissionId, OffsetDateTime>, Fault> {
    let mut chosen: Vec<_> = batch
        .iter()
        .zip(plans)
        .filter_map(|(intake, plan)| if let Plan::Insert { turn } = plan { Some((intake, *turn)) } else { None })
        .collect();
    if chosen.is_empty() {
        return Ok(HashMap::new());
    }
    chosen.sort_by_cached_key(|(intake, _)| (own_key(&intake.submission), intake.submission.id));
    let mut columns = Columns::default();
    for (intake, turn) in chosen {
        columns.push(intake, turn)?;
    }
    let rows = sqlx::query!(
        r#"-- accept_submissions
        with intake as (
            select * from unnest(
                $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::bigint[],
                $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[], $15::uuid[], $16::smallint[], $17::text[]
            ) with ordinality as i(
                id, owner, problem, problem_version, language, limits, class, priority, turn,
                traceparent, key, request_hash, files, stdin, message, partition, event, n)
        ), made as (
            insert into submissions (
                id, owner, problem, problem_version, language, limits, class, priority, turn, traceparent,
                idempotency_key, request_hash, status, run_at, "offset", created_at, changed_at)
            select i.id, i.owner, i.problem, i.problem_version, i.language, i.limits::json, i.class, i.priority, i.turn,
                i.traceparent, i.key, i.request_hash, 'queued', herald_now(), 1, herald_now(), herald_now()
            from intake i order by i.n
            on conflict do nothing
            returning id, created_at
        ), kept as (
            insert into sources (submission_id, files, stdin)
            select i.id, i.files::json, i.stdin from intake i join made using (id)
        ), told as (
            insert into events (channel, "offset", at, audience, partitions, name, data)
            select 'submission:' || i.id, 1, m.created_at, array[i.owner], array[i.partition], 'submission.queued', i.event::json
            from intake i join made m using (id)
        ), owed as (
            insert into outbox (id, submission_id, class, traceparent, claimed_until)
            select i.message, i.id, i.class, i.traceparent, herald_now() + interval '5 s' from intake i join made using (id)
        )
        select id, created_at from made"#,
        &columns.ids,
        &columns.owners,
        &columns.problems as _,
        &columns.versions as _,
        &columns.languages,
        &columns.limits,
        &columns.classes,
        &columns.priorities,
        &columns.turns,
        &columns.traceparents as _,
        &columns.keys as _,
        &columns.hashes as _,
        &columns.files,
        &columns.stdins as _,
        &columns.messages,
        &columns.partitions,
        &columns.events,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (SubmissionId(row.id), row.created_at)).collect())
}
