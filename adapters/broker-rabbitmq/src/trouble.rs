//! What can stand between us and the broker, in the operator's words.

use herald_domain::broker::BrokerError;
use lapin::ErrorKind;

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Trying again will help as soon as the broker or the way to it is back.
    #[error("{0}")]
    Unreachable(String),
    /// Nothing helps until somebody acts.
    #[error("the broker denies access ({0}); check user, password, virtual host and permissions")]
    Denied(String),
    /// As above: what we need exists, but not as we need it.
    #[error("{what} exists with other arguments ({reply}); delete it or set another prefix")]
    Mismatch { what: String, reply: String },
    /// What was to be used is not there; it is declared again before the next attempt.
    #[error("{0}")]
    Missing(String),
    #[error("the broker takes no messages now ({0})")]
    Blocked(String),
    #[error("the broker has been closed by this process")]
    Closed,
}

const ACCESS_REFUSED: u16 = 403;
const NOT_FOUND: u16 = 404;
const PRECONDITION_FAILED: u16 = 406;
const NOT_ALLOWED: u16 = 530;

impl Trouble {
    /// `what` says what was being done or declared.
    pub(crate) fn from_lapin(what: &str, error: &lapin::Error) -> Self {
        match reply_code(error) {
            Some(ACCESS_REFUSED | NOT_ALLOWED) => Self::Denied(format!("{what}: {error}")),
            Some(PRECONDITION_FAILED) => Self::Mismatch { what: what.to_owned(), reply: error.to_string() },
            Some(NOT_FOUND) => Self::Missing(format!("{what}: {error}")),
            _ => Self::Unreachable(format!("{what}: {error}")),
        }
    }

    /// Whether an operator must act before it can work.
    pub(crate) fn needs_somebody(&self) -> bool {
        matches!(self, Self::Denied(_) | Self::Mismatch { .. })
    }

    /// Whether it is the same state of affairs, whatever the details of this attempt.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unreachable(_), Self::Unreachable(_)) => true,
            _ => self == other,
        }
    }
}

impl From<Trouble> for BrokerError {
    fn from(trouble: Trouble) -> Self {
        Self::Unavailable(Box::new(trouble))
    }
}

fn reply_code(error: &lapin::Error) -> Option<u16> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => Some(error.get_id()),
        _ => None,
    }
}
