//! The claim: one statement that makes or leases the rows. It locks no transfer, as it tells nothing; what has used up its
//! attempts is left alone by it, and ended in a transaction of its own.

use std::collections::HashMap;

use herald_domain::event::StoredEvent;
use herald_domain::id::{LeaseToken, TransferId};
use herald_domain::money::{EffectClaim, EffectState, MAX_EFFECT_ATTEMPTS, Service};
use sqlx::{Connection, PgConnection};

use super::write::{self, Written};
use super::{concerns, held, uuids};
use crate::fault::{Fault, Result};
use crate::ledger::list;
use crate::row::{signed32, unsigned};

pub(super) async fn claim(
    connection: &mut PgConnection,
    service: Service,
    transfers: &[TransferId],
    token: LeaseToken,
    lease_ms: u64,
) -> Result<(Vec<EffectClaim>, Vec<StoredEvent>), Fault> {
    let taken = take(connection, service, transfers, token, lease_ms).await?;
    let events = end_spent(connection, service, &taken.spent).await?;
    let ids: Vec<_> = taken.attempts.keys().copied().collect();
    let found = if ids.is_empty() { Vec::new() } else { list::several(connection, &ids).await? };
    let mut claims: HashMap<_, _> = found
        .into_iter()
        .filter_map(|transfer| {
            let (attempt, attempts) = *taken.attempts.get(&transfer.id)?;
            Some((transfer.id, EffectClaim { transfer, attempt, attempts }))
        })
        .collect();
    Ok((transfers.iter().filter_map(|id| claims.remove(id)).collect(), events))
}

struct Taken {
    /// Of each that was taken, which attempt this is: since the last redrive, and ever.
    attempts: HashMap<TransferId, (u32, u32)>,
    /// Those that are due and have no attempt left.
    spent: Vec<TransferId>,
}

async fn take(
    connection: &mut PgConnection,
    service: Service,
    transfers: &[TransferId],
    token: LeaseToken,
    lease_ms: u64,
) -> Result<Taken, Fault> {
    let rows = sqlx::query!(
        r#"-- claim_effects
        with taken as (
            insert into effects as e (
                service, transfer_id, state, attempt, run_at, wake_at, lease_token, lease_until, detail, changed_at)
            select $1, t.id, 'pending', 1, herald_now(), herald_now() + $4 * interval '1 ms', $3,
                herald_now() + $4 * interval '1 ms', '{}', herald_now()
            from transfers t where t.id = any($2) and (t.kind || '.' || t.state = any($5)
                or exists (select from effects begun where begun.transfer_id = t.id and begun.service = $1))
            order by t.id
            on conflict (transfer_id, service) do update
            set attempt = e.attempt + 1, wake_at = excluded.wake_at, lease_token = excluded.lease_token,
                lease_until = excluded.lease_until, changed_at = excluded.changed_at
            where e.state = 'pending' and e.attempt - e.attempts_from < $6
                and coalesce(e.lease_until, e.run_at) <= herald_now()
            returning e.transfer_id, e.attempt - e.attempts_from as attempt, e.attempt as attempts
        )
        select transfer_id as "transfer_id!", attempt, attempts from taken
        union all
        select e.transfer_id, null, null from effects e
        where e.transfer_id = any($2) and e.service = $1 and e.state = 'pending' and e.attempt - e.attempts_from >= $6
            and coalesce(e.lease_until, e.run_at) <= herald_now()"#,
        service.as_str(),
        &uuids(transfers),
        token.0,
        lease_ms as f64,
        &concerns(service),
        signed32(MAX_EFFECT_ATTEMPTS),
    );
    let mut taken = Taken { attempts: HashMap::new(), spent: Vec::new() };
    for row in rows.fetch_all(connection).await? {
        let id = TransferId(row.transfer_id);
        match (row.attempt, row.attempts) {
            (Some(attempt), Some(attempts)) => {
                taken.attempts.insert(id, (unsigned("attempt", attempt)?, unsigned("attempts", attempts)?));
            }
            _ => taken.spent.push(id),
        }
    }
    Ok(taken)
}

async fn end_spent(
    connection: &mut PgConnection,
    service: Service,
    spent: &[TransferId],
) -> Result<Vec<StoredEvent>, Fault> {
    if spent.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = connection.begin().await?;
    let held = held::lock(&mut tx, service, spent).await?;
    let over = held.into_values().filter(|held| held.state == EffectState::Pending && held.due && held.is_spent());
    let failed = over.map(|held| {
        let error = match &held.last_error {
            Some(error) => format!("gave up after {MAX_EFFECT_ATTEMPTS} attempts; the last error: {error}"),
            None => format!("gave up after {MAX_EFFECT_ATTEMPTS} attempts; each holder was lost without a word"),
        };
        Written::failed(held, service, error)
    });
    let events = write::write(&mut tx, service, failed.collect()).await?;
    tx.commit().await?;
    Ok(events)
}
