//! Ends holds that nobody captured in time.

use std::time::Duration;

use herald_domain::store;
use tokio_util::sync::CancellationToken;

use crate::booking::{message, tell};
use crate::{Deps, Relay};

const EVERY: Duration = Duration::from_secs(1);
/// The most in one transaction.
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
        if let Err(error) = expire_now(&deps, &relay).await {
            tracing::debug!(error = %error, "holds could not be looked at; it is done again");
        }
    }
}

/// Ends all holds whose time is over, and tells of it; how many there were.
pub(crate) async fn expire_now(deps: &Deps, relay: &Relay) -> store::Result<u64> {
    let mut ended = 0;
    loop {
        let expired = deps.store.expire_holds(BATCH, message).await?;
        expired.iter().for_each(|booked| tell(deps, relay, booked));
        ended += expired.len() as u64;
        if expired.len() < BATCH as usize {
            return Ok(ended);
        }
    }
}
