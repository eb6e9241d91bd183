//! Another chance for one effect.

use herald_domain::event::StoredEvent;
use herald_domain::id::TransferId;
use herald_domain::money::{EffectState, Service};
use sqlx::PgConnection;

use super::held;
use super::write::{self, Written};
use crate::fault::{Fault, Result};

/// Failed: pending again with fresh attempts, and its event. Pending: due and to be woken at once, unless somebody is at it. In the
/// caller's transaction.
pub(crate) async fn redrive(
    connection: &mut PgConnection,
    service: Service,
    transfer: TransferId,
) -> Result<Option<StoredEvent>, Fault> {
    let Some(held) = held::lock(connection, service, &[transfer]).await?.remove(&transfer) else { return Ok(None) };
    match held.state {
        EffectState::Failed => {
            let events = write::write(connection, service, vec![Written::redriven(held, service)]).await?;
            Ok(events.into_iter().next())
        }
        EffectState::Pending => {
            wake(connection, service, transfer).await?;
            Ok(None)
        }
        EffectState::Done | EffectState::Skipped => Ok(None),
    }
}

async fn wake(connection: &mut PgConnection, service: Service, transfer: TransferId) -> Result<(), Fault> {
    sqlx::query!(
        "-- redrive, effect
        update effects set run_at = herald_now(), wake_at = herald_now()
        where transfer_id = $1 and service = $2 and (lease_until is null or lease_until <= herald_now())",
        transfer.0,
        service.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
