//! What services have made of transfers. A write under a lease is a compare-and-set on the row's token; a row that is not
//! pending has none.

mod claim;
mod deeds;
pub(crate) mod due;
mod receipts;
mod record;
mod row;

use async_trait::async_trait;
use herald_domain::event::StoredEvent;
use herald_domain::id::{LeaseToken, MessageId, TransferId};
use herald_domain::money::{Effect, EffectClaim, EffectOutcome, Service, TransferStep};
use herald_domain::store::{Effects, Recorded, Result};

use crate::SqliteStore;
use crate::fault::fault;
use crate::row::{id_list, ms};

#[async_trait]
impl Effects for SqliteStore {
    #[tracing::instrument(name = "store.get_effects", level = "debug", skip_all)]
    async fn get_effects(&self, transfers: &[TransferId]) -> Result<Vec<Effect>> {
        row::get(self, transfers).await
    }

    #[tracing::instrument(name = "store.claim_effects", level = "debug", skip_all, fields(batch.len = transfers.len()))]
    async fn claim_effects(
        &self,
        service: Service,
        transfers: &[TransferId],
        token: LeaseToken,
        lease_ms: u64,
    ) -> Result<(Vec<EffectClaim>, Vec<StoredEvent>)> {
        claim::claim(self, service, transfers, token, lease_ms).await
    }

    #[tracing::instrument(name = "store.renew_effects", level = "debug", skip_all)]
    async fn renew_effects(
        &self,
        service: Service,
        transfers: &[TransferId],
        token: LeaseToken,
        lease_ms: u64,
    ) -> Result<()> {
        if transfers.is_empty() {
            return Ok(());
        }
        let ids = id_list(transfers.iter().map(|id| id.0))?;
        let mut write = self.write().await?;
        let until = write.now + ms(lease_ms);
        sqlx::query!(
            "-- renew_effects
            update effects set lease_until = ?4, wake_at = ?4
            where transfer_id in (select unhex(value) from json_each(?1)) and service = ?2 and lease_token = ?3",
            ids,
            service.as_str(),
            token.0,
            until
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?;
        write.commit().await
    }

    #[tracing::instrument(name = "store.record_effects", level = "debug", skip_all, fields(batch.len = outcomes.len()))]
    async fn record_effects(
        &self,
        service: Service,
        token: LeaseToken,
        outcomes: &[(TransferId, EffectOutcome)],
        message: fn() -> MessageId,
    ) -> Result<Recorded> {
        record::record(self, service, token, outcomes, message).await
    }

    #[tracing::instrument(name = "store.due_effects", level = "debug", skip_all)]
    async fn due_effects(&self, service: Service, limit: u32) -> Result<Vec<TransferStep>> {
        due::due(self, service, limit).await
    }

    #[tracing::instrument(name = "store.missing_effects", level = "debug", skip_all)]
    async fn missing_effects(&self, service: Service, older_than_ms: u64, limit: u32) -> Result<Vec<TransferStep>> {
        due::missing(self, service, older_than_ms, limit).await
    }
}
