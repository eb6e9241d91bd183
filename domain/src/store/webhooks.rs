//! The port of webhooks: endpoints, the calls that were made of them, and what they are owed about submissions.
//!
//! Rules beyond those of [`crate::store`]: `created_at`, `expires_at`, `disabled_at` and `at` are by the store's clock; where
//! `owner` is asked for, `None` may touch any, and a stranger's endpoint is as none.

use async_trait::async_trait;

use super::Result;
use crate::id::{AttemptId, EndpointId, LeaseToken, SubmissionId};
use crate::notice::{NoticeClaim, NoticeOutcome};
use crate::owner::Owner;
use crate::webhook::{Attempt, Endpoint, NewAttempt, NewEndpoint, WebhookSecret};

/// Endpoints, attempts and notices.
///
/// Whatever ends a submission (a verdict, a cancel, attempts that are used up, no worker) leaves a notice in its transaction, if
/// its owner has an endpoint that wants [`crate::notice::ENDED`] and is not disabled. There is one for each submission: one that
/// is redriven and ends again is owed anew, with fresh attempts, and whoever held the notice before has lost it.
#[async_trait]
pub trait Webhooks {
    /// The same id again changes nothing.
    async fn register_endpoint(&self, endpoint: &NewEndpoint) -> Result<Endpoint>;

    async fn get_endpoint(&self, id: EndpointId, owner: Option<&Owner>) -> Result<Option<Endpoint>>;

    /// The owner's, newest first (by id, descending); `before` is the last id of the page before.
    async fn list_endpoints(&self, owner: &Owner, before: Option<EndpointId>, limit: u32) -> Result<Vec<Endpoint>>;

    /// The new secret signs from now on; those before it for `overlap_ms` more, unless they expire sooner. The same secret again
    /// changes nothing. Those that have expired when a new one comes are forgotten. `None`: no such endpoint.
    async fn rotate_secret(
        &self,
        id: EndpointId,
        owner: Option<&Owner>,
        secret: &WebhookSecret,
        overlap_ms: u64,
    ) -> Result<Option<Endpoint>>;

    /// Nothing is sent to it any more. The first reason stays. `None`: no such endpoint.
    async fn disable_endpoint(&self, id: EndpointId, owner: Option<&Owner>, reason: &str) -> Result<Option<Endpoint>>;

    /// With its attempts; `false`: no such endpoint.
    async fn delete_endpoint(&self, id: EndpointId, owner: Option<&Owner>) -> Result<bool>;

    /// All that belong to one of the owners, want the event ([`Endpoint::wants`]) and are not disabled; by id.
    async fn endpoints_for(&self, owners: &[Owner], event: &str) -> Result<Vec<Endpoint>>;

    /// The endpoints that have taken the message.
    async fn delivered_to(&self, message: &str) -> Result<Vec<EndpointId>>;

    /// Keeps the call; the same id again, or an endpoint that is no more, changes nothing.
    async fn record_attempt(&self, attempt: &NewAttempt) -> Result<()>;

    /// Newest first (by id, descending); `before` is the last id of the page before.
    async fn list_attempts(&self, endpoint: EndpointId, before: Option<AttemptId>, limit: u32) -> Result<Vec<Attempt>>;

    /// Takes notices that are due, the longest due first, at most `limit`, skipping those that others are taking. One that has
    /// used up its attempts is given up instead, with a dead letter, as by [`Webhooks::record_notice`].
    async fn claim_notices(&self, token: LeaseToken, lease_ms: u64, limit: u32) -> Result<Vec<NoticeClaim>>;

    /// `false`: the lease is another's by now, or the notice is no more.
    async fn renew_notice(&self, id: SubmissionId, token: LeaseToken, lease_ms: u64) -> Result<bool>;

    /// What an attempt came to; without the lease it changes nothing. A notice that was told is gone. The tenth attempt that
    /// fails writes a dead letter of [`crate::notice::NOTICE_QUEUE`] with the error, and `true` says so.
    async fn record_notice(&self, id: SubmissionId, token: LeaseToken, outcome: &NoticeOutcome) -> Result<bool>;
}
