//! The webhook service: tells the servers of payer and payee of a transfer, and those of its owner of a submission that has ended,
//! as Standard Webhooks 1.0.0 says.
//!
//! One effect of a transfer is all its calls: to every endpoint of payer and payee that wants the event and was there when the
//! transfer was settled. The effect is done when each has taken the message (or said that it is gone); until then it is tried
//! again by the schedule, and those that have taken it are not called again. Each call is recorded as soon as it was made, so a
//! call is made twice only where the process or the store died between the two. A notice of a submission goes the same way.

mod caller;
pub mod guard;
mod message;
mod schedule;
mod sender;
pub mod signature;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::Args;
use herald_domain::clock::Clock;
use herald_domain::event::raw;
use herald_domain::money::{Deed, EffectClaim, EffectOutcome, Service};
use herald_domain::notice::{NoticeClaim, NoticeOutcome};
use herald_domain::owner::Owner;
use herald_domain::store::{StoreError, Webhooks};
use herald_domain::webhook::Endpoint;
use herald_pipeline::{Servant, Teller, retry_delay_ms};
use time::OffsetDateTime;

pub use message::{MAX_BODY_BYTES, Message};
pub use sender::{Sender, Sent};

use crate::outcome::{skipped, store_failed};

#[derive(Args, Clone, Copy, Default, Debug)]
#[group(skip)]
#[command(next_help_heading = "Webhooks")]
pub struct Config {
    /// Let webhooks go to private addresses and by plain http (for tests, and in closed networks)
    #[arg(
        id = "webhook_allow_private",
        long = "webhook-allow-private",
        env = "HERALD_WEBHOOK_ALLOW_PRIVATE",
        value_parser = clap::builder::BoolishValueParser::new()
    )]
    pub allow_private: bool,
}

/// Makes the effects of webhooks, and tells of submissions.
pub struct Webhook {
    hooks: Arc<dyn Webhooks + Send + Sync>,
    sender: Sender,
}

impl Webhook {
    pub fn new(config: &Config, hooks: Arc<dyn Webhooks + Send + Sync>, clock: Arc<dyn Clock>) -> Self {
        Self { sender: Sender::new(config, hooks.clone(), clock), hooks }
    }

    /// How many endpoints of the owners want the message and were there when it came about, and those among them that have not
    /// taken it.
    async fn endpoints(
        &self,
        owners: &[Owner],
        since: OffsetDateTime,
        message: &Message,
    ) -> Result<(usize, Vec<Endpoint>), StoreError> {
        let mut wanting = self.hooks.endpoints_for(owners, &message.event).await?;
        wanting.retain(|endpoint| endpoint.created_at <= since);
        let all = wanting.len();
        if all > 0 {
            let taken = self.hooks.delivered_to(&message.id).await?;
            wanting.retain(|endpoint| !taken.contains(&endpoint.id));
        }
        Ok((all, wanting))
    }

    /// All at once.
    async fn call(&self, endpoints: &[Endpoint], message: &Message) -> Vec<Sent> {
        let calls = endpoints.iter().map(|endpoint| async { self.sender.send(endpoint, message).await.0 });
        futures::future::join_all(calls).await
    }
}

#[async_trait]
impl Servant for Webhook {
    fn service(&self) -> Service {
        Service::Webhook
    }

    async fn serve(&self, claim: &EffectClaim) -> EffectOutcome {
        let Some(message) = Message::of(&claim.transfer) else { return skipped("not_settled") };
        let transfer = &claim.transfer;
        let since = transfer.settled_at.unwrap_or(transfer.created_at);
        let (all, left) = match self.endpoints(&transfer.audience(), since, &message).await {
            Ok((0, _)) => return skipped("no_endpoint"),
            Ok(found) => found,
            Err(error) => return store_failed(&error, retry_delay_ms(claim.attempt)),
        };
        outcome(all, &self.call(&left, &message).await, claim.attempt)
    }
}

