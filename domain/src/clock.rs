//! Time as a port: wall-clock readings come from here, so that tests can move them. Leases and due times are decided
//! by the *store's* clock (design: one judge of time per store), never by this one, except where the store is embedded.

use time::OffsetDateTime;

/// Reads the wall clock (UTC).
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> OffsetDateTime;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}
