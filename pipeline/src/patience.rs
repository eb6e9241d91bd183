//! How long, and how often, something is tried again.

use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use herald_domain::store::{self, StoreError};
use tokio_util::sync::CancellationToken;

/// A failed attempt is tried again after 1 s, 2 s, 4 s … up to this.
const MAX_RETRY_DELAY_MS: u64 = 60_000;

/// Jittered, below a ceiling that doubles with each attempt.
pub fn retry_delay_ms(attempt: u32) -> u64 {
    let doublings = attempt.saturating_sub(1).min(MAX_RETRY_DELAY_MS.ilog2());
    let ceiling = (1_000 << doublings).min(MAX_RETRY_DELAY_MS);
    rand::random_range(ceiling / 2..=ceiling)
}

/// Calls until the store answers, be it by a refusal, which asking again would not change; `None` if `stop` fires first.
pub(crate) async fn insist<T, F, C>(stop: &CancellationToken, call: C) -> Option<store::Result<T>>
where
    C: Fn() -> F,
    F: Future<Output = store::Result<T>>,
{
    let mut pauses = retry_pauses();
    loop {
        match call().await {
            Err(error @ (StoreError::Unavailable(_) | StoreError::Busy)) => {
                tracing::warn!(error = %error, "the store did not answer; trying again");
            }
            answer => return Some(answer),
        }
        pause(&mut pauses, stop).await?;
    }
}

/// `None` if `stop` fires first.
pub(crate) async fn pause(pauses: &mut impl Iterator<Item = Duration>, stop: &CancellationToken) -> Option<()> {
    let pause = pauses.next().unwrap_or(Duration::from_secs(2));
    stop.run_until_cancelled(tokio::time::sleep(pause)).await
}

/// As long as `limit` at most; `None` when it is over, or if `stop` fires first.
pub async fn insist_for<T, F, C>(limit: Duration, stop: &CancellationToken, call: C) -> Option<store::Result<T>>
where
    C: Fn() -> F,
    F: Future<Output = store::Result<T>>,
{
    tokio::time::timeout(limit, insist(stop, call)).await.ok().flatten()
}

/// 0.1 s doubling to 2 s, jittered, without end.
pub(crate) fn retry_pauses() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(2))
        .with_jitter()
        .without_max_times()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_waits_longer_each_time_up_to_a_minute_and_never_not_at_all() {
        for (attempt, most) in [(1, 1_000), (2, 2_000), (5, 16_000), (7, 60_000), (65, 60_000), (u32::MAX, 60_000)] {
            let delay = retry_delay_ms(attempt);
            assert!((most / 2..=most).contains(&delay), "attempt {attempt}: {delay}");
        }
    }
}