#[async_trait]
impl Teller for Webhook {
    async fn tell(&self, claim: &NoticeClaim) -> NoticeOutcome {
        let submission = &claim.submission;
        let Some(message) = Message::of_submission(submission) else {
            tracing::debug!(submission.id = %submission.id, "it was redriven since, and will be told of when it ends again");
            return NoticeOutcome::Told;
        };
        let since = submission.finished_at.unwrap_or(submission.created_at);
        let owners = std::slice::from_ref(&submission.owner);
        let (all, left) = match self.endpoints(owners, since, &message).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(error = %error, "a notice waits for the store");
                let delay_ms = retry_delay_ms(claim.attempt);
                return NoticeOutcome::Again { error: error.to_string(), delay_ms };
            }
        };
        match failure(all, &self.call(&left, &message).await, claim.attempt) {
            Some((error, delay_ms)) => NoticeOutcome::Again { error, delay_ms },
            None => NoticeOutcome::Told,
        }
    }
}

/// Why the calls of one attempt have to be made again, and in how many milliseconds; `None`: nobody is left to tell. `all`: the
/// endpoints, those that took it before included.
fn failure(all: usize, sent: &[Sent], attempt: u32) -> Option<(String, u64)> {
    let failures: Vec<(&str, Option<Duration>)> = sent
        .iter()
        .filter_map(|sent| match sent {
            Sent::Failed { error, retry_after } => Some((error.as_str(), *retry_after)),
            Sent::Delivered | Sent::Gone => None,
        })
        .collect();
    let (error, _) = failures.first()?;
    let error = format!("{} of {all} endpoints did not take it; the first: {error}", failures.len());
    let retry_after = failures.iter().filter_map(|(_, retry_after)| *retry_after).max();
    Some((error, schedule::next_delay_ms(attempt, retry_after)))
}

/// What the calls of one attempt come to.
fn outcome(all: usize, sent: &[Sent], attempt: u32) -> EffectOutcome {
    if let Some((error, delay_ms)) = failure(all, sent, attempt) {
        return EffectOutcome::Again { error, delay_ms };
    }
    let gone = sent.iter().filter(|sent| **sent == Sent::Gone).count();
    if gone == all {
        return skipped("endpoint_gone");
    }
    let detail = raw(&serde_json::json!({ "delivered": all - gone, "gone": gone }));
    EffectOutcome::Done { detail, deed: Deed::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(error: &str, retry_after_s: Option<u64>) -> Sent {
        Sent::Failed { error: error.to_owned(), retry_after: retry_after_s.map(Duration::from_secs) }
    }

    #[test]
    fn an_effect_is_done_when_nobody_is_left_to_tell() {
        let detail = |all, sent: &[Sent]| match outcome(all, sent, 1) {
            EffectOutcome::Done { detail, deed: Deed::Nothing } => detail.get().to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(detail(1, &[Sent::Delivered]), r#"{"delivered":1,"gone":0}"#);
        assert_eq!(detail(3, &[Sent::Delivered, Sent::Gone]), r#"{"delivered":2,"gone":1}"#, "one took it before");
        assert_eq!(detail(2, &[]), r#"{"delivered":2,"gone":0}"#, "both took it before");
        let EffectOutcome::Skipped { reason } = outcome(1, &[Sent::Gone], 1) else { panic!() };
        assert_eq!(reason, "endpoint_gone");
    }

    #[test]
    fn one_that_failed_is_told_again_when_the_most_patient_wish_is_over() {
        let sent = [failed("it answered 500", None), Sent::Delivered, failed("it answered 429", Some(600))];
        let EffectOutcome::Again { error, delay_ms } = outcome(3, &sent, 1) else { panic!() };
        assert_eq!(error, "2 of 3 endpoints did not take it; the first: it answered 500");
        assert!((600_000..=660_000).contains(&delay_ms), "{delay_ms}");
    }
}
