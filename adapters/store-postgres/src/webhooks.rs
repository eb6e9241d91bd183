//! Webhooks: endpoints with their secrets, the calls that were made of them, and notices, what they are owed.
//!
//! Invariants:
//! * Secrets change only under the lock on their endpoint.
//! * A call is recorded under a share of that lock, so that none is left of an endpoint that is being deleted; what is there
//!   goes with it (`on delete cascade`).

use async_trait::async_trait;
use herald_domain::id::{AttemptId, EndpointId, LeaseToken, SubmissionId};
use herald_domain::notice::{NoticeClaim, NoticeOutcome};
use herald_domain::owner::Owner;
use herald_domain::store::Webhooks;
use herald_domain::webhook::{Attempt, Endpoint, NewAttempt, NewEndpoint, WebhookSecret};

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::Result;

mod attempts;
mod endpoints;
pub(crate) mod notices;
mod row;

#[async_trait]
impl Webhooks for PostgresStore {
    #[tracing::instrument(name = "store.register_endpoint", level = "debug", skip_all)]
    async fn register_endpoint(&self, endpoint: &NewEndpoint) -> Result<Endpoint> {
        call!(self, "register_endpoint", connection => { endpoints::register(connection, endpoint).await })
    }

    #[tracing::instrument(name = "store.get_endpoint", level = "debug", skip_all)]
    async fn get_endpoint(&self, id: EndpointId, owner: Option<&Owner>) -> Result<Option<Endpoint>> {
        call!(self, "get_endpoint", Terms::READ, connection => { endpoints::get(connection, id, owner).await })
    }

    #[tracing::instrument(name = "store.list_endpoints", level = "debug", skip_all)]
    async fn list_endpoints(&self, owner: &Owner, before: Option<EndpointId>, limit: u32) -> Result<Vec<Endpoint>> {
        call!(self, "list_endpoints", Terms::READ, connection => {
            endpoints::list(connection, owner, before, limit).await
        })
    }

    #[tracing::instrument(name = "store.rotate_secret", level = "debug", skip_all)]
    async fn rotate_secret(
        &self,
        id: EndpointId,
        owner: Option<&Owner>,
        secret: &WebhookSecret,
        overlap_ms: u64,
    ) -> Result<Option<Endpoint>> {
        call!(self, "rotate_secret", connection => {
            endpoints::rotate(connection, id, owner, secret, overlap_ms).await
        })
    }

    #[tracing::instrument(name = "store.disable_endpoint", level = "debug", skip_all)]
    async fn disable_endpoint(&self, id: EndpointId, owner: Option<&Owner>, reason: &str) -> Result<Option<Endpoint>> {
        call!(self, "disable_endpoint", connection => { endpoints::disable(connection, id, owner, reason).await })
    }

    /// Thirty days of calls may be many rows.
    #[tracing::instrument(name = "store.delete_endpoint", level = "debug", skip_all)]
    async fn delete_endpoint(&self, id: EndpointId, owner: Option<&Owner>) -> Result<bool> {
        call!(self, "delete_endpoint", Terms::BULK, connection => { endpoints::delete(connection, id, owner).await })
    }

    #[tracing::instrument(name = "store.endpoints_for", level = "debug", skip_all)]
    async fn endpoints_for(&self, owners: &[Owner], event: &str) -> Result<Vec<Endpoint>> {
        call!(self, "endpoints_for", Terms::READ, connection => { endpoints::wanting(connection, owners, event).await })
    }

    #[tracing::instrument(name = "store.delivered_to", level = "debug", skip_all)]
    async fn delivered_to(&self, message: &str) -> Result<Vec<EndpointId>> {
        call!(self, "delivered_to", Terms::READ, connection => { attempts::delivered_to(connection, message).await })
    }

    #[tracing::instrument(name = "store.record_attempt", level = "debug", skip_all)]
    async fn record_attempt(&self, attempt: &NewAttempt) -> Result<()> {
        call!(self, "record_attempt", connection => { attempts::record(connection, attempt).await })
    }

    #[tracing::instrument(name = "store.list_attempts", level = "debug", skip_all)]
    async fn list_attempts(&self, endpoint: EndpointId, before: Option<AttemptId>, limit: u32) -> Result<Vec<Attempt>> {
        call!(self, "list_attempts", Terms::READ, connection => {
            attempts::list(connection, endpoint, before, limit).await
        })
    }

    #[tracing::instrument(name = "store.claim_notices", level = "debug", skip_all)]
    async fn claim_notices(&self, token: LeaseToken, lease_ms: u64, limit: u32) -> Result<Vec<NoticeClaim>> {
        call!(self, "claim_notices", connection => { notices::claim(connection, token, lease_ms, limit).await })
    }

    #[tracing::instrument(name = "store.renew_notice", level = "debug", skip_all)]
    async fn renew_notice(&self, id: SubmissionId, token: LeaseToken, lease_ms: u64) -> Result<bool> {
        call!(self, "renew_notice", connection => { notices::renew(connection, id, token, lease_ms).await })
    }

    #[tracing::instrument(name = "store.record_notice", level = "debug", skip_all)]
    async fn record_notice(&self, id: SubmissionId, token: LeaseToken, outcome: &NoticeOutcome) -> Result<bool> {
        call!(self, "record_notice", connection => { notices::record(connection, id, token, outcome).await })
    }
}
