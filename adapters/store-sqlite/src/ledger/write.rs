//! Writing what was decided: one JSON list and one statement per table.

use herald_domain::money::{Account, Currency, Entry, Leg, Transfer};
use herald_domain::store::Result;
use serde::Serialize;

use super::desk::New;
use crate::fault::fault;
use crate::row::{hex, integer, micros, to_json};
use crate::write::Write;

pub(super) async fn accounts(write: &mut Write, touched: &[Account]) -> Result<()> {
    #[derive(Serialize)]
    struct Row {
        id: String,
        counters: [i64; 4],
        entries: i64,
    }
    if touched.is_empty() {
        return Ok(());
    }
    let row = |account: &Account| {
        let all = account.counters;
        let counters = [all.debits_pending, all.debits_posted, all.credits_pending, all.credits_posted].map(integer);
        Row { id: hex(account.id.0), counters, entries: integer(account.entries) }
    };
    let rows = to_json(&touched.iter().map(row).collect::<Vec<_>>())?;
    sqlx::query!(
        "-- book_transfers: accounts
        update accounts set debits_pending = n.value->>'$.counters[0]', debits_posted = n.value->>'$.counters[1]',
            credits_pending = n.value->>'$.counters[2]', credits_posted = n.value->>'$.counters[3]',
            entries = n.value->>'entries'
        from json_each(?1) n where accounts.id = unhex(n.value->>'id')",
        rows
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

#[derive(Serialize)]
struct TransferJson<'a> {
    id: String,
    kind: &'a str,
    from: String,
    to: String,
    from_handle: &'a str,
    to_handle: &'a str,
    payer: &'a str,
    payee: &'a str,
    currency: &'a str,
    amount: i64,
    posted: i64,
    state: &'a str,
    held_by: Option<&'a str>,
    hold_until: Option<i64>,
    reference: Option<&'a str>,
    note: Option<&'a str>,
    parent: Option<String>,
    settled_at: Option<i64>,
    traceparent: Option<&'a str>,
    asked_by: &'a str,
    idempotency_key: Option<&'a str>,
    request_hash: Option<&'a str>,
}

fn json(New { transfer, asked_by, idempotency }: &New) -> TransferJson<'_> {
    TransferJson {
        id: hex(transfer.id.0),
        kind: transfer.kind.as_str(),
        from: hex(transfer.from.0),
        to: hex(transfer.to.0),
        from_handle: transfer.from_handle.as_str(),
        to_handle: transfer.to_handle.as_str(),
        payer: transfer.payer.as_str(),
        payee: transfer.payee.as_str(),
        currency: transfer.currency.as_str(),
        amount: integer(transfer.amount),
        posted: integer(transfer.posted),
        state: transfer.state.as_str(),
        held_by: transfer.held_by.map(|by| by.as_str()),
        hold_until: transfer.hold_until.map(micros),
        reference: transfer.reference.as_deref(),
        note: transfer.note.as_deref(),
        parent: transfer.parent.map(|id| hex(id.0)),
        settled_at: transfer.settled_at.map(micros),
        traceparent: transfer.traceparent.as_deref(),
        asked_by: asked_by.as_str(),
        idempotency_key: idempotency.as_ref().map(|one| one.key.as_str()),
        request_hash: idempotency.as_ref().map(|one| one.request_hash.as_str()),
    }
}

pub(super) async fn new_transfers(write: &mut Write, new: &[New]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let rows = to_json(&new.iter().map(json).collect::<Vec<_>>())?;
    sqlx::query!(
        r#"-- book_transfers: transfers
        insert into transfers (id, kind, from_account, to_account, from_handle, to_handle, payer, payee, currency, amount,
            posted, state, held_by, hold_until, reference, note, parent, "offset", created_at, settled_at, traceparent,
            asked_by, idempotency_key, request_hash)
        select unhex(value->>'id'), value->>'kind', unhex(value->>'from'), unhex(value->>'to'), value->>'from_handle',
            value->>'to_handle', value->>'payer', value->>'payee', value->>'currency', value->>'amount', value->>'posted',
            value->>'state', value->>'held_by', value->>'hold_until', value->>'reference', value->>'note',
            unhex(value->>'parent'), 1, ?2, value->>'settled_at', value->>'traceparent', value->>'asked_by',
            value->>'idempotency_key', value->>'request_hash'
        from json_each(?1)"#,
        rows,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

pub(super) async fn changed_transfers<'a>(
    write: &mut Write,
    changed: impl Iterator<Item = &'a Transfer>,
) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: String,
        posted: i64,
        refunded: i64,
        state: &'a str,
        reason: Option<&'a str>,
        offset: i64,
        settled_at: Option<i64>,
    }
    let row = |transfer: &'a Transfer| Row {
        id: hex(transfer.id.0),
        posted: integer(transfer.posted),
        refunded: integer(transfer.refunded),
        state: transfer.state.as_str(),
        reason: transfer.reason.as_deref(),
        offset: integer(transfer.offset),
        settled_at: transfer.settled_at.map(micros),
    };
    let rows: Vec<_> = changed.map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let rows = to_json(&rows)?;
    sqlx::query!(
        r#"-- change_transfers
        update transfers set posted = n.value->>'posted', refunded = n.value->>'refunded', state = n.value->>'state',
            reason = n.value->>'reason', "offset" = n.value->>'offset', settled_at = n.value->>'settled_at'
        from json_each(?1) n where transfers.id = unhex(n.value->>'id')"#,
        rows
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

pub(super) async fn entries(write: &mut Write, entries: &[Entry]) -> Result<()> {
    #[derive(Serialize)]
    struct Row {
        transfer: String,
        currency: Currency,
        amount: i64,
        /// Account, number, balance.
        debit: (String, i64, i64),
        credit: (String, i64, i64),
    }
    if entries.is_empty() {
        return Ok(());
    }
    let leg = |leg: Leg| (hex(leg.account.0), integer(leg.n), leg.balance);
    let row = |entry: &Entry| Row {
        transfer: hex(entry.transfer.0),
        currency: entry.currency,
        amount: integer(entry.amount),
        debit: leg(entry.debit),
        credit: leg(entry.credit),
    };
    let rows = to_json(&entries.iter().map(row).collect::<Vec<_>>())?;
    sqlx::query!(
        "-- book_transfers: entries
        insert into entries (transfer_id, currency, amount, debit_account, debit_n, debit_balance, credit_account, credit_n,
            credit_balance, at)
        select unhex(value->>'transfer'), value->>'currency', value->>'amount', unhex(value->>'$.debit[0]'),
            value->>'$.debit[1]', value->>'$.debit[2]', unhex(value->>'$.credit[0]'), value->>'$.credit[1]',
            value->>'$.credit[2]', ?2
        from json_each(?1)",
        rows,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}
