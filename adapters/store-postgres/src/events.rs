//! The log of events: reading it for hubs, and keeping it within its days.
//!
//! Invariants of the upkeep: each step is a transaction of its own under one advisory lock that is only tried for, so any
//! number of processes may do it at once; a step that needs a lock on the whole table waits for it one second at most, and
//! the next hour tries again.

use async_trait::async_trait;
use herald_domain::channel::Channel;
use herald_domain::event::StoredEvent;
use herald_domain::id::Epoch;
use herald_domain::owner::Partition;
use herald_domain::store::{CatchUp, Events};
use sqlx::{Connection, PgConnection};
use time::{Date, OffsetDateTime};

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::{Fault, Result};
use crate::row::{self, EventRow};

const KEEP_EVENTS_DAYS: f64 = 7.0;
const KEEP_OUTPUTS_DAYS: f64 = 90.0;
const KEEP_LETTERS_DAYS: f64 = 30.0;
const KEEP_NOTICES_DAYS: f64 = KEEP_LETTERS_DAYS;
const KEEP_ATTEMPTS_DAYS: f64 = 30.0;
/// Partitions are made for yesterday, today and this many days to come.
const DAYS_AHEAD: i32 = 8;
/// Rows that one deleting transaction takes.
const BATCH: i64 = 1_000;

#[async_trait]
impl Events for PostgresStore {
    #[tracing::instrument(name = "store.epoch", level = "debug", skip_all)]
    async fn epoch(&self) -> Result<Epoch> {
        call!(self, "epoch", Terms::READ, connection => {
            let epoch = sqlx::query_scalar!("-- epoch\nselect epoch from schema_info").fetch_one(connection).await?;
            Ok(Epoch(epoch))
        })
    }

    #[tracing::instrument(name = "store.store_now", level = "debug", skip_all)]
    async fn store_now(&self) -> Result<OffsetDateTime> {
        call!(self, "store_now", Terms::READ, connection => { now(connection).await })
    }

    #[tracing::instrument(name = "store.events_since", level = "debug", skip_all)]
    async fn events_since(&self, since: OffsetDateTime, partitions: &[Partition], limit: u32) -> Result<CatchUp> {
        let partitions: Vec<_> = partitions.iter().map(|partition| i16::from(partition.0)).collect();
        call!(self, "events_since", Terms::READ, connection => { events_since(connection, since, &partitions, limit).await })
    }

    #[tracing::instrument(name = "store.channel_events", level = "debug", skip_all)]
    async fn channel_events(&self, after: &[(Channel, u64)]) -> Result<Vec<StoredEvent>> {
        let channels: Vec<_> = after.iter().map(|(channel, _)| channel.to_string()).collect();
        let offsets: Vec<_> = after.iter().map(|(_, offset)| row::signed(*offset)).collect();
        call!(self, "channel_events", Terms::READ, connection => {
            let rows = sqlx::query_as!(
                EventRow,
                r#"-- channel_events
                select e.channel, e."offset", e.at, e.audience, e.name, e.data::text as "data!"
                from unnest($1::text[], $2::bigint[]) as w(channel, after)
                join events e on e.channel = w.channel and e."offset" > w.after
                order by e.channel, e."offset""#,
                &channels,
                &offsets,
            );
            rows.fetch_all(connection).await?.into_iter().map(StoredEvent::try_from).collect()
        })
    }

    #[tracing::instrument(name = "store.maintain", level = "debug", skip_all)]
    async fn maintain(&self) -> Result<()> {
        let days = call!(self, "maintain", Terms::READ, connection => { Ok(missing_days(connection).await?) })?;
        for day in days {
            self.chore(Chore::MakePartition(day)).await?;
        }
        for chore in [
            Chore::DropPartition,
            Chore::DeleteEvents,
            Chore::DeleteOutputs,
            Chore::DeleteLetters,
            Chore::DeleteNotices,
            Chore::DeleteAttempts,
            Chore::DeleteProcesses,
        ] {
            while self.chore(chore).await? > 0 {}
        }
        Ok(())
    }
}

/// One step of the upkeep.
#[derive(Clone, Copy)]
enum Chore {
    MakePartition(Date),
    DropPartition,
    /// Old rows of the default partition.
    DeleteEvents,
    DeleteOutputs,
    DeleteLetters,
    /// Those that were given up: their dead letters are gone too.
    DeleteNotices,
    DeleteAttempts,
    /// Rows of processes that were killed and will not come back.
    DeleteProcesses,
}

impl PostgresStore {
    /// Does the chore once, in a transaction of its own: how much it did; nothing while another process is at it.
    async fn chore(&self, chore: Chore) -> Result<u64> {
        call!(self, "maintain", Terms::UPKEEP, connection => {
            let mut tx = connection.begin().await?;
            let turn = sqlx::query!(
                r#"-- maintain
                select pg_try_advisory_xact_lock(1, 'events'::regclass::oid::int) as "mine!",
                    set_config('lock_timeout', '1s', true) as "lock_timeout!""#
            );
            let done = if turn.fetch_one(&mut *tx).await?.mine { chore.run(&mut tx).await? } else { 0 };
            tx.commit().await?;
            Ok(done)
        })
    }
}

