//! The one statement that writes what a transaction has done to transfers and accounts.
//!
//! Invariant: transfers, entries, counters, events and outbox rows go in together or, where a twin stands in the way of a new
//! transfer, not at all: the caller then gives the transaction up.

use std::collections::HashMap;

use herald_domain::id::MessageId;
use herald_domain::money::{Books, Entry, Service, Transfer};
use herald_domain::owner::Owner;
use herald_domain::store::{Booked, EventEq, OutboxRow, Wakes};
use herald_domain::submission::Idempotency;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::columns::{AccountColumns, Columns};
use crate::fault::{Fault, Result};
use crate::row;

/// A transfer as it is after the change, which raised its offset to that of the event.
pub(crate) struct Change {
    pub transfer: Transfer,
    /// Of a new one.
    pub new: Option<New>,
    /// The outbox row's, if any service is concerned.
    pub message: Option<MessageId>,
}

/// What only the row of a new transfer says.
pub(crate) struct New {
    pub asked_by: Owner,
    pub idempotency: Option<Idempotency>,
}

impl Change {
    /// What the services are to be told.
    fn outbox(&self) -> Option<OutboxRow> {
        let step = self.transfer.step();
        let concerned = Service::ALL.iter().any(|service| service.concerns(step.kind, step.state));
        let id = self.message.filter(|_| concerned)?;
        Some(OutboxRow { id, wakes: Wakes::Services(step), traceparent: self.transfer.traceparent.clone() })
    }
}

/// Writes the changes and closes the books; what is to be told of each, in order. `None`: a twin was there first.
pub(crate) async fn write(
    connection: &mut PgConnection,
    at: OffsetDateTime,
    books: Books,
    changes: Vec<Change>,
) -> Result<Option<Vec<Booked>>, Fault> {
    let (accounts, entries) = books.close();
    let mut entries: HashMap<_, Entry> = entries.into_iter().map(|entry| (entry.transfer, entry)).collect();
    let mut columns = Columns::default();
    let mut booked = Vec::with_capacity(changes.len());
    for change in changes {
        let (entry, outbox) = (entries.remove(&change.transfer.id), change.outbox());
        let event = change.transfer.event(at);
        row::check_size(&event)?;
        columns.push(&change, entry.as_ref(), outbox.as_ref().map(|row| row.id), &event);
        booked.push(Booked {
            transfer: change.transfer,
            events: vec![EventEq(event)],
            outbox: outbox.into_iter().collect(),
        });
    }
    let counters = AccountColumns::of(&accounts);
    let written = insert(connection, &columns, &counters).await?;
    Ok((written == row::signed(booked.len() as u64)).then_some(booked))
}

/// How many transfers were written. Long, for it is one statement, which names each column where it comes from and where it goes.
async fn insert(connection: &mut PgConnection, c: &Columns, accounts: &AccountColumns) -> Result<i64, Fault> {
    let written = sqlx::query_scalar!(
        r#"-- move_money
        with change as (
            select * from unnest(
                $1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::text[], $15::timestamptz[], $16::text[],
                $17::text[], $18::text[], $19::uuid[], $20::bigint[], $21::timestamptz[], $22::text[],
                $23::text[], $24::text[], $25::text[], $26::bigint[], $27::bigint[], $28::bigint[], $29::bigint[],
                $30::uuid[], $31::text[], $32::text[], $33::smallint[], $34::smallint[], $35::text[]
            ) with ordinality as c(
                id, kind, from_account, to_account, from_handle, to_handle, payer, payee, currency,
                amount, posted, refunded, state, held_by, hold_until, reason,
                reference, note, parent, "offset", settled_at, traceparent,
                asked_by, key, request_hash, debit_n, debit_balance, credit_n, credit_balance,
                message, first, second, first_partition, second_partition, event, n)
        ), made as (
            insert into transfers (
                id, kind, from_account, to_account, from_handle, to_handle, payer, payee, currency, amount, posted, refunded,
                state, held_by, hold_until, reason, reference, note, parent, "offset", created_at, settled_at, traceparent,
                asked_by, idempotency_key, request_hash)
            select c.id, c.kind, c.from_account, c.to_account, c.from_handle, c.to_handle, c.payer, c.payee, c.currency,
                c.amount, c.posted, c.refunded, c.state, c.held_by, c.hold_until, c.reason, c.reference, c.note, c.parent,
                c."offset", herald_now(), c.settled_at, c.traceparent, c.asked_by, c.key, c.request_hash
            from change c where c.asked_by is not null order by c.asked_by, c.key, c.id
            on conflict do nothing
            returning id
        ), changed as (
            update transfers t
            set posted = c.posted, refunded = c.refunded, state = c.state, reason = c.reason, settled_at = c.settled_at,
                "offset" = c."offset"
            from change c where t.id = c.id and c.asked_by is null
            returning t.id
        ), entered as (
            insert into entries (transfer_id, currency, amount, debit_account, debit_n, debit_balance,
                credit_account, credit_n, credit_balance, at)
            select c.id, c.currency, c.posted, c.from_account, c.debit_n, c.debit_balance,
                c.to_account, c.credit_n, c.credit_balance, herald_now()
            from change c where c.debit_n is not null
        ), told as (
            insert into events (channel, "offset", at, audience, partitions, name, data)
            select 'transfer:' || c.id, c."offset", herald_now(), array_remove(array[c.first, c.second], null),
                array_remove(array[c.first_partition, c.second_partition], null), 'transfer.' || c.state, c.event::json
            from change c
        ), owed as (
            insert into transfer_outbox (id, transfer_id, kind, state, traceparent, claimed_until)
            select c.message, c.id, c.kind, c.state, c.traceparent, herald_now() + interval '5 s'
            from change c where c.message is not null
        ), counted as (
            update accounts a
            set debits_pending = b.debits_pending, debits_posted = b.debits_posted, credits_pending = b.credits_pending,
                credits_posted = b.credits_posted, entries = b.entries
            from unnest($36::uuid[], $37::bigint[], $38::bigint[], $39::bigint[], $40::bigint[], $41::bigint[])
                as b(id, debits_pending, debits_posted, credits_pending, credits_posted, entries)
            where a.id = b.id
        )
        select (select count(*) from made) + (select count(*) from changed) as "written!""#,
        &c.ids,
        &c.kinds,
        &c.froms,
        &c.tos,
        &c.from_handles,
        &c.to_handles,
        &c.payers,
        &c.payees,
        &c.currencies,
        &c.amounts,
        &c.posted,
        &c.refunded,
        &c.states,
        &c.held_by as _,
        &c.hold_until as _,
        &c.reasons as _,
        &c.references as _,
        &c.notes as _,
        &c.parents as _,
        &c.offsets,
        &c.settled_at as _,
        &c.traceparents as _,
        &c.asked_by as _,
        &c.keys as _,
        &c.hashes as _,
        &c.debit_ns as _,
        &c.debit_balances as _,
        &c.credit_ns as _,
        &c.credit_balances as _,
        &c.messages as _,
        &c.audience.first,
        &c.audience.second as _,
        &c.audience.first_partition,
        &c.audience.second_partition as _,
        &c.events,
        &accounts.ids,
        &accounts.debits_pending,
        &accounts.debits_posted,
        &accounts.credits_pending,
        &accounts.credits_posted,
        &accounts.entries,
    )
    .fetch_one(connection)
    .await?;
    Ok(written)
}
