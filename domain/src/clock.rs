//! Time as a port: wall-clock readings come from here, so that tests can move them. Leases and due times are decided
//! by the *store's* clock (design: one judge of time per store), never by this one, except where the store is embedded.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

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

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be a date (2026-11-01) or a date and time with its offset (2026-11-01T12:00:00Z)")]
pub struct BadMoment;

/// Reads what a person writes for a point in time: a date and time (RFC 3339), or a date, which begins at midnight, UTC.
pub fn moment(text: &str) -> Result<OffsetDateTime, BadMoment> {
    let day = || Date::parse(text, format_description!("[year]-[month]-[day]")).map(|day| day.midnight().assume_utc());
    OffsetDateTime::parse(text, &Rfc3339).or_else(|_| day()).map_err(|_| BadMoment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_moment_is_a_day_or_a_time_with_its_offset() {
        for (text, read) in [
            ("2026-11-01", datetime!(2026-11-01 0:00 UTC)),
            ("2026-11-01T12:30:00Z", datetime!(2026-11-01 12:30 UTC)),
            ("2026-11-01T12:30:00.25+05:30", datetime!(2026-11-01 7:00:00.25 UTC)),
        ] {
            assert_eq!(moment(text), Ok(read), "{text}");
        }
        for bad in ["", "yesterday", "2026-11-31", "2026-11-01T12:30:00", "2026-11-01 12:30", "1h", "1700000000"] {
            assert_eq!(moment(bad), Err(BadMoment), "{bad}");
        }
    }
}
