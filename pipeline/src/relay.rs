//! The outbox relay: publishes wake-ups whose rows are committed, and deletes the rows that the broker has confirmed.
//!
//! Invariants: no transaction is open across a broker call; a row is deleted only after its message was confirmed, so a
//! crash anywhere leads to a duplicate (legal) and never to a loss. Handing a row over never waits: what does not fit in
//! the channel is found by the sweep once its claim has run out.

use std::time::Duration;

use herald_domain::broker::{self, TransferMessage, WorkMessage};
use herald_domain::id::MessageId;
use herald_domain::store::{OutboxRow, Wakes};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::Deps;

/// Rows that may wait for the publisher, and confirmed ids that may wait for deletion.
const WAITING: usize = 8_192;
/// The most rows in one pipelined publish and in one delete.
const BATCH: usize = 512;
/// How long a sweep's claim on a row lasts: longer than a publish may wait for its confirm.
const CLAIM_MS: u64 = 35_000;
/// Between two sweeps of the outbox.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// A handle on the process's one relay; cheap to clone.
#[derive(Clone)]
pub struct Relay {
    rows: mpsc::Sender<OutboxRow>,
}

impl Relay {
    /// Starts publisher, deleter and sweep. They end when `stop` fires; rows not yet published stay for the next process.
    pub fn start(deps: Deps, tasks: &TaskTracker, stop: CancellationToken) -> Self {
        let (rows, waiting) = mpsc::channel(WAITING);
        let (confirmed, deletable) = mpsc::channel(WAITING);
        tasks.spawn(publish_all(deps.clone(), waiting, confirmed, stop.clone()));
        tasks.spawn(delete_all(deps.clone(), deletable, stop.clone()));
        let relay = Self { rows };
        tasks.spawn(sweep(deps, relay.rows.clone(), stop));
        relay
    }

    /// Hands a committed row over. Never waits; a row that finds no room is published by a later sweep.
    pub fn hand_over(&self, row: OutboxRow) {
        if self.rows.try_send(row).is_err() {
            metrics::counter!("herald_outbox_left_to_sweep_total").increment(1);
        }
    }
}

async fn publish_all(
    deps: Deps,
    mut waiting: mpsc::Receiver<OutboxRow>,
    confirmed: mpsc::Sender<MessageId>,
    stop: CancellationToken,
) {
    let _vital = stop.clone().drop_guard();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            received = waiting.recv_many(&mut batch, BATCH) => if received == 0 { return },
        }
        let span = tracing::debug_span!("outbox.publish", messages = batch.len());
        for id in publish(&deps, &batch).instrument(span).await {
            // The deleter only ends after this sender is dropped.
            let _ = confirmed.send(id).await;
        }
        batch.clear();
    }
}

/// Publishes in pipeline; the ids that the broker has taken responsibility for.
async fn publish(deps: &Deps, rows: &[OutboxRow]) -> Vec<MessageId> {
    let (mut work, mut transfers) = (Vec::new(), Vec::new());
    for OutboxRow { id, wakes, traceparent } in rows {
        let (id, traceparent) = (Some(*id), traceparent.clone());
        match wakes {
            Wakes::Work { submission, class } => {
                work.push(WorkMessage { id, submission: *submission, class: class.clone(), traceparent });
            }
            Wakes::Services(step) => transfers.push(TransferMessage { id, step: *step, traceparent }),
        }
    }
    let (worked, told) = tokio::join!(publish_work(deps, &work), publish_transfers(deps, &transfers));
    let mut taken = Vec::with_capacity(rows.len());
    let mut failed = None;
    for (id, outcome) in worked.into_iter().chain(told) {
        match outcome {
            Ok(()) => taken.extend(id),
            Err(error) => failed = Some(error),
        }
    }
    metrics::counter!("herald_outbox_published_total").increment(taken.len() as u64);
    if let Some(error) = failed {
        let left = rows.len() - taken.len();
        metrics::counter!("herald_outbox_failed_total").increment(left as u64);
        tracing::debug!(left, error = %error, "messages stay in the outbox");
    }
    taken
}

type Outcome = (Option<MessageId>, broker::Result<()>);

async fn publish_work(deps: &Deps, messages: &[WorkMessage]) -> Vec<Outcome> {
    if messages.is_empty() {
        return Vec::new();
    }
    let outcomes = deps.broker.publish_work(messages).await;
    for message in messages.iter().zip(&outcomes).filter_map(|(message, outcome)| outcome.is_ok().then_some(message)) {
        let traceparent = message.traceparent.as_deref().unwrap_or("");
        tracing::debug!(submission.id = %message.submission, traceparent, "published");
    }
    messages.iter().map(|message| message.id).zip(outcomes).collect()
}

async fn publish_transfers(deps: &Deps, messages: &[TransferMessage]) -> Vec<Outcome> {
    if messages.is_empty() {
        return Vec::new();
    }
    let outcomes = deps.broker.publish_transfers(messages).await;
    for message in messages.iter().zip(&outcomes).filter_map(|(message, outcome)| outcome.is_ok().then_some(message)) {
        let traceparent = message.traceparent.as_deref().unwrap_or("");
        tracing::debug!(transfer.id = %message.step.transfer, traceparent, "published");
    }
    messages.iter().map(|message| message.id).zip(outcomes).collect()
}

async fn delete_all(deps: Deps, mut deletable: mpsc::Receiver<MessageId>, stop: CancellationToken) {
    let _vital = stop.drop_guard();
    let mut batch = Vec::with_capacity(BATCH);
    while deletable.recv_many(&mut batch, BATCH).await > 0 {
        if let Err(error) = deps.store.delete_outbox(&batch).await {
            // The rows' claims run out and they are published again: a duplicate, which is legal.
            tracing::warn!(rows = batch.len(), error = %error, "published outbox rows could not be deleted");
        }
        batch.clear();
    }
}

/// Finds what nobody handed over, or what could not be published: rows whose claim has run out.
async fn sweep(deps: Deps, rows: mpsc::Sender<OutboxRow>, stop: CancellationToken) {
    let _vital = stop.clone().drop_guard();
    let mut every = tokio::time::interval(SWEEP_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        while publishing_is_possible(&deps) {
            let room = rows.capacity().min(BATCH * 4);
            if room == 0 {
                break;
            }
            match deps.store.claim_outbox(room as u32, CLAIM_MS).await {
                Ok(found) if found.is_empty() => break,
                Ok(found) => {
                    for row in found {
                        if rows.send(row).await.is_err() {
                            return;
                        }
                    }
                }
                Err(error) => {
                    tracing::debug!(error = %error, "the outbox could not be swept");
                    break;
                }
            }
        }
    }
}

fn publishing_is_possible(deps: &Deps) -> bool {
    let status = deps.broker.status();
    status.connected && !status.blocked
}
