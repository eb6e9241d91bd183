//! What the sweeper asks of effects, and what a redrive does to one.

use herald_domain::event::StoredEvent;
use herald_domain::id::TransferId;
use herald_domain::money::{EffectState, EffectView, Service, TransferKind, TransferState, TransferStep, error_detail};
use herald_domain::store::Result;
use uuid::Uuid;

use super::row::held;
use crate::SqliteStore;
use crate::fault::fault;
use crate::ledger::desk::Desk;
use crate::ledger::load;
use crate::row::{ms, time, to_json, word};
use crate::sweep::WAKE_AGAIN;
use crate::write::Write;

pub(super) async fn due(store: &SqliteStore, service: Service, limit: u32) -> Result<Vec<TransferStep>> {
    let mut write = store.write().await?;
    let again = write.now + WAKE_AGAIN;
    let ids = sqlx::query_scalar!(
        r#"-- due_effects
        update effects set wake_at = ?3
        where rowid in (select rowid from effects where service = ?1 and wake_at <= ?2 order by wake_at limit ?4)
        returning transfer_id as "id!: Uuid""#,
        service.as_str(),
        write.now,
        again,
        limit
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let transfers = load::transfers_by_id(&mut write.tx, ids.into_iter().map(TransferId)).await?;
    write.commit().await?;
    Ok(transfers.iter().map(|transfer| transfer.step()).collect())
}

/// The kinds and states of transfers that concern the service, as pairs.
fn concerns(service: Service) -> Result<String> {
    let pairs = TransferKind::ALL.iter().flat_map(|kind| TransferState::ALL.iter().map(|state| (*kind, *state)));
    to_json(&pairs.filter(|(kind, state)| service.concerns(*kind, *state)).collect::<Vec<_>>())
}

pub(super) async fn missing(
    store: &SqliteStore,
    service: Service,
    older_than_ms: u64,
    limit: u32,
) -> Result<Vec<TransferStep>> {
    let by = store.now() - ms(older_than_ms);
    let concerns = concerns(service)?;
    let rows = sqlx::query!(
        r#"-- missing_effects
        select m.id as "id!: Uuid", m.kind as "kind!: String", m.state as "state!: String"
        from (
            select * from (select t.id, t.kind, t.state, t.settled_at as since from transfers t
                where t.settled_at <= ?2 and (t.kind, t.state) in (select value->>0, value->>1 from json_each(?3))
                    and not exists (select 1 from effects e where e.transfer_id = t.id and e.service = ?1)
                order by t.settled_at, t.id limit ?4)
            union all
            select * from (select t.id, t.kind, t.state, t.created_at as since from transfers t
                where t.state = 'pending' and t.held_by = 'fraud' and t.created_at <= ?2
                    and (t.kind, t.state) in (select value->>0, value->>1 from json_each(?3))
                    and not exists (select 1 from effects e where e.transfer_id = t.id and e.service = ?1)
                order by t.created_at, t.id limit ?4)
        ) m
        order by m.since, m.id limit ?4"#,
        service.as_str(),
        by,
        concerns,
        limit
    )
    .fetch_all(&store.readers)
    .await
    .map_err(fault)?;
    let mut steps = Vec::with_capacity(rows.len());
    for row in rows {
        steps.push(TransferStep { transfer: TransferId(row.id), kind: word(&row.kind)?, state: word(&row.state)? });
    }
    Ok(steps)
}

/// Another chance for one effect of one service. The event, if that is news.
pub(crate) async fn redrive(write: &mut Write, service: Service, id: TransferId) -> Result<Option<StoredEvent>> {
    let Some(mut transfer) = load::transfer(&mut write.tx, id).await? else { return Ok(None) };
    let Some(effect) = held(write, service, &[id]).await?.remove(&id) else { return Ok(None) };
    match effect.state {
        EffectState::Done | EffectState::Skipped => Ok(None),
        EffectState::Pending if effect.is_leased(write.now) => Ok(None),
        EffectState::Pending => {
            make_due(write, service, id, false).await?;
            Ok(None)
        }
        EffectState::Failed => {
            make_due(write, service, id, true).await?;
            let mut desk = Desk::open(Vec::new(), write.now)?;
            let detail = error_detail(effect.last_error.as_deref().unwrap_or_default());
            let at = Some(time(write.now)?);
            let view = EffectView { status: EffectState::Pending, attempts: effect.attempts, at, detail };
            let event = desk.tell_effect(&mut transfer, service, view)?;
            desk.write(write).await?;
            Ok(Some(event))
        }
    }
}

async fn make_due(write: &mut Write, service: Service, id: TransferId, afresh: bool) -> Result<()> {
    sqlx::query!(
        "-- redrive: effect
        update effects set state = 'pending', run_at = ?3, wake_at = ?3, lease_token = null, lease_until = null,
            attempts_from = iif(?4, attempt, attempts_from), changed_at = iif(?4, ?3, changed_at)
        where transfer_id = ?1 and service = ?2",
        id.0,
        service.as_str(),
        write.now,
        afresh
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}
