//! Sends one message to one endpoint: signs it, calls, and keeps how it went. The same for transfers, submissions, pings and replays.

use std::sync::Arc;
use std::time::{Duration, Instant};

use herald_domain::clock::Clock;
use herald_domain::id::AttemptId;
use herald_domain::store::Webhooks;
use herald_domain::webhook::{Endpoint, NewAttempt};
use herald_pipeline::insist_for;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Config;
use super::caller::{Answer, CallError, Caller};
use super::guard::Guard;
use super::message::{MAX_BODY_BYTES, Message};
use super::schedule::parse_retry_after;
use super::signature::signatures;

/// How long the store is asked to keep a call that was made; past it the call may be made again.
const RECORD_WITHIN: Duration = Duration::from_secs(20);
/// The reason of an endpoint that answered 410.
const GONE: &str = "gone";

/// What came of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sent {
    Delivered,
    /// It answered 410, and is disabled.
    Gone,
    /// Worth another try, at the earliest after what the receiver asked for.
    Failed {
        error: String,
        retry_after: Option<Duration>,
    },
}

/// Sends messages to endpoints.
#[derive(Clone)]
pub struct Sender {
    hooks: Arc<dyn Webhooks + Send + Sync>,
    clock: Arc<dyn Clock>,
    caller: Caller,
    guard: Guard,
}

impl Sender {
    pub fn new(config: &Config, hooks: Arc<dyn Webhooks + Send + Sync>, clock: Arc<dyn Clock>) -> Self {
        let guard = Guard::new(config.allow_private);
        Self { hooks, clock, caller: Caller::new(guard), guard }
    }

    /// What URLs are held to.
    pub fn guard(&self) -> Guard {
        self.guard
    }

    /// Calls the endpoint once and records it; what came of it, and what was recorded.
    pub async fn send(&self, endpoint: &Endpoint, message: &Message) -> (Sent, NewAttempt) {
        let began = Instant::now();
        let called = self.call(endpoint, message).await;
        let sent = self.judge(&called);
        let attempt = attempt(endpoint, message, &sent, called, began.elapsed());
        self.record(endpoint, &sent, &attempt).await;
        let outcome = match sent {
            Sent::Delivered => "delivered",
            Sent::Gone => "gone",
            Sent::Failed { .. } => "failed",
        };
        metrics::counter!("herald_webhook_calls_total", "outcome" => outcome).increment(1);
        (sent, attempt)
    }

    async fn call(&self, endpoint: &Endpoint, message: &Message) -> Result<Answer, String> {
        if message.body.len() > MAX_BODY_BYTES {
            return Err(format!("the message is larger than {MAX_BODY_BYTES} bytes"));
        }
        let at = self.clock.now().unix_timestamp();
        let secrets = endpoint.secrets.iter().map(|each| &each.secret);
        let headers = [
            ("webhook-id", message.id.clone()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", signatures(secrets, &message.id, at, &message.body)),
        ];
        self.caller
            .post(&endpoint.url, &headers, message.body.clone())
            .await
            .map_err(|error: CallError| error.to_string())
    }

    fn judge(&self, called: &Result<Answer, String>) -> Sent {
        let answer = match called {
            Ok(answer) => answer,
            Err(error) => return Sent::Failed { error: error.clone(), retry_after: None },
        };
        let retry_after = || {
            let value = answer.retry_after.as_deref()?;
            parse_retry_after(value, self.clock.now())
        };
        match answer.status {
            200..300 => Sent::Delivered,
            410 => Sent::Gone,
            status @ 300..400 => {
                Sent::Failed { error: format!("it answered {status}; redirects are not followed"), retry_after: None }
            }
            status @ (429 | 503) => Sent::Failed { error: format!("it answered {status}"), retry_after: retry_after() },
            status => Sent::Failed { error: format!("it answered {status}"), retry_after: None },
        }
    }

    async fn record(&self, endpoint: &Endpoint, sent: &Sent, attempt: &NewAttempt) {
        let never = CancellationToken::new();
        let recorded = insist_for(RECORD_WITHIN, &never, || self.hooks.record_attempt(attempt)).await;
        if !matches!(recorded, Some(Ok(()))) {
            tracing::error!(endpoint.id = %endpoint.id, message = %attempt.message, ?recorded, "a call could not be recorded");
        }
        if *sent != Sent::Gone {
            return;
        }
        let disabled = insist_for(RECORD_WITHIN, &never, || self.hooks.disable_endpoint(endpoint.id, None, GONE)).await;
        match disabled {
            Some(Ok(_)) => tracing::info!(endpoint.id = %endpoint.id, "the endpoint answered 410 and is disabled"),
            other => tracing::error!(endpoint.id = %endpoint.id, ?other, "an endpoint could not be disabled"),
        }
    }
}

fn attempt(
    endpoint: &Endpoint,
    message: &Message,
    sent: &Sent,
    called: Result<Answer, String>,
    took: Duration,
) -> NewAttempt {
    let error = match sent {
        Sent::Delivered => None,
        Sent::Gone => Some("it answered 410".to_owned()),
        Sent::Failed { error, .. } => Some(error.clone()),
    };
    let answer = called.ok();
    NewAttempt {
        id: AttemptId(Uuid::now_v7()),
        endpoint: endpoint.id,
        message: message.id.clone(),
        event: message.event.clone(),
        transfer: message.transfer,
        submission: message.submission,
        delivered: *sent == Sent::Delivered,
        status: answer.as_ref().map(|answer| answer.status),
        error,
        response: answer.map(|answer| answer.response),
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    }
}
