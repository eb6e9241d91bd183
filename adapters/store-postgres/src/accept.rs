//! Accepting a batch: how many are open and which keys are known (two reads), then one statement that writes everything.
//!
//! Invariants:
//! * A batch is written by one statement, so it needs no explicit transaction: row, sources, event and outbox row of each
//!   submission commit together, and the batch as a whole.
//! * Rows go in by (owner, key): two batches with the same keys wait for one another in one order only.
//! * A replay is known by its key, and by its id too: a caller that never heard the answer may call again.
//! * The open count is read before the keys are: whoever sees a twin's row missing also counts without it, so a replay is
//!   never refused for the limit.
//!
//! `user_limit` is not a lock: batches that other processes commit in the same moment are not counted.

use std::collections::{HashMap, HashSet};

use herald_domain::id::SubmissionId;
use herald_domain::store::{Accepted, Created, Intake, OutboxRow, StoreError};
use herald_domain::submission::{CaseResult, NewSubmission, Status, Submission, Tests};
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::Fault;
use crate::row::{self, clean, submission_rows};

/// What is to become of one of the batch.
enum Plan {
    /// To be written with this turn.
    Insert {
        turn: u64,
    },
    TooManyOpen {
        open: u64,
    },
    /// Accepted before, perhaps by an earlier one of this batch: to be looked up.
    Known,
}

impl PostgresStore {
    pub(crate) async fn accept(&self, batch: &[Intake], user_limit: u64) -> Result<Vec<Accepted>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        call!(self, "accept_submissions", Terms::ACCEPT, connection => { accept(connection, batch, user_limit).await })
    }
}

async fn accept(connection: &mut PgConnection, batch: &[Intake], user_limit: u64) -> Result<Vec<Accepted>, Fault> {
    let open = count_open_of(connection, batch).await?;
    let known = known_keys(connection, batch).await?;
    let plans = plan(batch, open, &known, user_limit);
    let written = insert(connection, batch, &plans).await?;

    let missing = |(intake, plan): &(&Intake, &Plan)| {
        !matches!(plan, Plan::TooManyOpen { .. }) && !written.contains_key(&intake.submission.id)
    };
    let twins: Vec<_> = batch.iter().zip(&plans).filter(missing).map(|(intake, _)| intake).collect();
    let twins = find_twins(connection, &twins).await?;

    let mut given = HashSet::new();
    let outcome = |(intake, plan): (&Intake, &Plan)| match plan {
        Plan::TooManyOpen { open } => Ok(Accepted::TooManyOpen { open: *open }),
        // An id that stands in the batch twice is created once.
        Plan::Insert { .. } if written.contains_key(&intake.submission.id) && given.insert(intake.submission.id) => {
            created(intake, written[&intake.submission.id])
        }
        _ => replayed(intake, &twins),
    };
    batch.iter().zip(&plans).map(outcome).collect()
}

/// Open submissions of each owner in the batch.
async fn count_open_of(connection: &mut PgConnection, batch: &[Intake]) -> Result<HashMap<String, u64>, Fault> {
    let owners: HashSet<_> = batch.iter().map(|intake| intake.submission.owner.as_str().to_owned()).collect();
    let owners: Vec<_> = owners.into_iter().collect();
    let rows = sqlx::query!(
        r#"-- accept_submissions, open by owner
        select o.owner as "owner!", (
            select count(*) from submissions s
            where s.owner = o.owner and s.status in ('queued', 'compiling', 'running')) as "open!"
        from unnest($1::text[]) as o(owner)"#,
        &owners
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((row.owner, row::unsigned("count", row.open)?))).collect()
}

/// Which of the batch's (owner, key) pairs are taken.
async fn known_keys(connection: &mut PgConnection, batch: &[Intake]) -> Result<HashSet<(String, String)>, Fault> {
    let (owners, keys): (Vec<_>, Vec<_>) = batch.iter().filter_map(|intake| own_key(&intake.submission)).unzip();
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = sqlx::query!(
        r#"-- accept_submissions, known keys
        select s.owner, s.idempotency_key as "key!"
        from unnest($1::text[], $2::text[]) as i(owner, key)
        join submissions s on s.owner = i.owner and s.idempotency_key = i.key"#,
        &owners,
        &keys
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.owner, row.key)).collect())
}

