//! Catching up from the `events` table: what the live feed may have lost is read again (rule R3).

use std::sync::Arc;

use herald_domain::event::StoredEvent;
use herald_domain::id::Epoch;
use herald_domain::owner::Partition;
use herald_domain::store::{Result, Store};
use time::OffsetDateTime;
use tokio::sync::mpsc;

use crate::worker::Done;

/// How far a catch-up reaches back behind the last one: an event's `at` is the beginning of its transaction, and it can be
/// seen only from the end.
pub(crate) const REACH: time::Duration = time::Duration::seconds(10);

/// Events read by one query.
const CHUNK: u32 = 500;

/// How a catch-up ended.
pub(crate) struct CaughtUp {
    /// The store's time when it began.
    pub began: OffsetDateTime,
    pub epoch: Epoch,
}

/// Reads everything since [`REACH`] before `last` (none: before now), hands it over in chunks, then says how it ended.
pub(crate) async fn run(
    store: Arc<dyn Store>,
    known: Epoch,
    last: Option<OffsetDateTime>,
    partitions: Vec<Partition>,
    done: mpsc::Sender<Done>,
) {
    let outcome = read_all(&store, known, last, &partitions, &done).await;
    if let Err(error) = &outcome {
        tracing::warn!(%error, "cannot catch up from the store; it is tried again");
    }
    // Fails only if the hub has stopped.
    let _ = done.send(Done::CaughtUp(outcome.ok())).await;
}

async fn read_all(
    store: &Arc<dyn Store>,
    known: Epoch,
    last: Option<OffsetDateTime>,
    partitions: &[Partition],
    done: &mpsc::Sender<Done>,
) -> Result<CaughtUp> {
    let epoch = store.epoch().await?;
    let now = store.store_now().await?;
    let caught_up = CaughtUp { began: now, epoch };
    if epoch != known {
        return Ok(caught_up);
    }
    let mut since = last.unwrap_or(now) - REACH;
    let mut limit = CHUNK;
    loop {
        let read = store.events_since(since, partitions, limit).await?;
        let newest = read.events.last().map(|event: &StoredEvent| event.at);
        if !read.events.is_empty() && done.send(Done::Events(read.events)).await.is_err() {
            return Ok(caught_up);
        }
        match newest {
            _ if read.complete => return Ok(caught_up),
            Some(at) if at > since => (since, limit) = (at, CHUNK),
            // More events of one instant than a chunk holds.
            _ => limit = limit.saturating_mul(2),
        }
    }
}