async fn now(connection: &mut PgConnection) -> Result<OffsetDateTime, Fault> {
    let now = sqlx::query_scalar!(
        r#"-- store_now
        select herald_now() as "now!""#
    );
    Ok(now.fetch_one(connection).await?)
}

/// Everything at `since` itself, and then `limit` rows and whatever shares the last one's time: so whoever asks again from
/// the last event's `at` always gets on.
async fn events_since(
    connection: &mut PgConnection,
    since: OffsetDateTime,
    partitions: &[i16],
    limit: u32,
) -> Result<CatchUp, Fault> {
    // Before the read: what commits between the two is seen by a catch-up that begins at `now`.
    let now = now(connection).await?;
    let rows = sqlx::query_as!(
        EventRow,
        r#"-- events_since
        (select channel as "channel!", "offset" as "offset!", at as "at!", audience as "audience!", name as "name!",
            data::text as "data!"
        from events where at = $1 and partitions && $2)
        union all
        (select channel, "offset", at, audience, name, data::text
        from events where at > $1 and partitions && $2
        order by at fetch first $3 rows with ties)"#,
        since,
        partitions,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    let beyond = rows.iter().filter(|row| row.at > since).count();
    let mut events = rows.into_iter().map(StoredEvent::try_from).collect::<Result<Vec<_>, _>>()?;
    events.sort_by_cached_key(|event| (event.at, event.channel.to_string(), event.offset));
    Ok(CatchUp { events, complete: beyond < limit as usize, now })
}

/// Makes every partition that is missing, in one transaction, without asking for the lock: `migrate` holds its own.
pub(crate) async fn make_partitions(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for day in missing_days(connection).await? {
        make_partition(connection, day).await?;
    }
    Ok(())
}

async fn missing_days(connection: &mut PgConnection) -> Result<Vec<Date>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"-- maintain, missing days
        select (herald_now() at time zone 'UTC')::date + n as "day!" from generate_series(-1, $1::int) as n
        where (herald_now() at time zone 'UTC')::date + n not in (select day from event_days)
        order by n"#,
        DAYS_AHEAD
    )
    .fetch_all(connection)
    .await
}

async fn make_partition(connection: &mut PgConnection, day: Date) -> Result<(), sqlx::Error> {
    let outcome = sqlx::query_scalar!(
        r#"-- maintain, make partition
        select herald_make_event_partition($1) as "outcome!""#,
        day
    )
    .fetch_one(connection)
    .await?;
    if outcome == "held" {
        tracing::warn!(%day, "events of this day already lie in the default partition and stay there");
    }
    Ok(())
}

impl Chore {
    async fn run(self, connection: &mut PgConnection) -> Result<u64, Fault> {
        let deleted = match self {
            Self::MakePartition(day) => return Ok(make_partition(connection, day).await.map(|()| 1)?),
            Self::DropPartition => return drop_partition(connection).await,
            Self::DeleteEvents => sqlx::query!(
                "-- maintain, events
                delete from events_default where ctid = any(array(
                    select ctid from events_default where at < herald_now() - $1 * interval '1 day' limit $2))",
                KEEP_EVENTS_DAYS,
                BATCH,
            ),
            Self::DeleteOutputs => sqlx::query!(
                "-- maintain, outputs
                delete from outputs where submission_id = any(array(
                    select submission_id from outputs
                    where at < herald_now() - $1 * interval '1 day' order by at limit $2))",
                KEEP_OUTPUTS_DAYS,
                BATCH,
            ),
            Self::DeleteLetters => sqlx::query!(
                "-- maintain, dead letters
                delete from dead_letters where id = any(array(
                    select id from dead_letters
                    where at < herald_now() - $1 * interval '1 day' order by at limit $2))",
                KEEP_LETTERS_DAYS,
                BATCH,
            ),
            Self::DeleteNotices => sqlx::query!(
                "-- maintain, notices
                delete from webhook_notices where submission_id = any(array(
                    select submission_id from webhook_notices
                    where due_at is null and changed_at < herald_now() - $1 * interval '1 day'
                    order by changed_at limit $2))",
                KEEP_NOTICES_DAYS,
                BATCH,
            ),
            Self::DeleteAttempts => sqlx::query!(
                "-- maintain, attempts
                delete from webhook_attempts where id = any(array(
                    select id from webhook_attempts
                    where at < herald_now() - $1 * interval '1 day' order by at limit $2))",
                KEEP_ATTEMPTS_DAYS,
                BATCH,
            ),
            Self::DeleteProcesses => sqlx::query!(
                "-- maintain, processes
                delete from processes where seen_at < herald_now() - interval '1 day'"
            ),
        };
        Ok(deleted.execute(connection).await?.rows_affected())
    }
}

async fn drop_partition(connection: &mut PgConnection) -> Result<u64, Fault> {
    let dropped = sqlx::query_scalar!(
        "-- maintain, drop partition
        select herald_drop_event_partition($1 * interval '1 day')",
        KEEP_EVENTS_DAYS
    )
    .fetch_one(connection)
    .await?;
    if let Some(partition) = &dropped {
        tracing::info!(partition, "dropped a day of events");
    }
    Ok(dropped.map_or(0, |_| 1))
}