fn own_key(submission: &NewSubmission) -> Option<(String, String)> {
    let idempotency = submission.idempotency.as_ref()?;
    Some((submission.owner.as_str().to_owned(), clean(&idempotency.key).into_owned()))
}

fn plan(
    batch: &[Intake],
    mut open: HashMap<String, u64>,
    known: &HashSet<(String, String)>,
    user_limit: u64,
) -> Vec<Plan> {
    let mut keys_here = HashSet::new();
    let mut ids_here = HashSet::new();
    let mut decide = |intake: &Intake| {
        let submission = &intake.submission;
        let key = own_key(submission);
        let known_key = key.as_ref().is_some_and(|key| known.contains(key) || keys_here.contains(key));
        if known_key || ids_here.contains(&submission.id) {
            return Plan::Known;
        }
        let open = open.entry(submission.owner.as_str().to_owned()).or_default();
        if *open >= user_limit {
            return Plan::TooManyOpen { open: *open };
        }
        let turn = *open;
        *open += 1;
        keys_here.extend(key);
        ids_here.insert(submission.id);
        Plan::Insert { turn }
    };
    batch.iter().map(&mut decide).collect()
}

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
        self.limits.push(json(&new.limits)?);
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
        self.events.push(row::event_data(&queued(new, OffsetDateTime::UNIX_EPOCH))?.get().to_owned());
        Ok(())
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Broken(format!("cannot write JSON: {error}")))
}

/// Writes what is planned to be; returns the time of accept of each that was.
async fn insert(
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

/// A submission as it stands right after its accept.
fn queued(new: &NewSubmission, at: OffsetDateTime) -> Submission {
    Submission {
        id: new.id,
        owner: new.owner.clone(),
        problem: new.problem.clone(),
        language: new.language.clone(),
        class: new.class.clone(),
        status: Status::Queued,
        verdict: None,
        reason: None,
        score: None,
        language_version: None,
        tests: Tests::default(),
        cases: Vec::new(),
        time_ms: None,
        wall_ms: None,
        memory_kb: None,
        memory_source: None,
        exit_code: None,
        signal: None,
        attempt: 0,
        offset: 1,
        created_at: at,
        finished_at: None,
        traceparent: new.traceparent.clone(),
    }
}

fn created(intake: &Intake, at: OffsetDateTime) -> Result<Accepted, Fault> {
    let submission = queued(&intake.submission, at);
    let event = row::event(&submission, row::event_data(&submission)?, at);
    let outbox = OutboxRow {
        id: intake.message,
        submission: submission.id,
        class: submission.class.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use herald_domain::id::MessageId;
    use herald_domain::owner::Owner;
    use herald_domain::submission::{Idempotency, Limits};

    fn intake(n: u128, owner: &str, key: Option<&str>) -> Intake {
        let submission = NewSubmission {
            id: SubmissionId(Uuid::from_u128(n)),
            owner: Owner::user(owner).unwrap(),
            problem: None,
            language: "c".to_owned(),
            files: Vec::new(),
            stdin: None,
            limits: Limits::default(),
            class: "any".to_owned(),
            priority: 0,
            traceparent: None,
            idempotency: key.map(|key| Idempotency { key: key.to_owned(), request_hash: "h".to_owned() }),
        };
        Intake { submission, message: MessageId(Uuid::from_u128(n)) }
    }

    #[test]
    fn turns_count_per_owner_and_replays_cost_nothing() {
        let batch = [
            intake(1, "ann", Some("k")),
            intake(2, "ann", Some("k")),
            intake(3, "bob", Some("k")),
            intake(4, "ann", None),
            intake(5, "ann", Some("old")),
            intake(6, "ann", None),
        ];
        let open = HashMap::from([("main/ann".to_owned(), 3)]);
        let known = HashSet::from([("main/ann".to_owned(), "old".to_owned())]);
        let words: Vec<_> = plan(&batch, open, &known, 5)
            .iter()
            .map(|plan| match plan {
                Plan::Insert { turn } => format!("turn {turn}"),
                Plan::TooManyOpen { open } => format!("{open} open"),
                Plan::Known => "known".to_owned(),
            })
            .collect();
        assert_eq!(words, ["turn 3", "known", "turn 0", "turn 4", "known", "5 open"]);
    }
}
