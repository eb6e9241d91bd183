//! Herald's HTTP, SSE and WebSocket client: what the command line speaks, and nothing that a server needs.
//!
//! One stack for all of it: `hyper` and `tungstenite` over a TCP connection that counts its bytes ([`wire`]), so that
//! `herald compare` can tell what each way of waiting costs. Frames are read as a stranger would read them ([`frame`]):
//! unknown fields and types are ignored. Invariant of [`watch`]: however often the connection breaks, a stored event is
//! shown once and progress never goes backwards.

use std::time::Duration;

use herald_domain::view::ProblemDetails;

pub mod address;
pub mod frame;
pub mod http;
pub mod poll;
pub mod socket;
pub mod sse;
pub mod submission;
pub mod transfer;
pub mod watch;
pub mod wire;

pub use address::{Address, Place};
pub use http::{Client, Reply};

pub type Result<T> = std::result::Result<T, Error>;

/// Why a call came to nothing, told so that a person knows what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no herald answers at {0}: start one with `make run`, or set HERALD_URL")]
    Refused(String),
    #[error("'{0}' is not an address: write http://HOST:PORT")]
    Address(String),
    #[error("'{0}' needs TLS, which this build does not speak: name an http:// address, such as that of a local proxy")]
    Tls(String),
    #[error("the connection to {0} broke ({1}): is the server still running?")]
    Broken(String, String),
    #[error("{0} did not answer within {1:?}: is the server overloaded?")]
    Slow(String, Duration),
    /// Herald said no, and why.
    #[error("{}", describe(.0))]
    Problem(Box<ProblemDetails>, Option<Duration>),
    #[error("{0} answered {1} with something that is not herald's: does HERALD_URL name the right server?")]
    Stranger(String, u16),
    #[error("lost sight of {what}: {cause}; `{look}` shows what became of it")]
    Lost { what: &'static str, cause: String, look: String },
}

impl Error {
    /// Trying again later may help: nothing was said about the request itself.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Broken(..) | Self::Slow(..) => true,
            Self::Problem(problem, _) => matches!(problem.status, 429 | 502 | 503 | 504),
            Self::Stranger(_, status) => matches!(status, 502..=504),
            Self::Address(_) | Self::Tls(_) | Self::Lost { .. } => false,
        }
    }

    /// How long the server asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem(_, after) => *after,
            _ => None,
        }
    }
}

/// What is wrong, where, and what to do; a line for each field.
fn describe(problem: &ProblemDetails) -> String {
    use std::fmt::Write;
    let mut text = problem.title.clone();
    if !problem.detail.is_empty() {
        let _ = write!(text, ": {}", problem.detail);
    }
    for field in &problem.errors {
        let _ = write!(text, "\n  {}: {}", field.pointer, field.detail);
    }
    let _ = write!(text, "\n  ({} {}", problem.status, problem.code);
    if let Some(id) = &problem.request_id {
        let _ = write!(text, ", request {id}");
    }
    text.push(')');
    if problem.status == 401 {
        text.push_str("\n  give the key by HERALD_TOKEN or --token");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use herald_domain::view::FieldError;

    #[test]
    fn a_refusal_says_what_is_wrong_and_where_and_what_to_do() {
        let problem = ProblemDetails {
            kind: "about:blank".into(),
            title: "Unprocessable Content".into(),
            status: 422,
            code: "invalid_request".into(),
            detail: "one field is wrong".into(),
            request_id: Some("r1".into()),
            errors: vec![FieldError { pointer: "/language".into(), detail: "unknown language 'x'".into() }],
            shortfall: None,
        };
        let text = Error::Problem(Box::new(problem.clone()), None).to_string();
        assert_eq!(
            text,
            "Unprocessable Content: one field is wrong\n  /language: unknown language 'x'\n  (422 invalid_request, request r1)"
        );
        let key = ProblemDetails { status: 401, code: "unauthorized".into(), errors: vec![], ..problem };
        assert!(Error::Problem(Box::new(key), None).to_string().contains("HERALD_TOKEN"));
    }
}
