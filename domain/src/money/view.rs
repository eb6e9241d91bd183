//! JSON of accounts and transfers as users see it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{
    Account, AccountKind, Currency, Effect, EffectState, Handle, Service, StatementLine, Transfer, TransferKind,
    TransferState,
};
use crate::event::raw;
use crate::id::{AccountId, TransferId};

/// `GET /accounts/{id}`. Amounts in minor units.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    pub id: AccountId,
    pub handle: Handle,
    pub currency: Currency,
    pub kind: AccountKind,
    /// What is there, held or not.
    pub balance: i64,
    /// What can be spent: the balance without what is held.
    pub available: i64,
    /// What is promised to others by transfers that are pending.
    pub held: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl From<&Account> for AccountView {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id,
            handle: account.handle.clone(),
            currency: account.currency,
            kind: account.kind,
            balance: account.balance(),
            available: account.available(),
            held: account.held(),
            created_at: account.created_at,
        }
    }
}

/// A line of `GET /accounts/{id}/statement`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct StatementLineView {
    /// Counts 1, 2, 3 … per account without gaps.
    pub n: u64,
    pub transfer: TransferId,
    pub kind: TransferKind,
    /// Positive: came in; negative: went out. Minor units.
    pub amount: i64,
    /// After this line.
    pub balance: i64,
    /// The account on the other side.
    pub other: Handle,
    pub reference: Option<String>,
    pub note: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl From<StatementLine> for StatementLineView {
    fn from(line: StatementLine) -> Self {
        let StatementLine { n, transfer, kind, amount, balance, other, reference, note, at } = line;
        Self { n, transfer, kind, amount, balance, other, reference, note, at }
    }
}

/// What a service has made of a transfer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EffectView {
    pub status: EffectState,
    pub attempts: u32,
    /// When it last changed; null where there was nothing to do.
    #[serde(with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
    /// An object of the service's own.
    #[schema(value_type = Object)]
    pub detail: Arc<RawValue>,
}

/// `GET /transactions/{id}`, and the `data` of a snapshot. Amounts in minor units.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransferView {
    pub id: TransferId,
    pub kind: TransferKind,
    /// The same word as `status`, by which every entity's state can be read.
    pub state: TransferState,
    pub status: TransferState,
    pub from: Handle,
    pub to: Handle,
    pub amount: u64,
    pub currency: Currency,
    /// What has moved: all of the amount, or what was captured of it.
    pub posted: u64,
    /// What has come back of that.
    pub refunded: u64,
    /// While it is pending: who holds it, `payer` or `fraud`.
    pub held_by: Option<super::Holder>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub hold_until: Option<OffsetDateTime>,
    pub reason: Option<String>,
    pub reference: Option<String>,
    pub note: Option<String>,
    /// Of a refund: what it gives back. Of a reward: what it rewards.
    pub parent: Option<TransferId>,
    /// Always all five.
    #[schema(value_type = std::collections::HashMap<String, EffectView>)]
    pub services: BTreeMap<String, EffectView>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub settled_at: Option<OffsetDateTime>,
    /// The channel's head: rises with every stored event; also the ETag.
    pub offset: u64,
}

impl TransferView {
    /// `effects`: those of this transfer; others are passed over.
    pub fn new(transfer: &Transfer, effects: &[Effect]) -> Self {
        let t = transfer;
        let services = Service::ALL.iter().map(|service| (service.to_string(), effect_view(t, *service, effects)));
        Self {
            id: t.id,
            kind: t.kind,
            state: t.state,
            status: t.state,
            from: t.from_handle.clone(),
            to: t.to_handle.clone(),
            amount: t.amount,
            currency: t.currency,
            posted: t.posted,
            refunded: t.refunded,
            held_by: t.held_by,
            hold_until: t.hold_until,
            reason: t.reason.clone(),
            reference: t.reference.clone(),
            note: t.note.clone(),
            parent: t.parent,
            services: services.collect(),
            created_at: t.created_at,
            settled_at: t.settled_at,
            offset: t.offset,
        }
    }

    /// Whether something is still to come: the transfer's own end, or a service's.
    pub fn is_pending(&self) -> bool {
        let to_come = |effect: &EffectView| effect.status == EffectState::Pending;
        self.state == TransferState::Pending || self.services.values().any(to_come)
    }
}

/// `201` of `POST /transactions`, of a refund and of a funding. URLs are absolute.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BookedView {
    pub id: TransferId,
    pub state: TransferState,
    /// Always all five.
    #[schema(value_type = std::collections::HashMap<String, EffectView>)]
    pub services: BTreeMap<String, EffectView>,
    pub channel: String,
    pub status_url: String,
    pub ws_url: String,
    pub events_url: String,
    pub ticket: String,
}

/// Without a row: still to come, or nothing to do.
fn effect_view(transfer: &Transfer, service: Service, effects: &[Effect]) -> EffectView {
    let mine = |effect: &&Effect| effect.transfer == transfer.id && effect.service == service;
    if let Some(effect) = effects.iter().find(mine) {
        let detail = effect.detail.clone();
        return EffectView { status: effect.state, attempts: effect.attempts, at: effect.at, detail };
    }
    let to_come = transfer.state == TransferState::Pending || service.concerns(transfer.kind, transfer.state);
    let status = if to_come { EffectState::Pending } else { EffectState::Skipped };
    EffectView { status, attempts: 0, at: None, detail: raw(&serde_json::json!({})) }
}

/// The `data` of an event that tells of a transfer's own state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TransferEventData {
    pub id: TransferId,
    pub status: TransferState,
    pub kind: TransferKind,
    pub from: Handle,
    pub to: Handle,
    pub amount: u64,
    pub currency: Currency,
    pub posted: u64,
    pub refunded: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<TransferId>,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub settled_at: Option<OffsetDateTime>,
    /// W3C trace context of the request that asked for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub traceparent: Option<String>,
}

impl TransferEventData {
    /// The event that tells of the transfer as it stands *after* a change.
    pub fn of(t: &Transfer) -> Arc<RawValue> {
        raw(&Self {
            id: t.id,
            status: t.state,
            kind: t.kind,
            from: t.from_handle.clone(),
            to: t.to_handle.clone(),
            amount: t.amount,
            currency: t.currency,
            posted: t.posted,
            refunded: t.refunded,
            reason: t.reason.clone(),
            reference: t.reference.clone(),
            parent: t.parent,
            settled_at: t.settled_at,
            traceparent: t.traceparent.clone(),
        })
    }
}

/// The `data` of an event that tells what became of an effect (`notification.sent`, `webhook.failed` …).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EffectEventData {
    pub id: TransferId,
    /// The transfer's.
    pub status: TransferState,
    pub service: Service,
    pub effect: EffectState,
    pub attempts: u32,
    #[schema(value_type = Object)]
    pub detail: Arc<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub traceparent: Option<String>,
}

impl EffectEventData {
    pub fn of(
        transfer: &Transfer,
        service: Service,
        effect: EffectState,
        attempts: u32,
        detail: Arc<RawValue>,
    ) -> Arc<RawValue> {
        let (id, status, traceparent) = (transfer.id, transfer.state, transfer.traceparent.clone());
        raw(&Self { id, status, service, effect, attempts, detail, traceparent })
    }
}
