//! Claiming effects, a batch at a time.

use std::collections::HashMap;

use herald_domain::event::StoredEvent;
use herald_domain::id::{LeaseToken, TransferId};
use herald_domain::money::{EffectClaim, EffectState, MAX_EFFECT_ATTEMPTS, Service, Transfer};
use herald_domain::store::Result;

use super::row::{Ended, Held, end, held};
use crate::SqliteStore;
use crate::fault::fault;
use crate::ledger::desk::Desk;
use crate::ledger::load;
use crate::row::{id_list, ms, time};
use crate::write::Write;

/// What is to become of what was asked for.
#[derive(Default)]
struct Plan {
    claims: Vec<EffectClaim>,
    exhausted: Vec<(Transfer, Held)>,
}

pub(super) async fn claim(
    store: &SqliteStore,
    service: Service,
    transfers: &[TransferId],
    token: LeaseToken,
    lease_ms: u64,
) -> Result<(Vec<EffectClaim>, Vec<StoredEvent>)> {
    if transfers.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut write = store.write().await?;
    let found = load::transfers_by_id(&mut write.tx, transfers.iter().copied()).await?;
    let held = held(&mut write, service, transfers).await?;
    let plan = plan(service, transfers, found, held, write.now);
    if plan.claims.is_empty() && plan.exhausted.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    take(&mut write, service, &plan.claims, token, lease_ms).await?;
    let events = give_up(&mut write, service, plan.exhausted).await?;
    write.commit().await?;
    Ok((plan.claims, events))
}

/// In the order asked, each once.
fn plan(
    service: Service,
    asked: &[TransferId],
    found: Vec<Transfer>,
    mut held: HashMap<TransferId, Held>,
    now: i64,
) -> Plan {
    let mut found: HashMap<_, _> = found.into_iter().map(|transfer| (transfer.id, transfer)).collect();
    let mut plan = Plan::default();
    for id in asked {
        let Some(transfer) = found.remove(id) else { continue };
        match held.remove(id) {
            None if !service.concerns(transfer.kind, transfer.state) => {}
            None => plan.claims.push(EffectClaim { transfer, attempt: 1, attempts: 1 }),
            Some(effect) if effect.state != EffectState::Pending || effect.run_at > now || effect.is_leased(now) => {}
            Some(effect) if effect.fresh_attempts() >= MAX_EFFECT_ATTEMPTS => plan.exhausted.push((transfer, effect)),
            Some(effect) => {
                let (attempt, attempts) = (effect.fresh_attempts() + 1, effect.attempts + 1);
                plan.claims.push(EffectClaim { transfer, attempt, attempts });
            }
        }
    }
    plan
}

async fn take(
    write: &mut Write,
    service: Service,
    claims: &[EffectClaim],
    token: LeaseToken,
    lease_ms: u64,
) -> Result<()> {
    if claims.is_empty() {
        return Ok(());
    }
    let ids = id_list(claims.iter().map(|claim| claim.transfer.id.0))?;
    let until = write.now + ms(lease_ms);
    sqlx::query!(
        "-- claim_effects
        insert into effects (service, transfer_id, state, attempt, run_at, wake_at, lease_token, lease_until, detail, changed_at)
        select ?2, unhex(value), 'pending', 1, ?3, ?5, ?4, ?5, '{}', ?3 from json_each(?1) where true
        on conflict (transfer_id, service) do update set attempt = attempt + 1, wake_at = excluded.wake_at,
            lease_token = excluded.lease_token, lease_until = excluded.lease_until, changed_at = excluded.changed_at",
        ids,
        service.as_str(),
        write.now,
        token.0,
        until
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

/// Those whose holders were all lost: failed, told of, and a dead letter each.
async fn give_up(write: &mut Write, service: Service, exhausted: Vec<(Transfer, Held)>) -> Result<Vec<StoredEvent>> {
    let (mut desk, at) = (Desk::open(Vec::new(), write.now)?, time(write.now)?);
    let (mut events, mut ended) = (Vec::new(), Vec::new());
    for (mut transfer, effect) in exhausted {
        let error = match effect.last_error {
            Some(error) => format!("gave up after {MAX_EFFECT_ATTEMPTS} attempts; the last error: {error}"),
            None => format!("gave up after {MAX_EFFECT_ATTEMPTS} attempts; each holder was lost without a word"),
        };
        let failed = Ended::failed(transfer.id, &error);
        events.push(desk.tell_effect(&mut transfer, service, failed.view(effect.attempts, at))?);
        ended.push(failed);
    }
    end(write, service, &ended).await?;
    desk.write(write).await?;
    Ok(events)
}
