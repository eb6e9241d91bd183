//! Rows of `effects`: what is read of them, and how a batch of changes is written back.

use std::collections::HashMap;
use std::sync::Arc;

use herald_domain::channel::Channel;
use herald_domain::id::{LeaseToken, TransferId};
use herald_domain::money::{Effect, EffectState, EffectView, Service, error_detail};
use herald_domain::store::{DeadLetter, Result};
use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::SqliteStore;
use crate::fault::{broken, fault};
use crate::outbox::{add_dead_letter, letter_id};
use crate::row::{hex, id_list, number, time, to_json, word};
use crate::write::Write;

/// An effect as a claim or a recording needs to know it.
#[derive(Clone)]
pub(super) struct Held {
    pub state: EffectState,
    /// Ever.
    pub attempts: u32,
    /// Of those, the ones before the last redrive.
    pub attempts_from: u32,
    pub run_at: i64,
    pub lease_token: Option<LeaseToken>,
    pub lease_until: Option<i64>,
    pub last_error: Option<String>,
}

impl Held {
    /// Attempts since it was made or last redriven.
    pub(super) fn fresh_attempts(&self) -> u32 {
        self.attempts.saturating_sub(self.attempts_from)
    }

    pub(super) fn is_leased(&self, now: i64) -> bool {
        self.lease_until.is_some_and(|until| until > now)
    }
}

pub(super) async fn held(write: &mut Write, service: Service, ids: &[TransferId]) -> Result<HashMap<TransferId, Held>> {
    let ids = id_list(ids.iter().map(|id| id.0))?;
    let rows = sqlx::query!(
        r#"-- effects held
        select e.transfer_id as "id!: Uuid", e.state as "state!", e.attempt as "attempt!", e.attempts_from as "attempts_from!",
            e.run_at as "run_at!", e.lease_token as "lease_token?: Uuid", e.lease_until as "lease_until?",
            e.last_error as "last_error?"
        from effects e where e.transfer_id in (select unhex(value) from json_each(?1)) and e.service = ?2"#,
        ids,
        service.as_str()
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)?;
    let mut held = HashMap::with_capacity(rows.len());
    for row in rows {
        let effect = Held {
            state: word(&row.state)?,
            attempts: number(row.attempt)?,
            attempts_from: number(row.attempts_from)?,
            run_at: row.run_at,
            lease_token: row.lease_token.map(LeaseToken),
            lease_until: row.lease_until,
            last_error: row.last_error,
        };
        held.insert(TransferId(row.id), effect);
    }
    Ok(held)
}

pub(super) async fn get(store: &SqliteStore, transfers: &[TransferId]) -> Result<Vec<Effect>> {
    let ids = id_list(transfers.iter().map(|id| id.0))?;
    let rows = sqlx::query!(
        r#"-- get_effects
        select e.service as "service!", e.transfer_id as "transfer_id!: Uuid", e.state as "state!", e.attempt as "attempt!",
            e.detail as "detail!", e.changed_at as "changed_at!"
        from effects e where e.transfer_id in (select unhex(value) from json_each(?1))
        order by e.transfer_id, e.service"#,
        ids
    )
    .fetch_all(&store.readers)
    .await
    .map_err(fault)?;
    let mut effects = Vec::with_capacity(rows.len());
    for row in rows {
        effects.push(Effect {
            service: word(&row.service)?,
            transfer: TransferId(row.transfer_id),
            state: word(&row.state)?,
            attempts: number(row.attempt)?,
            at: Some(time(row.changed_at)?),
            detail: RawValue::from_string(row.detail).map_err(broken)?.into(),
        });
    }
    Ok(effects)
}

/// What an effect has become, its lease ended.
pub(super) struct Ended {
    pub transfer: TransferId,
    pub state: EffectState,
    /// When it is due again, if it is.
    pub run_at: Option<i64>,
    pub error: Option<String>,
    pub detail: Arc<RawValue>,
}

impl Ended {
    pub(super) fn failed(transfer: TransferId, error: &str) -> Self {
        let state = EffectState::Failed;
        Self { transfer, state, run_at: None, error: Some(error.to_owned()), detail: error_detail(error) }
    }

    pub(super) fn view(&self, attempts: u32, at: OffsetDateTime) -> EffectView {
        EffectView { status: self.state, attempts, at: Some(at), detail: self.detail.clone() }
    }
}

/// Writes what effects of the service have become, all at once, and a dead letter for each that failed.
pub(super) async fn end<'a>(write: &mut Write, service: Service, ended: &'a [Ended]) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: String,
        state: &'static str,
        run_at: Option<i64>,
        error: Option<&'a str>,
        detail: &'a RawValue,
    }
    if ended.is_empty() {
        return Ok(());
    }
    let row = |one: &'a Ended| Row {
        id: hex(one.transfer.0),
        state: one.state.as_str(),
        run_at: one.run_at,
        error: one.error.as_deref(),
        detail: &one.detail,
    };
    let rows = to_json(&ended.iter().map(row).collect::<Vec<_>>())?;
    sqlx::query!(
        "-- record_effects
        update effects set state = n.value->>'state', run_at = coalesce(n.value->>'run_at', run_at),
            wake_at = n.value->>'run_at', lease_token = null, lease_until = null, last_error = n.value->>'error',
            detail = n.value->'detail', changed_at = ?3
        from json_each(?1) n where effects.transfer_id = unhex(n.value->>'id') and effects.service = ?2",
        rows,
        service.as_str(),
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    for failed in ended.iter().filter(|one| one.state == EffectState::Failed) {
        let letter = letter_of(service, failed, time(write.now)?);
        add_dead_letter(write, &letter).await?;
    }
    Ok(())
}

fn letter_of(service: Service, failed: &Ended, at: OffsetDateTime) -> DeadLetter {
    DeadLetter {
        id: letter_id(at),
        queue: format!("service.{service}"),
        entity: Some(Channel::Transfer(failed.transfer).to_string()),
        error: failed.error.clone().unwrap_or_default(),
        payload: None,
        at,
    }
}
