//! Transfers and effects as locked: what every change of an effect that has an event is decided by.

use std::collections::HashMap;
use std::sync::Arc;

use herald_domain::id::{LeaseToken, TransferId};
use herald_domain::money::{EffectState, MAX_EFFECT_ATTEMPTS, Service, Transfer};
use serde_json::value::RawValue;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::fault::{Fault, Result};
use crate::ledger::change;
use crate::row::{json, unsigned, word};

/// An effect with its transfer, both locked.
pub(super) struct Held {
    pub transfer: Transfer,
    pub state: EffectState,
    /// Ever.
    pub attempts: u32,
    /// Since it was made or last redriven.
    pub attempt: u32,
    pub token: Option<LeaseToken>,
    /// Nobody has it, and its time has come.
    pub due: bool,
    pub last_error: Option<String>,
    pub detail: Arc<RawValue>,
    /// The time of the transaction.
    pub at: OffsetDateTime,
}

impl Held {
    pub(super) fn is_spent(&self) -> bool {
        self.attempt >= MAX_EFFECT_ATTEMPTS
    }
}

struct Row {
    transfer_id: Uuid,
    state: String,
    attempt: i32,
    attempts_from: i32,
    lease_token: Option<Uuid>,
    due: bool,
    last_error: Option<String>,
    detail: String,
    now: OffsetDateTime,
}

/// The service's effects of these transfers, as far as there are any.
pub(super) async fn lock(
    connection: &mut PgConnection,
    service: Service,
    transfers: &[TransferId],
) -> Result<HashMap<TransferId, Held>, Fault> {
    let mut ids: Vec<_> = transfers.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let locked = change::lock(connection, &ids).await?;
    let mut rows = lock_rows(connection, service, &ids).await?;
    let held = locked.into_iter().filter_map(|transfer| rows.remove(&transfer.id).map(|row| row.held_with(transfer)));
    held.map(|held| held.map(|held| (held.transfer.id, held))).collect()
}

async fn lock_rows(
    connection: &mut PgConnection,
    service: Service,
    ids: &[TransferId],
) -> Result<HashMap<TransferId, Row>, Fault> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"-- lock_effects
        select e.transfer_id, e.state, e.attempt, e.attempts_from, e.lease_token,
            coalesce(e.lease_until, e.run_at) <= herald_now() as "due!",
            e.last_error, e.detail::text as "detail!", herald_now() as "now!"
        from effects e where e.transfer_id = any($1) and e.service = $2
        order by e.transfer_id for no key update"#,
        &ids,
        service.as_str(),
    );
    let rows = rows.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (TransferId(row.transfer_id), row)).collect())
}

impl Row {
    fn held_with(self, transfer: Transfer) -> Result<Held, Fault> {
        Ok(Held {
            transfer,
            state: word("state", &self.state)?,
            attempts: unsigned("attempt", self.attempt)?,
            attempt: unsigned("attempts_from", self.attempt - self.attempts_from)?,
            token: self.lease_token.map(LeaseToken),
            due: self.due,
            last_error: self.last_error,
            detail: json("detail", self.detail)?,
            at: self.now,
        })
    }
}
