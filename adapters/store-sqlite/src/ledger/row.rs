//! Rows of accounts and transfers, and the domain's types that they become.

use herald_domain::id::{AccountId, TransferId};
use herald_domain::money::{Account, Counters, Currency, Handle, Transfer};
use herald_domain::owner::Owner;
use herald_domain::store::Result;
use uuid::Uuid;

use crate::row::{number, time, word};

pub(crate) struct AccountRow {
    pub id: Uuid,
    pub handle: String,
    pub owner: String,
    pub currency: String,
    pub kind: String,
    pub debits_pending: i64,
    pub debits_posted: i64,
    pub credits_pending: i64,
    pub credits_posted: i64,
    pub entries: i64,
    pub created_at: i64,
    pub closed_at: Option<i64>,
}

/// A checked `select` of [`AccountRow`]s: the statement's name and what follows `from`.
macro_rules! account_rows {
    ($name:literal, $tail:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::ledger::row::AccountRow,
            $name
                + r#"
                select a.id as "id!: uuid::Uuid", a.handle as "handle!", a.owner as "owner!", a.currency as "currency!",
                a.kind as "kind!", a.debits_pending as "debits_pending!", a.debits_posted as "debits_posted!",
                a.credits_pending as "credits_pending!", a.credits_posted as "credits_posted!", a.entries as "entries!",
                a.created_at as "created_at!", a.closed_at as "closed_at?"
                from "#
                + $tail,
            $($arg),*
        )
    };
}
pub(crate) use account_rows;

impl AccountRow {
    pub(crate) fn into_domain(self) -> Result<Account> {
        let counters = Counters {
            debits_pending: number(self.debits_pending)?,
            debits_posted: number(self.debits_posted)?,
            credits_pending: number(self.credits_pending)?,
            credits_posted: number(self.credits_posted)?,
        };
        Ok(Account {
            id: AccountId(self.id),
            handle: Handle::from_stored(self.handle),
            owner: Owner::from_stored(self.owner),
            currency: word::<Currency>(&self.currency)?,
            kind: word(&self.kind)?,
            counters,
            entries: number(self.entries)?,
            created_at: time(self.created_at)?,
            closed_at: self.closed_at.map(time).transpose()?,
        })
    }
}

/// A row of `transfers`, with who asked for it under which key.
pub(crate) struct TransferRow {
    pub id: Uuid,
    pub kind: String,
    pub from_account: Uuid,
    pub to_account: Uuid,
    pub from_handle: String,
    pub to_handle: String,
    pub payer: String,
    pub payee: String,
    pub currency: String,
    pub amount: i64,
    pub posted: i64,
    pub refunded: i64,
    pub state: String,
    pub held_by: Option<String>,
    pub hold_until: Option<i64>,
    pub reason: Option<String>,
    pub reference: Option<String>,
    pub note: Option<String>,
    pub parent: Option<Uuid>,
    pub offset: i64,
    pub created_at: i64,
    pub settled_at: Option<i64>,
    pub traceparent: Option<String>,
    pub asked_by: String,
    pub idempotency_key: Option<String>,
    pub request_hash: Option<String>,
}

/// A checked `select` of [`TransferRow`]s: the statement's name and what follows `from`.
macro_rules! transfer_rows {
    ($name:literal, $tail:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::ledger::row::TransferRow,
            $name
                + r#"
                select t.id as "id!: uuid::Uuid", t.kind as "kind!", t.from_account as "from_account!: uuid::Uuid",
                t.to_account as "to_account!: uuid::Uuid", t.from_handle as "from_handle!", t.to_handle as "to_handle!",
                t.payer as "payer!", t.payee as "payee!", t.currency as "currency!", t.amount as "amount!",
                t.posted as "posted!", t.refunded as "refunded!", t.state as "state!", t.held_by as "held_by?",
                t.hold_until as "hold_until?", t.reason as "reason?", t.reference as "reference?", t.note as "note?",
                t.parent as "parent?: uuid::Uuid", t."offset" as "offset!", t.created_at as "created_at!",
                t.settled_at as "settled_at?", t.traceparent as "traceparent?", t.asked_by as "asked_by!",
                t.idempotency_key as "idempotency_key?", t.request_hash as "request_hash?"
                from "#
                + $tail,
            $($arg),*
        )
    };
}
pub(crate) use transfer_rows;

impl TransferRow {
    pub(crate) fn into_domain(self) -> Result<Transfer> {
        Ok(Transfer {
            id: TransferId(self.id),
            kind: word(&self.kind)?,
            from: AccountId(self.from_account),
            to: AccountId(self.to_account),
            from_handle: Handle::from_stored(self.from_handle),
            to_handle: Handle::from_stored(self.to_handle),
            payer: Owner::from_stored(self.payer),
            payee: Owner::from_stored(self.payee),
            currency: word::<Currency>(&self.currency)?,
            amount: number(self.amount)?,
            posted: number(self.posted)?,
            refunded: number(self.refunded)?,
            state: word(&self.state)?,
            held_by: self.held_by.as_deref().map(word).transpose()?,
            hold_until: self.hold_until.map(time).transpose()?,
            reason: self.reason,
            reference: self.reference,
            note: self.note,
            parent: self.parent.map(TransferId),
            offset: number(self.offset)?,
            created_at: time(self.created_at)?,
            settled_at: self.settled_at.map(time).transpose()?,
            traceparent: self.traceparent,
        })
    }
}

/// Rows to domain, in their order.
pub(crate) fn transfers(rows: Vec<TransferRow>) -> Result<Vec<Transfer>> {
    rows.into_iter().map(TransferRow::into_domain).collect()
}
