//! Accepting a batch: a constant number of statements, however large it is. Rows go in as one JSON list per table.
//!
//! There is one writer, so a batch needs no order of locks and is decided in the order given.

use std::collections::HashMap;

use herald_domain::event::StoredEvent;
use herald_domain::id::SubmissionId;
use herald_domain::owner::Owner;
use herald_domain::store::{Accepted, Created, EventEq, Intake, OutboxRow, Result, Wakes};
use herald_domain::submission::{NewSubmission, SourceFile, Status, Submission, Tests, Wishes};
use serde::Serialize;

use crate::SqliteStore;
use crate::events::event_of;
use crate::fault::fault;
use crate::outbox::FRESH;
use crate::row::{hex, integer, submission_rows, time, to_json};
use crate::write::Write;

pub(crate) async fn accept(store: &SqliteStore, batch: &[Intake], user_limit: u64) -> Result<Vec<Accepted>> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let mut write = store.write().await?;
    let mut decided = Decisions {
        known: known(&mut write, batch).await?,
        open: open_by_owner(&mut write, batch).await?,
        new: Vec::new(),
        user_limit,
        now: write.now,
    };
    let outcomes = batch.iter().map(|intake| decided.decide(intake)).collect::<Result<Vec<_>>>()?;
    if !decided.new.is_empty() {
        insert(&mut write, &decided.new).await?;
    }
    write.commit().await?;
    Ok(outcomes)
}

/// What was accepted before, in the store or earlier in the batch.
#[derive(Default)]
struct Known {
    by_id: HashMap<SubmissionId, Submission>,
    /// With the hash of the request.
    by_key: HashMap<(Owner, String), (Submission, String)>,
}

impl Known {
    fn add(&mut self, submission: Submission, key: Option<(String, String)>) {
        if let Some((key, hash)) = key {
            self.by_key.insert((submission.owner.clone(), key), (submission.clone(), hash));
        }
        self.by_id.insert(submission.id, submission);
    }

    fn find(&self, asked: &NewSubmission) -> Option<Accepted> {
        if let Some(idempotency) = &asked.idempotency
            && let Some((before, hash)) = self.by_key.get(&(asked.owner.clone(), idempotency.key.clone()))
        {
            let same = *hash == idempotency.request_hash;
            return Some(if same { Accepted::Replayed(Box::new(before.clone())) } else { Accepted::KeyReused });
        }
        let before = self.by_id.get(&asked.id).filter(|before| before.owner == asked.owner)?;
        Some(Accepted::Replayed(Box::new(before.clone())))
    }
}

/// A row to be written, with all that is written with it.
struct New<'a> {
    asked: &'a NewSubmission,
    turn: u64,
    event: StoredEvent,
    outbox: OutboxRow,
}

struct Decisions<'a> {
    known: Known,
    open: HashMap<String, u64>,
    new: Vec<New<'a>>,
    user_limit: u64,
    now: i64,
}

impl<'a> Decisions<'a> {
    fn decide(&mut self, intake: &'a Intake) -> Result<Accepted> {
        let asked = &intake.submission;
        if let Some(before) = self.known.find(asked) {
            return Ok(before);
        }
        let open = self.open.entry(asked.owner.as_str().to_owned()).or_default();
        if *open >= self.user_limit {
            return Ok(Accepted::TooManyOpen { open: *open });
        }
        let turn = *open;
        *open += 1;

        let submission = queued(asked, self.now)?;
        let event = event_of(&submission, self.now)?;
        let outbox = OutboxRow {
            id: intake.message,
            wakes: Wakes::Work { submission: asked.id, class: asked.class.clone() },
            traceparent: asked.traceparent.clone(),
        };
        let key = asked.idempotency.as_ref().map(|one| (one.key.clone(), one.request_hash.clone()));
        self.known.add(submission.clone(), key);
        self.new.push(New { asked, turn, event: event.clone(), outbox: outbox.clone() });
        Ok(Accepted::Created(Box::new(Created { submission, event: EventEq(event), outbox })))
    }
}

fn queued(asked: &NewSubmission, now: i64) -> Result<Submission> {
    Ok(Submission {
        id: asked.id,
        owner: asked.owner.clone(),
        problem: asked.problem.clone(),
        language: asked.language.clone(),
        class: asked.class.clone(),
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
        created_at: time(now)?,
        finished_at: None,
        traceparent: asked.traceparent.clone(),
    })
}

