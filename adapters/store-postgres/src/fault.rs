//! What can go wrong in a call, and which of the port's errors it becomes.

use herald_domain::store::StoreError;

/// The port's result, or that of one attempt (`Result<T, Fault>`).
pub(crate) type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why an attempt at a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// The row says something that it should never say.
    #[error("{0}")]
    Broken(String),
}

/// What a caller can do about a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The server undid the transaction for the sake of another: do it again at once.
    Retry,
    /// A lock was not to be had in time.
    Locked,
    /// The connection is gone or useless; another may do.
    Connection,
    /// Overload, disk full, time-out, shutdown: later.
    Unavailable,
    Broken,
}

impl Fault {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Sql(error) => kind(error),
            Self::Broken(_) => Kind::Broken,
        }
    }

    /// Whether the fence against overdraft stopped it.
    pub(crate) fn is_overdraft(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(error)) if error.constraint() == Some("accounts_no_overdraft"))
    }

    /// The port's error for a failure that is not tried again.
    pub(crate) fn into_store_error(self) -> StoreError {
        match (self.kind(), self) {
            (Kind::Broken, Self::Broken(what)) => StoreError::Broken(what),
            // The message alone: details and hints of the server may quote values.
            (Kind::Broken, Self::Sql(error)) => StoreError::Broken(error.to_string()),
            (_, fault) => StoreError::Unavailable(Box::new(fault)),
        }
    }
}

/// Whether the failure may go away by itself.
pub(crate) fn is_unavailable(error: &sqlx::Error) -> bool {
    kind(error) != Kind::Broken
}

fn kind(error: &sqlx::Error) -> Kind {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::Tls(_) | E::Protocol(_) => Kind::Connection,
        E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => Kind::Unavailable,
        // An event was on its way into the default partition while its day got one of its own.
        E::Database(error) if is_check(&**error) && error.constraint().is_none() => Kind::Retry,
        E::Database(error) => error.code().map_or(Kind::Broken, |code| kind_of_state(&code)),
        _ => Kind::Broken,
    }
}

fn is_check(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().as_deref() == Some("23514")
}

/// By SQLSTATE (PostgreSQL manual, appendix A).
fn kind_of_state(code: &str) -> Kind {
    match code {
        "40001" | "40P01" => Kind::Retry,
        "55P03" => Kind::Locked,
        // Shutdown, crash, starting up, idle too long; read-only: the server has become a standby.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25006" => Kind::Connection,
        _ => match &code[..code.len().min(2)] {
            "08" => Kind::Connection,
            // Cannot log in: a password is being changed; the settings were good when the store was opened.
            "28" => Kind::Unavailable,
            // Out of disk, memory or connections; operator intervention, cancelled; trouble outside the server.
            "53" | "57" | "58" => Kind::Unavailable,
            _ => Kind::Broken,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_is_broken() {
        for (code, expected) in [
            ("40P01", Kind::Retry),
            ("55P03", Kind::Locked),
            ("57P01", Kind::Connection),
            ("08006", Kind::Connection),
            ("57014", Kind::Unavailable),
            ("53100", Kind::Unavailable),
            ("53300", Kind::Unavailable),
            ("23505", Kind::Broken),
            ("42P01", Kind::Broken),
            ("", Kind::Broken),
        ] {
            assert_eq!(kind_of_state(code), expected, "{code}");
        }
        assert_eq!(kind(&sqlx::Error::PoolTimedOut), Kind::Unavailable);
        assert_eq!(kind(&sqlx::Error::RowNotFound), Kind::Broken);
    }
}
