//! Which of the port's errors a failure becomes.

use std::fmt::Display;

use herald_domain::store::StoreError;

/// What SQLite or sqlx said, as the port says it.
pub(crate) fn fault(error: sqlx::Error) -> StoreError {
    if is_passing(&error) { StoreError::Unavailable(Box::new(error)) } else { StoreError::Broken(error.to_string()) }
}

/// The database holds what it should never hold.
pub(crate) fn broken(what: impl Display) -> StoreError {
    StoreError::Broken(what.to_string())
}

/// Whether the failure may go away by itself or with room on the disk.
fn is_passing(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => true,
        E::Database(error) => error.code().and_then(|code| code.parse().ok()).is_some_and(is_passing_code),
        _ => false,
    }
}

/// By primary result code (sqlite.org/rescode.html), the low byte of the extended one.
fn is_passing_code(code: u32) -> bool {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const NOMEM: u32 = 7;
    const READONLY: u32 = 8;
    const INTERRUPT: u32 = 9;
    const IOERR: u32 = 10;
    const FULL: u32 = 13;
    const CANTOPEN: u32 = 14;
    const PROTOCOL: u32 = 15;
    matches!(code & 0xff, BUSY | LOCKED | NOMEM | READONLY | INTERRUPT | IOERR | FULL | CANTOPEN | PROTOCOL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_is_broken() {
        const BUSY_SNAPSHOT: u32 = 517;
        const IOERR_FSYNC: u32 = 1034;
        for code in [5, 6, 10, 13, BUSY_SNAPSHOT, IOERR_FSYNC] {
            assert!(is_passing_code(code), "{code}");
        }
        const CORRUPT: u32 = 11;
        const CONSTRAINT_UNIQUE: u32 = 2067;
        for code in [1, CORRUPT, CONSTRAINT_UNIQUE] {
            assert!(!is_passing_code(code), "{code}");
        }
        assert!(matches!(fault(sqlx::Error::PoolTimedOut), StoreError::Unavailable(_)));
        assert!(matches!(fault(sqlx::Error::RowNotFound), StoreError::Broken(_)));
    }
}