async fn known(write: &mut Write, batch: &[Intake]) -> Result<Known> {
    let named = |intake: &Intake| {
        let asked = &intake.submission;
        (hex(asked.id.0), asked.owner.clone(), asked.idempotency.as_ref().map(|one| one.key.clone()))
    };
    let named = to_json(&batch.iter().map(named).collect::<Vec<_>>())?;
    let rows = submission_rows!(
        "-- accept_submissions: known
        select",
        "from submissions where rowid in (
            select s.rowid from json_each(?1) n cross join submissions s on s.id = unhex(n.value->>0)
            union all
            select s.rowid from json_each(?1) n cross join submissions s
                on s.owner = n.value->>1 and s.idempotency_key = n.value->>2)",
        named
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)?;
    let mut known = Known::default();
    for mut row in rows {
        let key = row.idempotency_key.take().zip(row.request_hash.take());
        known.add(row.into_domain()?, key);
    }
    Ok(known)
}

async fn open_by_owner(write: &mut Write, batch: &[Intake]) -> Result<HashMap<String, u64>> {
    let owners = to_json(&batch.iter().map(|intake| &intake.submission.owner).collect::<Vec<_>>())?;
    let rows = sqlx::query!(
        r#"-- accept_submissions: open
        select owner as "owner!", count(*) as "open!: i64" from submissions indexed by submissions_open_by_owner
        where status in ('queued', 'compiling', 'running') and rejudged = 0 and owner in (select value from json_each(?1))
        group by owner"#,
        owners
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(rows.into_iter().map(|row| (row.owner, row.open.unsigned_abs())).collect())
}

async fn insert(write: &mut Write, new: &[New<'_>]) -> Result<()> {
    insert_rows(write, new).await?;
    insert_sources(write, new).await?;
    let events: Vec<_> = new.iter().map(|one| &one.event).collect();
    crate::events::insert_all(write, &events).await?;
    let claimed_until = write.now + FRESH;
    let outbox: Vec<_> = new.iter().map(|one| &one.outbox).collect();
    crate::outbox::insert_all(write, &outbox, claimed_until).await
}

async fn insert_rows<'a>(write: &mut Write, new: &[New<'a>]) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: String,
        owner: &'a Owner,
        problem: Option<&'a str>,
        problem_version: Option<&'a str>,
        language: &'a str,
        limits: Wishes,
        class: &'a str,
        priority: i32,
        turn: i64,
        traceparent: Option<&'a str>,
        idempotency_key: Option<&'a str>,
        request_hash: Option<&'a str>,
    }
    let row = |New { asked, turn, .. }: &New<'a>| Row {
        id: hex(asked.id.0),
        owner: &asked.owner,
        problem: asked.problem.as_ref().map(|problem| problem.slug.as_str()),
        problem_version: asked.problem.as_ref().map(|problem| problem.version.as_str()),
        language: &asked.language,
        limits: Wishes { limits: asked.limits, flags: asked.flags.clone() },
        class: &asked.class,
        priority: asked.priority,
        turn: integer(*turn),
        traceparent: asked.traceparent.as_deref(),
        idempotency_key: asked.idempotency.as_ref().map(|one| one.key.as_str()),
        request_hash: asked.idempotency.as_ref().map(|one| one.request_hash.as_str()),
    };
    let rows = to_json(&new.iter().map(row).collect::<Vec<_>>())?;
    sqlx::query!(
        r#"-- accept_submissions: rows
        insert into submissions (id, owner, problem, problem_version, language, limits, class, priority, turn, status,
            run_at, traceparent, "offset", created_at, changed_at, idempotency_key, request_hash)
        select unhex(value->>'id'), value->>'owner', value->>'problem', value->>'problem_version', value->>'language',
            value->'limits', value->>'class', value->>'priority', value->>'turn', 'queued',
            ?2, value->>'traceparent', 1, ?2, ?2, value->>'idempotency_key', value->>'request_hash'
        from json_each(?1)"#,
        rows,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn insert_sources<'a>(write: &mut Write, new: &[New<'a>]) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: String,
        files: &'a [SourceFile],
        stdin: Option<&'a str>,
    }
    let row =
        |New { asked, .. }: &New<'a>| Row { id: hex(asked.id.0), files: &asked.files, stdin: asked.stdin.as_deref() };
    let rows = to_json(&new.iter().map(row).collect::<Vec<_>>())?;
    sqlx::query!(
        "-- accept_submissions: sources
        insert into sources (submission_id, files, stdin)
        select unhex(value->>'id'), value->'files', value->>'stdin' from json_each(?1)",
        rows
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}
