//! Webhooks: endpoints with their secrets, the calls that were made of them, and notices, what they are owed. A deleted endpoint takes its secrets and calls
//! along (`on delete cascade`).

mod attempts;
mod endpoints;
pub(crate) mod notices;
mod row;

use async_trait::async_trait;
use herald_domain::id::{AttemptId, EndpointId, LeaseToken, SubmissionId};
use herald_domain::notice::{NoticeClaim, NoticeOutcome};
use herald_domain::owner::Owner;
use herald_domain::store::{Result, Webhooks};
use herald_domain::webhook::{Attempt, Endpoint, NewAttempt, NewEndpoint, WebhookSecret};

use crate::SqliteStore;
use crate::fault::fault;

#[async_trait]
impl Webhooks for SqliteStore {
    #[tracing::instrument(name = "store.register_endpoint", level = "debug", skip_all)]
    async fn register_endpoint(&self, endpoint: &NewEndpoint) -> Result<Endpoint> {
        endpoints::register(self, endpoint).await
    }

    #[tracing::instrument(name = "store.get_endpoint", level = "debug", skip_all)]
    async fn get_endpoint(&self, id: EndpointId, owner: Option<&Owner>) -> Result<Option<Endpoint>> {
        let mut reader = self.readers.acquire().await.map_err(fault)?;
        endpoints::get(&mut reader, id, owner, self.now()).await
    }

    #[tracing::instrument(name = "store.list_endpoints", level = "debug", skip_all)]
    async fn list_endpoints(&self, owner: &Owner, before: Option<EndpointId>, limit: u32) -> Result<Vec<Endpoint>> {
        endpoints::list(self, owner, before, limit).await
    }

    #[tracing::instrument(name = "store.rotate_secret", level = "debug", skip_all)]
    async fn rotate_secret(
        &self,
        id: EndpointId,
        owner: Option<&Owner>,
        secret: &WebhookSecret,
        overlap_ms: u64,
    ) -> Result<Option<Endpoint>> {
        endpoints::rotate(self, id, owner, secret, overlap_ms).await
    }

    #[tracing::instrument(name = "store.disable_endpoint", level = "debug", skip_all)]
    async fn disable_endpoint(&self, id: EndpointId, owner: Option<&Owner>, reason: &str) -> Result<Option<Endpoint>> {
        endpoints::disable(self, id, owner, reason).await
    }

    #[tracing::instrument(name = "store.delete_endpoint", level = "debug", skip_all)]
    async fn delete_endpoint(&self, id: EndpointId, owner: Option<&Owner>) -> Result<bool> {
        endpoints::delete(self, id, owner).await
    }

    #[tracing::instrument(name = "store.endpoints_for", level = "debug", skip_all)]
    async fn endpoints_for(&self, owners: &[Owner], event: &str) -> Result<Vec<Endpoint>> {
        endpoints::wanting(self, owners, event).await
    }

    #[tracing::instrument(name = "store.delivered_to", level = "debug", skip_all)]
    async fn delivered_to(&self, message: &str) -> Result<Vec<EndpointId>> {
        attempts::delivered_to(self, message).await
    }

    #[tracing::instrument(name = "store.record_attempt", level = "debug", skip_all)]
    async fn record_attempt(&self, attempt: &NewAttempt) -> Result<()> {
        attempts::record(self, attempt).await
    }

    #[tracing::instrument(name = "store.list_attempts", level = "debug", skip_all)]
    async fn list_attempts(&self, endpoint: EndpointId, before: Option<AttemptId>, limit: u32) -> Result<Vec<Attempt>> {
        attempts::list(self, endpoint, before, limit).await
    }

    #[tracing::instrument(name = "store.claim_notices", level = "debug", skip_all)]
    async fn claim_notices(&self, token: LeaseToken, lease_ms: u64, limit: u32) -> Result<Vec<NoticeClaim>> {
        notices::claim(self, token, lease_ms, limit).await
    }

    #[tracing::instrument(name = "store.renew_notice", level = "debug", skip_all)]
    async fn renew_notice(&self, id: SubmissionId, token: LeaseToken, lease_ms: u64) -> Result<bool> {
        notices::renew(self, id, token, lease_ms).await
    }

    #[tracing::instrument(name = "store.record_notice", level = "debug", skip_all)]
    async fn record_notice(&self, id: SubmissionId, token: LeaseToken, outcome: &NoticeOutcome) -> Result<bool> {
        notices::record(self, id, token, outcome).await
    }
}
