//! What fell through the broker's own delivery limit is recorded as a dead letter in the store.

use std::time::Duration;

use herald_domain::broker::Fallen;
use herald_domain::clock::Clock;
use herald_domain::event::MAX_FRAME_BYTES;
use herald_domain::id::DeadLetterId;
use herald_domain::store::DeadLetter;
use herald_domain::text::printable;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Deps;

const PAUSE: Duration = Duration::from_secs(1);

/// Records fallen messages until `stop` fires. The row of a submission is not touched: it is its own obligation, and the
/// sweeper wakes it again.
pub async fn record_fallen(deps: Deps, clock: std::sync::Arc<dyn Clock>, stop: CancellationToken) {
    let _vital = stop.clone().drop_guard();
    loop {
        let fallen = tokio::select! {
            () = stop.cancelled() => return,
            fallen = deps.broker.next_fallen() => fallen,
        };
        let recorded = match fallen {
            Ok(fallen) => record(&deps, &*clock, fallen).await,
            Err(_) => false,
        };
        if !recorded {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

async fn record(deps: &Deps, clock: &dyn Clock, fallen: Box<dyn Fallen>) -> bool {
    let entity = serde_json::from_slice::<serde_json::Value>(fallen.body())
        .ok()
        .and_then(|body| body.get("submission")?.as_str().map(|id| format!("submission:{id}")));
    let letter = DeadLetter {
        id: DeadLetterId(Uuid::now_v7()),
        queue: fallen.queue().to_owned(),
        entity,
        error: "the broker gave the message up: it was delivered too often, or could not be read".to_owned(),
        payload: Some(printable(fallen.body(), MAX_FRAME_BYTES).0),
        at: clock.now(),
    };
    tracing::error!(queue = %letter.queue, "a message fell through the broker's delivery limit; see `herald dlq`");
    deps.store.add_dead_letter(&letter).await.is_ok() && fallen.taken().await.is_ok()
}
