//! The log of events: telling, resuming, catching up.

use async_trait::async_trait;
use futures::TryStreamExt;
use herald_domain::channel::Channel;
use herald_domain::event::{MAX_FRAME_BYTES, StoredEvent};
use herald_domain::id::Epoch;
use herald_domain::owner::{Owner, Partition};
use herald_domain::store::{CatchUp, Events, Result};
use herald_domain::submission::Submission;
use herald_domain::view::SubmissionEventData;
use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::fault::{broken, fault};
use crate::row::{from_json, integer, micros, number, time, to_json};
use crate::write::Write;
use crate::{SqliteStore, keep, webhooks};

/// What an event takes in a frame beside its data, at most.
const ENVELOPE_BYTES: usize = 1024;

/// The event that tells of the submission as it stands.
pub(crate) fn event_of(submission: &Submission, at: i64) -> Result<StoredEvent> {
    fitting(StoredEvent {
        channel: Channel::Submission(submission.id),
        offset: submission.offset,
        at: time(at)?,
        audience: vec![submission.owner.clone()],
        name: submission.status.event_name().to_owned(),
        data: SubmissionEventData::of(submission),
    })
}

/// The event, if a frame can carry it: what could never be sent must not be stored.
pub(crate) fn fitting(event: StoredEvent) -> Result<StoredEvent> {
    if event.data.get().len() + ENVELOPE_BYTES > MAX_FRAME_BYTES {
        return Err(broken(format!("the event {} of {} is too large for a frame", event.name, event.channel)));
    }
    Ok(event)
}

/// Writes the event of a row that has just been changed; if that has ended it, also what its owner's endpoints are owed.
pub(crate) async fn tell(write: &mut Write, submission: &Submission) -> Result<StoredEvent> {
    let event = event_of(submission, write.now)?;
    insert_all(write, &[&event]).await?;
    if submission.status.is_final() {
        webhooks::notices::owe(write, submission).await?;
    }
    Ok(event)
}

pub(crate) async fn insert_all<'a>(write: &mut Write, events: &[&'a StoredEvent]) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        channel: &'a Channel,
        offset: i64,
        audience: &'a [Owner],
        partitions: Vec<Partition>,
        name: &'a str,
        data: &'a RawValue,
    }
    if events.is_empty() {
        return Ok(());
    }
    let row = |event: &&'a StoredEvent| Row {
        channel: &event.channel,
        offset: integer(event.offset),
        audience: &event.audience,
        partitions: event.partitions(),
        name: &event.name,
        data: &event.data,
    };
    let rows = to_json(&events.iter().map(row).collect::<Vec<_>>())?;
    sqlx::query!(
        r#"-- insert_events
        insert into events (channel, "offset", at, audience, partitions, name, data)
        select value->>'channel', value->>'offset', ?2, value->'audience', value->'partitions', value->>'name', value->'data'
        from json_each(?1)"#,
        rows,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

/// A row of `events`.
pub(crate) struct EventRow {
    pub channel: String,
    pub offset: i64,
    pub at: i64,
    pub audience: String,
    pub name: String,
    pub data: String,
}

impl EventRow {
    pub(crate) fn into_domain(self) -> Result<StoredEvent> {
        Ok(StoredEvent {
            channel: Channel::parse(&self.channel).map_err(broken)?,
            offset: number(self.offset)?,
            at: time(self.at)?,
            audience: from_json(&self.audience)?,
            name: self.name,
            data: RawValue::from_string(self.data).map_err(broken)?.into(),
        })
    }
}

#[async_trait]
impl Events for SqliteStore {
    #[tracing::instrument(name = "store.epoch", level = "debug", skip_all)]
    async fn epoch(&self) -> Result<Epoch> {
        let epoch = sqlx::query_scalar!(
            r#"-- epoch
            select epoch as "epoch!: Uuid" from schema_info"#
        )
        .fetch_one(&self.readers)
        .await
        .map_err(fault)?;
        Ok(Epoch(epoch))
    }

    async fn store_now(&self) -> Result<OffsetDateTime> {
        time(self.now())
    }

    #[tracing::instrument(name = "store.events_since", level = "debug", skip_all)]
    async fn events_since(&self, since: OffsetDateTime, partitions: &[Partition], limit: u32) -> Result<CatchUp> {
        let now = time(self.now())?;
        let since = micros(since);
        let wanted = to_json(partitions)?;
        let mut rows = sqlx::query_as!(
            EventRow,
            r#"-- events_since
            select channel as "channel!", "offset" as "offset!", at as "at!", audience as "audience!", name as "name!",
                data as "data!"
            from events
            where at >= ?1
                and exists (select 1 from json_each(partitions) where value in (select value from json_each(?2)))
            order by at, channel, "offset""#,
            since,
            wanted
        )
        .fetch(&self.readers);

        // The limit counts those after `since`, and the last `at` is never split: so the next call gets further.
        let (mut events, mut counted, mut last) = (Vec::new(), 0, since);
        while let Some(row) = rows.try_next().await.map_err(fault)? {
            if counted >= limit && row.at > last {
                return Ok(CatchUp { events, complete: false, now });
            }
            last = row.at;
            counted += u32::from(row.at > since);
            events.push(row.into_domain()?);
        }
        Ok(CatchUp { events, complete: true, now })
    }

    #[tracing::instrument(name = "store.channel_events", level = "debug", skip_all)]
    async fn channel_events(&self, after: &[(Channel, u64)]) -> Result<Vec<StoredEvent>> {
        let wanted = to_json(&after.iter().map(|(channel, offset)| (channel, integer(*offset))).collect::<Vec<_>>())?;
        let rows = sqlx::query_as!(
            EventRow,
            r#"-- channel_events
            select e.channel as "channel!", e."offset" as "offset!", e.at as "at!", e.audience as "audience!",
                e.name as "name!", e.data as "data!"
            from json_each(?1) w cross join events e on e.channel = w.value->>0 and e."offset" > w.value->>1
            order by e.channel, e."offset""#,
            wanted
        )
        .fetch_all(&self.readers)
        .await
        .map_err(fault)?;
        rows.into_iter().map(EventRow::into_domain).collect()
    }

    #[tracing::instrument(name = "store.maintain", level = "debug", skip_all)]
    async fn maintain(&self) -> Result<()> {
        keep::maintain(self).await
    }
}
