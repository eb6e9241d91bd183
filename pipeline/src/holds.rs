//! Ends holds that nobody captured in time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::booking::{message, tell};
use crate::{Deps, Relay};

const EVERY: Duration = Duration::from_secs(1);
/// The most in one pass.
const BATCH: u32 = 256;

/// Expires holds until `stop` fires. Any number of processes may do so at once.
pub async fn expire_holds(deps: Deps, relay: Relay, stop: CancellationToken) {
    let _vital = stop.clone().drop_guard();
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        match deps.store.expire_holds(BATCH, message).await {
            Ok(expired) => expired.iter().for_each(|booked| tell(&deps, &relay, booked)),
            Err(error) => tracing::debug!(error = %error, "holds could not be looked at; it is done again"),
        }
    }
}
