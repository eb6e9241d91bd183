//! Rows of `accounts` and `transfers`, and the way to the domain.

use herald_domain::id::{AccountId, TransferId};
use herald_domain::money::{Account, Counters, Handle, Transfer};
use herald_domain::owner::Owner;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::fault::{Fault, Result};
use crate::row::{unsigned, word};

/// A checked statement that ends in, or selects, the columns of [`AccountRow`]: `head`, the columns, `tail`.
macro_rules! account_rows {
    ($head:literal, $tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::ledger::row::AccountRow,
            $head
                + r#" a.id, a.handle, a.owner, a.currency, a.kind, a.debits_pending, a.debits_posted, a.credits_pending,
                  a.credits_posted, a.entries, a.created_at, a.closed_at, herald_now() as "now!" "#
                + $tail
            $(, $argument)*
        )
    };
}
pub(crate) use account_rows;

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
    pub created_at: OffsetDateTime,
    pub closed_at: Option<OffsetDateTime>,
    /// The store's time of the transaction that reads it.
    pub now: OffsetDateTime,
}

impl TryFrom<AccountRow> for Account {
    type Error = Fault;

    fn try_from(row: AccountRow) -> Result<Self, Fault> {
        Ok(Self {
            id: AccountId(row.id),
            handle: Handle::from_stored(row.handle),
            owner: Owner::from_stored(row.owner),
            currency: word("currency", &row.currency)?,
            kind: word("kind", &row.kind)?,
            counters: Counters {
                debits_pending: unsigned("debits_pending", row.debits_pending)?,
                debits_posted: unsigned("debits_posted", row.debits_posted)?,
                credits_pending: unsigned("credits_pending", row.credits_pending)?,
                credits_posted: unsigned("credits_posted", row.credits_posted)?,
            },
            entries: unsigned("entries", row.entries)?,
            created_at: row.created_at,
            closed_at: row.closed_at,
        })
    }
}

/// The same for [`TransferRow`]. With a third text between, the columns are selected twice, for a union.
macro_rules! transfer_rows {
    ($head:literal, $tail:literal $(, $argument:expr)* $(,)?) => {
        $crate::ledger::row::transfer_query!([$head], $tail $(, $argument)*)
    };
    ([$head:literal, $between:literal], $tail:literal $(, $argument:expr)* $(,)?) => {
        $crate::ledger::row::transfer_query!([$head, $between], $tail $(, $argument)*)
    };
}
pub(crate) use transfer_rows;

macro_rules! transfer_query {
    ([$($head:literal),+], $tail:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            $crate::ledger::row::TransferRow,
            "" $(+ $head
                + r#" t.id as "id!", t.kind as "kind!", t.from_account as "from_account!", t.to_account as "to_account!",
                  t.from_handle as "from_handle!", t.to_handle as "to_handle!", t.payer as "payer!", t.payee as "payee!",
                  t.currency as "currency!", t.amount as "amount!", t.posted as "posted!", t.refunded as "refunded!",
                  t.state as "state!", t.held_by as "held_by?", t.hold_until as "hold_until?", t.reason as "reason?",
                  t.reference as "reference?", t.note as "note?", t.parent as "parent?", t."offset" as "offset!",
                  t.created_at as "created_at!", t.settled_at as "settled_at?", t.traceparent as "traceparent?" "#)+
                + $tail
            $(, $argument)*
        )
    };
}
pub(crate) use transfer_query;

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
    pub hold_until: Option<OffsetDateTime>,
    pub reason: Option<String>,
    pub reference: Option<String>,
    pub note: Option<String>,
    pub parent: Option<Uuid>,
    pub offset: i64,
    pub created_at: OffsetDateTime,
    pub settled_at: Option<OffsetDateTime>,
    pub traceparent: Option<String>,
}

impl TryFrom<TransferRow> for Transfer {
    type Error = Fault;

    fn try_from(row: TransferRow) -> Result<Self, Fault> {
        Ok(Self {
            id: TransferId(row.id),
            kind: word("kind", &row.kind)?,
            from: AccountId(row.from_account),
            to: AccountId(row.to_account),
            from_handle: Handle::from_stored(row.from_handle),
            to_handle: Handle::from_stored(row.to_handle),
            payer: Owner::from_stored(row.payer),
            payee: Owner::from_stored(row.payee),
            currency: word("currency", &row.currency)?,
            amount: unsigned("amount", row.amount)?,
            posted: unsigned("posted", row.posted)?,
            refunded: unsigned("refunded", row.refunded)?,
            state: word("state", &row.state)?,
            held_by: row.held_by.as_deref().map(|text| word("held_by", text)).transpose()?,
            hold_until: row.hold_until,
            reason: row.reason,
            reference: row.reference,
            note: row.note,
            parent: row.parent.map(TransferId),
            offset: unsigned("offset", row.offset)?,
            created_at: row.created_at,
            settled_at: row.settled_at,
            traceparent: row.traceparent,
        })
    }
}

pub(crate) fn transfers(rows: Vec<TransferRow>) -> Result<Vec<Transfer>, Fault> {
    rows.into_iter().map(Transfer::try_from).collect()
}
