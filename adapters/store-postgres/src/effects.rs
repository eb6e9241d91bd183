//! What services have made of transfers.
//!
//! Invariants:
//! * An effect is pending under a lease or without one, or it has ended; only a redrive takes it back from `failed`.
//! * `run_at` delays only what was given back; what was leased is due when its lease is over. So a clock that is set back
//!   delays nothing fresh.
//! * `wake_at` is when the sweeper looks at the row again: the end of the lease, or `run_at`; null once it has ended. A renewal
//!   leaves it alone, the sweeper moves it on.
//! * Rows are locked after their transfers; a claim, which locks no transfer, takes them in the same order.

use async_trait::async_trait;
use herald_domain::event::StoredEvent;
use herald_domain::id::{LeaseToken, MessageId, TransferId};
use herald_domain::money::{Effect, EffectClaim, EffectOutcome, Service, TransferKind, TransferState, TransferStep};
use herald_domain::store::{Effects, Recorded};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::{Fault, Result};
use crate::row::{json, unsigned, word};

mod claim;
mod deeds;
mod held;
mod record;
pub(crate) mod redrive;
mod sweep;
mod write;

#[async_trait]
impl Effects for PostgresStore {
    #[tracing::instrument(name = "store.get_effects", level = "debug", skip_all)]
    async fn get_effects(&self, transfers: &[TransferId]) -> Result<Vec<Effect>> {
        let ids = uuids(transfers);
        call!(self, "get_effects", Terms::READ, connection => { get(connection, &ids).await })
    }

    #[tracing::instrument(name = "store.claim_effects", level = "debug", skip_all, fields(batch = transfers.len()))]
    async fn claim_effects(
        &self,
        service: Service,
        transfers: &[TransferId],
        token: LeaseToken,
        lease_ms: u64,
    ) -> Result<(Vec<EffectClaim>, Vec<StoredEvent>)> {
        call!(self, "claim_effects", connection => {
            claim::claim(connection, service, transfers, token, lease_ms).await
        })
    }

    #[tracing::instrument(name = "store.renew_effects", level = "debug", skip_all, fields(batch = transfers.len()))]
    async fn renew_effects(
        &self,
        service: Service,
        transfers: &[TransferId],
        token: LeaseToken,
        lease_ms: u64,
    ) -> Result<()> {
        let ids = uuids(transfers);
        call!(self, "renew_effects", connection => {
            sqlx::query!(
                "-- renew_effects
                update effects e set lease_until = herald_now() + $4 * interval '1 ms'
                from (
                    select transfer_id from effects
                    where transfer_id = any($1) and service = $2 and lease_token = $3 and state = 'pending'
                    order by transfer_id for no key update
                ) held
                where e.transfer_id = held.transfer_id and e.service = $2",
                &ids,
                service.as_str(),
                token.0,
                lease_ms as f64,
            )
            .execute(connection)
            .await?;
            Ok(())
        })
    }

    #[tracing::instrument(name = "store.record_effects", level = "debug", skip_all, fields(batch = outcomes.len()))]
    async fn record_effects(
        &self,
        service: Service,
        token: LeaseToken,
        outcomes: &[(TransferId, EffectOutcome)],
        message: fn() -> MessageId,
    ) -> Result<Recorded> {
        call!(self, "record_effects", connection => {
            record::record(connection, service, token, outcomes, message).await
        })
    }

    #[tracing::instrument(name = "store.due_effects", level = "debug", skip_all)]
    async fn due_effects(&self, service: Service, limit: u32) -> Result<Vec<TransferStep>> {
        call!(self, "due_effects", connection => { sweep::due(connection, service, limit).await })
    }

    #[tracing::instrument(name = "store.missing_effects", level = "debug", skip_all)]
    async fn missing_effects(&self, service: Service, older_than_ms: u64, limit: u32) -> Result<Vec<TransferStep>> {
        call!(self, "missing_effects", connection => {
            sweep::missing(connection, service, older_than_ms, limit).await
        })
    }
}

struct EffectRow {
    service: String,
    transfer_id: Uuid,
    state: String,
    attempt: i32,
    changed_at: OffsetDateTime,
    detail: String,
}

async fn get(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Effect>, Fault> {
    let rows = sqlx::query_as!(
        EffectRow,
        r#"-- get_effects
        select service, transfer_id, state, attempt, changed_at, detail::text as "detail!" from effects
        where transfer_id = any($1) order by transfer_id, service"#,
        ids,
    );
    rows.fetch_all(connection).await?.into_iter().map(Effect::try_from).collect()
}

impl TryFrom<EffectRow> for Effect {
    type Error = Fault;

    fn try_from(row: EffectRow) -> Result<Self, Fault> {
        Ok(Self {
            service: word("service", &row.service)?,
            transfer: TransferId(row.transfer_id),
            state: word("state", &row.state)?,
            attempts: unsigned("attempt", row.attempt)?,
            at: Some(row.changed_at),
            detail: json("detail", row.detail)?,
        })
    }
}

/// In id order, each once.
fn uuids(transfers: &[TransferId]) -> Vec<Uuid> {
    let mut ids: Vec<_> = transfers.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// `<kind>.<state>` of what concerns the service.
fn concerns(service: Service) -> Vec<String> {
    let all = TransferKind::ALL.iter().flat_map(|kind| TransferState::ALL.iter().map(move |state| (*kind, *state)));
    all.filter(|(kind, state)| service.concerns(*kind, *state)).map(|(kind, state)| format!("{kind}.{state}")).collect()
}

/// A row that names a step.
struct StepRow {
    id: Uuid,
    kind: String,
    state: String,
}

impl TryFrom<StepRow> for TransferStep {
    type Error = Fault;

    fn try_from(row: StepRow) -> Result<Self, Fault> {
        Ok(Self { transfer: TransferId(row.id), kind: word("kind", &row.kind)?, state: word("state", &row.state)? })
    }
}
