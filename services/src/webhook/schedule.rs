//! When a message that was not taken is sent again: the example schedule of Standard Webhooks 1.0.0, three days long.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::retry::delay_ms;

/// After the first failure, after the second …: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
const DELAYS_S: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// A receiver may ask for more patience than the schedule has, up to this.
const MAX_DELAY: Duration = Duration::from_secs(86_400);

/// Milliseconds until the next attempt after `attempt` failed (1 is the first), with a tenth of jitter.
pub fn next_delay_ms(attempt: u32, retry_after: Option<Duration>) -> u64 {
    delay_ms(&DELAYS_S, attempt, retry_after.unwrap_or_default().min(MAX_DELAY))
}

/// The `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3). What is neither, or past, is none.
pub fn parse_retry_after(value: &str, now: OffsetDateTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(value, &Rfc2822).ok()?;
    (date - now).try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_schedule_is_the_standards_with_a_tenth_of_jitter() {
        let expected = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, 86_400];
        for (attempt, seconds) in (1..).zip(expected) {
            let delay = next_delay_ms(attempt, None);
            assert!((seconds * 1_000..=seconds * 1_100).contains(&delay), "attempt {attempt}: {delay}");
        }
        assert!(next_delay_ms(u32::MAX, None) >= 86_400_000);
        let drawn: std::collections::HashSet<_> = (0..20).map(|_| next_delay_ms(9, None)).collect();
        assert!(drawn.len() > 1, "without jitter");
    }

    #[test]
    fn a_receiver_is_given_the_time_it_asks_for_but_not_for_ever() {
        let hour = Some(Duration::from_secs(3_600));
        assert!((3_600_000..=3_960_000).contains(&next_delay_ms(1, hour)));
        assert!(next_delay_ms(9, hour) >= 86_400_000, "the schedule is longer");
        assert!(next_delay_ms(1, Some(Duration::MAX)) <= 95_040_000);
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = datetime!(2026-03-01 12:00 UTC);
        let of = |value| parse_retry_after(value, now);
        assert_eq!(of("120"), Some(Duration::from_secs(120)));
        assert_eq!(of("Sun, 01 Mar 2026 12:01:00 GMT"), Some(Duration::from_secs(60)));
        for none in ["", "soon", "-1", "1.5", "Sun, 01 Mar 2026 11:59:00 GMT"] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }
}
