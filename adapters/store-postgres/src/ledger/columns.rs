//! The rows of one write, as arrays.

use herald_domain::event::StoredEvent;
use herald_domain::id::MessageId;
use herald_domain::money::{Account, Entry};
use time::OffsetDateTime;
use uuid::Uuid;

use super::write::Change;
use crate::row::{Audience, clean, signed};

/// Of transfers, each with its event and, where there is one, its entry and outbox row.
#[derive(Default)]
pub(super) struct Columns {
    pub ids: Vec<Uuid>,
    pub kinds: Vec<String>,
    pub froms: Vec<Uuid>,
    pub tos: Vec<Uuid>,
    pub from_handles: Vec<String>,
    pub to_handles: Vec<String>,
    pub payers: Vec<String>,
    pub payees: Vec<String>,
    pub currencies: Vec<String>,
    pub amounts: Vec<i64>,
    pub posted: Vec<i64>,
    pub refunded: Vec<i64>,
    pub states: Vec<String>,
    pub held_by: Vec<Option<String>>,
    pub hold_until: Vec<Option<OffsetDateTime>>,
    pub reasons: Vec<Option<String>>,
    pub references: Vec<Option<String>>,
    pub notes: Vec<Option<String>>,
    pub parents: Vec<Option<Uuid>>,
    pub offsets: Vec<i64>,
    pub settled_at: Vec<Option<OffsetDateTime>>,
    pub traceparents: Vec<Option<String>>,
    pub asked_by: Vec<Option<String>>,
    pub keys: Vec<Option<String>>,
    pub hashes: Vec<Option<String>>,
    pub debit_ns: Vec<Option<i64>>,
    pub debit_balances: Vec<Option<i64>>,
    pub credit_ns: Vec<Option<i64>>,
    pub credit_balances: Vec<Option<i64>>,
    pub messages: Vec<Option<Uuid>>,
    pub audience: Audience,
    pub events: Vec<String>,
}

impl Columns {
    pub(super) fn push(
        &mut self,
        change: &Change,
        entry: Option<&Entry>,
        message: Option<MessageId>,
        event: &StoredEvent,
    ) {
        self.push_transfer(change);
        self.debit_ns.push(entry.map(|entry| signed(entry.debit.n)));
        self.debit_balances.push(entry.map(|entry| entry.debit.balance));
        self.credit_ns.push(entry.map(|entry| signed(entry.credit.n)));
        self.credit_balances.push(entry.map(|entry| entry.credit.balance));
        self.messages.push(message.map(|message| message.0));
        self.audience.push(&event.audience);
        self.events.push(event.data.get().to_owned());
    }

    fn push_transfer(&mut self, change: &Change) {
        let t = &change.transfer;
        self.ids.push(t.id.0);
        self.kinds.push(t.kind.to_string());
        self.froms.push(t.from.0);
        self.tos.push(t.to.0);
        self.from_handles.push(t.from_handle.to_string());
        self.to_handles.push(t.to_handle.to_string());
        self.payers.push(t.payer.to_string());
        self.payees.push(t.payee.to_string());
        self.currencies.push(t.currency.to_string());
        self.amounts.push(signed(t.amount));
        self.posted.push(signed(t.posted));
        self.refunded.push(signed(t.refunded));
        self.states.push(t.state.to_string());
        self.held_by.push(t.held_by.map(|holder| holder.to_string()));
        self.hold_until.push(t.hold_until);
        self.reasons.push(t.reason.clone());
        self.references.push(t.reference.clone());
        self.notes.push(t.note.clone());
        self.parents.push(t.parent.map(|parent| parent.0));
        self.offsets.push(signed(t.offset));
        self.settled_at.push(t.settled_at);
        self.traceparents.push(t.traceparent.clone());
        let idempotency = change.new.as_ref().and_then(|new| new.idempotency.as_ref());
        self.asked_by.push(change.new.as_ref().map(|new| new.asked_by.to_string()));
        self.keys.push(idempotency.map(|idempotency| clean(&idempotency.key).into_owned()));
        self.hashes.push(idempotency.map(|idempotency| idempotency.request_hash.clone()));
    }
}

/// Of the accounts that were touched: what they have now.
#[derive(Default)]
pub(super) struct AccountColumns {
    pub ids: Vec<Uuid>,
    pub debits_pending: Vec<i64>,
    pub debits_posted: Vec<i64>,
    pub credits_pending: Vec<i64>,
    pub credits_posted: Vec<i64>,
    pub entries: Vec<i64>,
}

impl AccountColumns {
    pub(super) fn of(accounts: &[Account]) -> Self {
        let mut columns = Self::default();
        for account in accounts {
            columns.ids.push(account.id.0);
            columns.debits_pending.push(signed(account.counters.debits_pending));
            columns.debits_posted.push(signed(account.counters.debits_posted));
            columns.credits_pending.push(signed(account.counters.credits_pending));
            columns.credits_posted.push(signed(account.counters.credits_posted));
            columns.entries.push(signed(account.entries));
        }
        columns
    }
}
