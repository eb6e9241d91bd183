//! Rows as the statements return them, and the way to and from the domain.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use herald_domain::channel::Channel;
use herald_domain::event::{MAX_FRAME_BYTES, StoredEvent};
use herald_domain::id::SubmissionId;
use herald_domain::notice::ENDED;
use herald_domain::owner::Owner;
use herald_domain::store::EventEq;
use herald_domain::submission::{CaseResult, ProblemRef, Submission, Tests};
use herald_domain::view::SubmissionEventData;
use herald_domain::webhook::EventPattern;
use serde_json::value::RawValue;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::{NoContext, Timestamp, Uuid};

use crate::fault::Fault;

/// A checked statement that ends in, or selects, the columns of [`SubmissionRow`]: `head`, the columns, `tail`.
macro_rules! submission_rows {
    ($head:literal, $tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::SubmissionRow,
            $head
                + r#" s.id, s.owner, s.problem, s.problem_version, s.language, s.class, s.status, s.verdict, s.reason, s.score,
                  s.language_version, s.tests_passed, s.tests_run, s.tests_total, s.cases as "cases: Json<Vec<CaseResult>>",
                  s.time_ms, s.wall_ms, s.memory_kb, s.memory_source, s.exit_code, s.signal, s.attempt, s."offset",
                  s.created_at, s.finished_at, s.traceparent "#
                + $tail
            $(, $argument)*
        )
    };
}
pub(crate) use submission_rows;

/// A row of `submissions`, as far as [`Submission`] shows it.
pub(crate) struct SubmissionRow {
    pub id: Uuid,
    pub owner: String,
    pub problem: Option<String>,
    pub problem_version: Option<String>,
    pub language: String,
    pub class: String,
    pub status: String,
    pub verdict: Option<String>,
    pub reason: Option<String>,
    pub score: Option<f64>,
    pub language_version: Option<String>,
    pub tests_passed: i32,
    pub tests_run: i32,
    pub tests_total: Option<i32>,
    pub cases: Json<Vec<CaseResult>>,
    pub time_ms: Option<i64>,
    pub wall_ms: Option<i64>,
    pub memory_kb: Option<i64>,
    pub memory_source: Option<String>,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    pub attempt: i32,
    pub offset: i64,
    pub created_at: OffsetDateTime,
    pub finished_at: Option<OffsetDateTime>,
    pub traceparent: Option<String>,
}

impl TryFrom<SubmissionRow> for Submission {
    type Error = Fault;

    fn try_from(row: SubmissionRow) -> Result<Self, Fault> {
        Ok(Self {
            id: SubmissionId(row.id),
            owner: Owner::from_stored(row.owner),
            problem: row.problem.zip(row.problem_version).map(|(slug, version)| ProblemRef { slug, version }),
            language: row.language,
            class: row.class,
            status: word("status", &row.status)?,
            verdict: row.verdict.as_deref().map(|text| word("verdict", text)).transpose()?,
            reason: row.reason,
            score: row.score,
            language_version: row.language_version,
            tests: Tests {
                passed: unsigned("tests_passed", row.tests_passed)?,
                run: unsigned("tests_run", row.tests_run)?,
                total: row.tests_total.map(|n| unsigned("tests_total", n)).transpose()?,
            },
            cases: row.cases.0,
            time_ms: row.time_ms.map(|n| unsigned("time_ms", n)).transpose()?,
            wall_ms: row.wall_ms.map(|n| unsigned("wall_ms", n)).transpose()?,
            memory_kb: row.memory_kb.map(|n| unsigned("memory_kb", n)).transpose()?,
            memory_source: row.memory_source.as_deref().map(|text| word("memory_source", text)).transpose()?,
            exit_code: row.exit_code,
            signal: row.signal,
            attempt: unsigned("attempt", row.attempt)?,
            offset: unsigned("offset", row.offset)?,
            created_at: row.created_at,
            finished_at: row.finished_at,
            traceparent: row.traceparent,
        })
    }
}

pub(crate) fn submissions(rows: Vec<SubmissionRow>) -> Result<Vec<Submission>, Fault> {
    rows.into_iter().map(Submission::try_from).collect()
}

/// A row of `events`; its JSON as text, so that it goes out as it came in.
pub(crate) struct EventRow {
    pub channel: String,
    pub offset: i64,
    pub at: OffsetDateTime,
    pub audience: Vec<String>,
    pub name: String,
    pub data: String,
}

impl TryFrom<EventRow> for StoredEvent {
    type Error = Fault;

    fn try_from(row: EventRow) -> Result<Self, Fault> {
        let broken = |what| Fault::Broken(format!("event {} of {} has no good {what}", row.offset, row.channel));
        Ok(Self {
            channel: Channel::parse(&row.channel).map_err(|_| broken("channel"))?,
            offset: unsigned("offset", row.offset)?,
            at: row.at,
            data: RawValue::from_string(row.data).map_err(|_| broken("data"))?.into(),
            audience: row.audience.into_iter().map(Owner::from_stored).collect(),
            name: row.name,
        })
    }
}

