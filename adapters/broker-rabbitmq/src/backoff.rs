//! How long to wait before the next attempt: full jitter, so that a fleet does not come back in step.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
/// Low enough that everyone is back within 3 s of the broker.
const MOST: Duration = Duration::from_secs(2);

/// Goes on for ever: giving up is nobody's decision here.
#[derive(Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// Anything from nothing to a ceiling that doubles with each attempt, up to 2 s.
    pub(crate) fn next(&mut self) -> Duration {
        let ceiling = FIRST.saturating_mul(2_u32.saturating_pow(self.attempts)).min(MOST);
        self.attempts = self.attempts.saturating_add(1);
        ceiling.mul_f64(rand::random_range(0.0..=1.0))
    }

    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_under_a_ceiling_that_doubles_up_to_two_seconds() {
        let mut backoff = Backoff::default();
        for ceiling_ms in [100, 200, 400, 800, 1_600, 2_000, 2_000] {
            assert!(backoff.next() <= Duration::from_millis(ceiling_ms));
        }
        (0..100).for_each(|_| assert!(backoff.next() <= MOST));
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
