//! What no message told a service of: effects that have come due again, and transfers that it has made nothing of yet.
//! Each service looks after itself, and wakes its own queue only.

use std::time::Duration;

use herald_domain::broker::TransferMessage;
use herald_domain::money::{Service, TransferStep};
use herald_domain::store::Result;
use tokio_util::sync::CancellationToken;

use crate::Deps;
use crate::booking::message;

/// Between two looks at what is due.
const EVERY: Duration = Duration::from_secs(1);
/// Between two looks for what is missing, the first of them at the start.
const SEARCH_EVERY: u64 = 60;
/// What was settled more recently may have its message on the way.
const MISSED_AFTER: Duration = Duration::from_secs(30);
/// The most in one look.
const BATCH: u32 = 1_000;

/// Looks until `stop` fires.
pub async fn reconcile(deps: Deps, service: Service, stop: CancellationToken) {
    let _vital = stop.clone().drop_guard();
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for pass in 0u64.. {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        let missed =
            if pass % SEARCH_EVERY == 0 { wake_missing(&deps, service, MISSED_AFTER).await.map(drop) } else { Ok(()) };
        for outcome in [wake_due(&deps, service).await, missed] {
            if let Err(error) = outcome {
                tracing::warn!(%service, error = %error, "a look at what is left to do failed; it is taken again");
            }
        }
    }
}

async fn wake_due(deps: &Deps, service: Service) -> Result<()> {
    let steps = deps.store.due_effects(service, BATCH).await?;
    wake(deps, service, steps).await;
    Ok(())
}

/// Transfers that were settled so long ago without this service's row: how many were found. Once per service and minute, and by
/// `herald reconcile`.
pub async fn wake_missing(deps: &Deps, service: Service, settled_for: Duration) -> Result<u64> {
    let older_than_ms = u64::try_from(settled_for.as_millis()).unwrap_or(u64::MAX);
    let steps = deps.store.missing_effects(service, older_than_ms, BATCH).await?;
    let found = steps.len() as u64;
    if found > 0 {
        tracing::warn!(%service, transfers = found, "transfers lack this service's effect: waking it for them");
    }
    wake(deps, service, steps).await;
    Ok(found)
}

async fn wake(deps: &Deps, service: Service, steps: Vec<TransferStep>) {
    if steps.is_empty() {
        return;
    }
    let messages: Vec<_> =
        steps.into_iter().map(|step| TransferMessage { id: Some(message()), step, traceparent: None }).collect();
    let failed = deps.broker.wake_service(service, &messages).await.iter().filter(|outcome| outcome.is_err()).count();
    tracing::debug!(%service, woken = messages.len() - failed, failed, "service woken");
}
