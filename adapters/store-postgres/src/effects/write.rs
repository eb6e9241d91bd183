//! The one statement that writes what became of effects: rows, receipts, dead letters, and the events on the transfers' channels.

use herald_domain::event::StoredEvent;
use herald_domain::money::view::EffectView;
use herald_domain::money::{EffectState, Service, error_detail};
use serde_json::value::RawValue;
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;

use super::held::Held;
use crate::fault::{Fault, Result};
use crate::row::{self, Audience, clean, signed};

/// What an effect has come to. Its transfer's offset is that of the event, if there is one.
pub(super) struct Written {
    pub held: Held,
    pub state: EffectState,
    pub detail: Arc<RawValue>,
    pub error: Option<String>,
    /// Of one that is pending: when it may be claimed again.
    pub delay_ms: u64,
    pub receipt: Option<u64>,
    pub event: Option<StoredEvent>,
    /// With fresh attempts.
    pub afresh: bool,
}

impl Written {
    /// Ended, with its event.
    pub(super) fn ended(held: Held, service: Service, state: EffectState, detail: Arc<RawValue>) -> Self {
        Self::silent(held, state, detail).told(service)
    }

    /// Failed for good, with its event and a dead letter.
    pub(super) fn failed(held: Held, service: Service, error: String) -> Self {
        let detail = error_detail(&error);
        Self { error: Some(error), ..Self::ended(held, service, EffectState::Failed, detail) }
    }

    /// To be tried again after a while.
    pub(super) fn again(held: Held, error: String, delay_ms: u64) -> Self {
        let detail = error_detail(&error);
        Self { error: Some(error), delay_ms, ..Self::silent(held, EffectState::Pending, detail) }
    }

    /// Pending again with fresh attempts, due at once, with its event.
    pub(super) fn redriven(held: Held, service: Service) -> Self {
        let detail = held.detail.clone();
        Self { afresh: true, ..Self::silent(held, EffectState::Pending, detail).told(service) }
    }

    fn silent(held: Held, state: EffectState, detail: Arc<RawValue>) -> Self {
        Self { held, state, detail, error: None, delay_ms: 0, receipt: None, event: None, afresh: false }
    }

    fn told(mut self, service: Service) -> Self {
        let Held { transfer, attempts, at, .. } = &mut self.held;
        transfer.offset += 1;
        let view = EffectView { status: self.state, attempts: *attempts, at: Some(*at), detail: self.detail.clone() };
        self.event = Some(transfer.effect_event(service, view, *at));
        self
    }
}

/// The rows to write, as arrays.
#[derive(Default)]
struct Columns {
    transfers: Vec<Uuid>,
    states: Vec<String>,
    details: Vec<String>,
    errors: Vec<Option<String>>,
    delays: Vec<f64>,
    receipts: Vec<Option<i64>>,
    afresh: Vec<bool>,
    letters: Vec<Option<Uuid>>,
    offsets: Vec<Option<i64>>,
    names: Vec<Option<String>>,
    data: Vec<Option<String>>,
    audience: Audience,
}

impl Columns {
    fn push(&mut self, written: &Written) -> Result<(), Fault> {
        let held = &written.held;
        let event = written.event.as_ref();
        event.map(row::check_size).transpose()?;
        self.transfers.push(held.transfer.id.0);
        self.states.push(written.state.to_string());
        self.details.push(written.detail.get().to_owned());
        self.errors.push(written.error.as_deref().map(|error| clean(error).into_owned()));
        self.delays.push(written.delay_ms as f64);
        self.receipts.push(written.receipt.map(signed));
        self.afresh.push(written.afresh);
        self.letters.push((written.state == EffectState::Failed).then(|| row::letter_id(held.at)));
        self.offsets.push(event.map(|event| signed(event.offset)));
        self.names.push(event.map(|event| event.name.clone()));
        self.data.push(event.map(|event| event.data.get().to_owned()));
        self.audience.push(&held.transfer.audience());
        Ok(())
    }
}

/// Writes them; the events, in order.
pub(super) async fn write(
    connection: &mut PgConnection,
    service: Service,
    written: Vec<Written>,
) -> Result<Vec<StoredEvent>, Fault> {
    if written.is_empty() {
        return Ok(Vec::new());
    }
    let mut columns = Columns::default();
    for one in &written {
        columns.push(one)?;
    }
    update(connection, service, &columns).await?;
    Ok(written.into_iter().filter_map(|one| one.event).collect())
}

async fn update(connection: &mut PgConnection, service: Service, c: &Columns) -> Result<(), Fault> {
    sqlx::query!(
        r#"-- write_effects
        with outcome as (
            select * from unnest(
                $2::uuid[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::bigint[], $8::bool[], $9::uuid[],
                $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[], $15::smallint[], $16::smallint[]
            ) as o(transfer, state, detail, error, delay, receipt, afresh, letter,
                "offset", name, data, first, second, first_partition, second_partition)
        ), recorded as (
            update effects e
            set state = o.state, detail = o.detail::json, changed_at = herald_now(), lease_token = null, lease_until = null,
                last_error = coalesce(o.error, e.last_error), run_at = herald_now() + o.delay * interval '1 ms',
                wake_at = case when o.state = 'pending' then herald_now() + o.delay * interval '1 ms' end,
                attempts_from = case when o.afresh then e.attempt else e.attempts_from end
            from outcome o where e.transfer_id = o.transfer and e.service = $1
        ), numbered as (
            insert into receipts (number, transfer_id, issued_at)
            select o.receipt, o.transfer, herald_now() from outcome o where o.receipt is not null
        ), raised as (
            update transfers t set "offset" = o."offset"
            from outcome o where t.id = o.transfer and o."offset" is not null
        ), told as (
            insert into events (channel, "offset", at, audience, partitions, name, data)
            select 'transfer:' || o.transfer, o."offset", herald_now(), array_remove(array[o.first, o.second], null),
                array_remove(array[o.first_partition, o.second_partition], null), o.name, o.data::json
            from outcome o where o."offset" is not null
        )
        insert into dead_letters (id, queue, entity, error, at)
        select o.letter, 'service.' || $1, 'transfer:' || o.transfer, o.error, herald_now()
        from outcome o where o.letter is not null"#,
        service.as_str(),
        &c.transfers,
        &c.states,
        &c.details,
        &c.errors as _,
        &c.delays,
        &c.receipts as _,
        &c.afresh,
        &c.letters as _,
        &c.offsets as _,
        &c.names as _,
        &c.data as _,
        &c.audience.first,
        &c.audience.second as _,
        &c.audience.first_partition,
        &c.audience.second_partition as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