/// Writes the event that tells of each submission as it stands after its change, in the transaction of that change; of those that
/// have ended, also what their owners' endpoints are owed. One that ends again takes the place of what was owed before.
pub(crate) async fn tell(connection: &mut PgConnection, changed: &[Submission]) -> Result<Vec<StoredEvent>, Fault> {
    let channels: Vec<_> = changed.iter().map(|s| Channel::Submission(s.id).to_string()).collect();
    let offsets: Vec<_> = changed.iter().map(|s| signed(s.offset)).collect();
    let owners: Vec<_> = changed.iter().map(|s| s.owner.as_str().to_owned()).collect();
    let partitions: Vec<_> = changed.iter().map(|s| i16::from(s.owner.partition().0)).collect();
    let names: Vec<_> = changed.iter().map(|s| s.status.event_name().to_owned()).collect();
    let data = changed.iter().map(event_data).collect::<Result<Vec<_>, _>>()?;
    let texts: Vec<_> = data.iter().map(|data| data.get().to_owned()).collect();
    let ended: Vec<_> = changed.iter().map(|s| s.status.is_final().then_some(s.id.0)).collect();
    let at = sqlx::query_scalar!(
        r#"-- tell
        with told as (
            insert into events (channel, "offset", at, audience, partitions, name, data)
            select e.channel, e."offset", herald_now(), array[e.owner], array[e.partition], e.name, e.data::json
            from unnest($1::text[], $2::bigint[], $3::text[], $4::smallint[], $5::text[], $6::text[])
                as e(channel, "offset", owner, partition, name, data)
            returning at
        ), owed as (
            insert into webhook_notices (submission_id, due_at, changed_at)
            select s.id, herald_now(), herald_now()
            from unnest($7::uuid[], $3::text[]) as s(id, owner)
            where s.id is not null and exists (
                select from webhook_endpoints e
                where e.owner = s.owner and e.disabled_at is null and e.events && $8::text[])
            on conflict (submission_id) do update
            set attempt = 0, due_at = excluded.due_at, lease_token = null, last_error = null,
                changed_at = excluded.changed_at
        )
        select at as "at!" from told"#,
        &channels,
        &offsets,
        &owners,
        &partitions,
        &names,
        &texts,
        &ended as &[Option<Uuid>],
        &EventPattern::of_event(ENDED),
    )
    .fetch_all(connection)
    .await?;
    // One statement has one time: all the rows returned say the same.
    let told = changed.iter().zip(data).zip(at).map(|((s, data), at)| event(s, data, at));
    Ok(told.collect())
}

/// The same for one submission.
pub(crate) async fn tell_one(connection: &mut PgConnection, changed: &Submission) -> Result<StoredEvent, Fault> {
    let told = tell(connection, std::slice::from_ref(changed)).await?;
    told.into_iter().next().ok_or_else(|| Fault::Broken("an event was written and not returned".to_owned()))
}

/// The event's JSON, no larger than can be sent.
pub(crate) fn event_data(submission: &Submission) -> Result<Arc<RawValue>, Fault> {
    let data = SubmissionEventData::of(submission);
    if data.get().len() > MAX_FRAME_BYTES {
        return Err(Fault::Broken(format!("the event of {} would be larger than a frame", submission.id)));
    }
    Ok(data)
}

/// The event of `submission` as it stands.
pub(crate) fn event(submission: &Submission, data: Arc<RawValue>, at: OffsetDateTime) -> StoredEvent {
    StoredEvent {
        channel: Channel::Submission(submission.id),
        offset: submission.offset,
        at,
        audience: vec![submission.owner.clone()],
        name: submission.status.event_name().to_owned(),
        data,
    }
}

pub(crate) fn equal(event: StoredEvent) -> EventEq {
    EventEq(event)
}

/// An oversized event is a bug upstream and must not be stored, for it could never be sent.
pub(crate) fn check_size(event: &StoredEvent) -> Result<(), Fault> {
    if event.data.get().len() <= MAX_FRAME_BYTES {
        return Ok(());
    }
    Err(Fault::Broken(format!("event {} of {} would be larger than a frame", event.offset, event.channel)))
}

/// The columns of who may see each event, which is a transfer's payer and payee: an array of arrays would have to be square.
#[derive(Default)]
pub(crate) struct Audience {
    pub first: Vec<String>,
    pub second: Vec<Option<String>>,
    pub first_partition: Vec<i16>,
    pub second_partition: Vec<Option<i16>>,
}

impl Audience {
    /// The audience of one event, one or two.
    pub(crate) fn push(&mut self, audience: &[Owner]) {
        let mut owners = audience.iter();
        let first = owners.next();
        let second = owners.next();
        let partition = |owner: &Owner| i16::from(owner.partition().0);
        self.first.push(first.map(Owner::to_string).unwrap_or_default());
        self.second.push(second.map(Owner::to_string));
        self.first_partition.push(first.map(partition).unwrap_or_default());
        self.second_partition.push(second.map(partition).filter(|other| Some(*other) != first.map(partition)));
    }
}

/// A word of one of the domain's enums.
pub(crate) fn word<T: FromStr>(column: &str, text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| Fault::Broken(format!("column {column} holds the unknown word '{text}'")))
}

/// JSON as it was stored.
pub(crate) fn json(column: &str, text: String) -> Result<Arc<RawValue>, Fault> {
    let value = RawValue::from_string(text).map_err(|_| Fault::Broken(format!("column {column} holds no JSON")))?;
    Ok(value.into())
}

/// A fresh id of a dead letter that sorts by the store's time, as those that callers make.
pub(crate) fn letter_id(at: OffsetDateTime) -> Uuid {
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, at.nanosecond()))
}

/// A number that is never negative.
pub(crate) fn unsigned<N: Copy + std::fmt::Display, T: TryFrom<N>>(column: &str, number: N) -> Result<T, Fault> {
    T::try_from(number).map_err(|_| Fault::Broken(format!("column {column} holds {number}")))
}

/// For a column of type bigint; what is beyond it (a nonsensical figure) becomes the largest.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// For a column of type int.
pub(crate) fn signed32(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Text without NUL, which PostgreSQL's text cannot hold.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { Cow::Borrowed(text) }
}
