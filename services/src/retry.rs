//! Schedules of attempts.

use std::time::Duration;

/// Milliseconds until the next attempt after `attempt` failed (1 is the first): the schedule's step, the last one for ever, or
/// `at_least`. Up to a tenth longer, so that what failed together does not come back together.
pub(crate) fn delay_ms(schedule_s: &[u64], attempt: u32, at_least: Duration) -> u64 {
    let step = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX).min(schedule_s.len() - 1);
    let planned = Duration::from_secs(schedule_s[step]);
    let base = u64::try_from(planned.max(at_least).as_millis()).unwrap_or(u64::MAX);
    base + rand::random_range(0..=base / 10)
}
