//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use herald_domain::clock::Clock;
use time::OffsetDateTime;
use time::macros::datetime;

/// Starts at noon on a fixed day; only [`TestClock::advance`] moves it.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn new() -> Self {
        Self(AtomicI64::new(0))
    }

    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        datetime!(2026-03-01 12:00 UTC) + time::Duration::microseconds(self.0.load(Ordering::SeqCst))
    }
}
