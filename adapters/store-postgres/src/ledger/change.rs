//! What happens to a transfer after it was booked: a hold's end, and refunds.
//!
//! The transfer is read first, for its accounts, which never change; then accounts and transfer are locked, and it is decided
//! by what the lock shows.

use herald_domain::id::{AccountId, MessageId, TransferId};
use herald_domain::money::{Books, Holder, Transfer, TransferState};
use herald_domain::owner::Owner;
use herald_domain::store::{Booked, HoldChange, Moved, NewRefund};
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;

use super::accounts::{self, Locked};
use super::book::{MAX_TWINS, log_fence, storable};
use super::known::{Asked, Known, Twin};
use super::row::{self, transfer_rows};
use super::write::{Change, New};
use super::{list, write};
use crate::fault::{Fault, Result};

pub(super) async fn change_hold(
    connection: &mut PgConnection,
    id: TransferId,
    owner: Option<&Owner>,
    change: &HoldChange,
    message: MessageId,
) -> Result<Moved, Fault> {
    let mut tx = connection.begin().await?;
    let found = list::get(&mut tx, id, None).await?;
    let Some(found) = found.filter(|found| change.may(found, owner)) else { return Ok(Moved::Unknown) };
    let Locked { accounts, at } = accounts::lock(&mut tx, [found.from, found.to]).await?;
    let mut transfer = lock_one(&mut tx, id).await?;
    if change.was_made(&transfer) {
        return Ok(Moved::Replayed(Box::new(transfer)));
    }
    let mut books = Books::open(accounts, at);
    if let Err(refusal) = change.make(&mut books, &mut transfer) {
        return Ok(Moved::Refused(refusal));
    }
    let booked = write_changes(&mut tx, at, books, vec![ended(transfer, message)]).await?;
    tx.commit().await?;
    only(booked).map(|booked| Moved::Now(Box::new(booked)))
}

pub(super) async fn refund(
    connection: &mut PgConnection,
    refund: &NewRefund,
    any: bool,
    message: MessageId,
) -> Result<Moved, Fault> {
    for _ in 0..MAX_TWINS {
        if let Some(moved) = refund_once(connection, refund, any, message).await.inspect_err(log_fence)? {
            return Ok(moved);
        }
    }
    Err(Fault::Broken(format!("a transfer was in the way of refund {} that could not be seen", refund.id)))
}

/// `None`: there was a twin that was not seen.
async fn refund_once(
    connection: &mut PgConnection,
    refund: &NewRefund,
    any: bool,
    message: MessageId,
) -> Result<Option<Moved>, Fault> {
    let mut tx = connection.begin().await?;
    let original = list::get(&mut tx, refund.original, None).await?;
    let sides = original.iter().flat_map(|original| [original.from, original.to]);
    let Locked { accounts, at } = accounts::lock(&mut tx, sides).await?;
    if let Some(twin) = find_twin(&mut tx, refund).await? {
        return Ok(Some(twin));
    }
    let Some(original) = original.filter(|original| any || original.payee == refund.asked_by) else {
        return Ok(Some(Moved::Unknown));
    };
    let mut original = lock_one(&mut tx, original.id).await?;
    let new = storable(&refund.transfer(&original));
    let mut books = Books::open(accounts, at);
    let transfer = match books.refund(&mut original, &new) {
        Ok(transfer) => transfer,
        Err(refusal) => return Ok(Some(Moved::Refused(refusal))),
    };
    let new = New { asked_by: new.asked_by, idempotency: new.idempotency };
    let given = Change { transfer, new: Some(new), message: Some(message) };
    // Its services had their say when it was completed.
    let given_back = Change { transfer: original, new: None, message: None };
    let Some(booked) = write::write(&mut tx, at, books, vec![given, given_back]).await? else { return Ok(None) };
    tx.commit().await?;
    only(booked).map(|booked| Some(Moved::Now(Box::new(booked))))
}

async fn find_twin(connection: &mut PgConnection, refund: &NewRefund) -> Result<Option<Moved>, Fault> {
    let asked = Asked::from(refund);
    match Known::look(connection, &[asked]).await?.twin(asked) {
        None => Ok(None),
        Some(Twin::Other) => Ok(Some(Moved::KeyReused)),
        Some(Twin::Same(id)) => {
            let found = list::get(connection, id, None).await?;
            let found = found.ok_or_else(|| Fault::Broken(format!("transfer {id} was known and not found")))?;
            Ok(Some(Moved::Replayed(Box::new(found))))
        }
    }
}

pub(super) async fn expire_holds(
    connection: &mut PgConnection,
    limit: u32,
    message: fn() -> MessageId,
) -> Result<Vec<Booked>, Fault> {
    let mut tx = connection.begin().await?;
    let (ids, sides) = over(&mut tx, limit).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let Locked { accounts, at } = accounts::lock(&mut tx, sides).await?;
    let mut books = Books::open(accounts, at);
    let mut holds = lock(&mut tx, &ids).await?;
    // Captured, voided or expired by another meanwhile.
    holds.retain(|hold| hold.state == TransferState::Pending && hold.held_by == Some(Holder::Payer));
    holds.sort_by_key(|hold| (hold.hold_until, hold.id));
    let mut changes = Vec::with_capacity(holds.len());
    for mut hold in holds {
        let released = books.release(&mut hold, TransferState::Expired, None);
        released.map_err(|refusal| Fault::Broken(format!("hold {} cannot expire: {refusal}", hold.id)))?;
        changes.push(ended(hold, message()));
    }
    let booked = write_changes(&mut tx, at, books, changes).await?;
    tx.commit().await?;
    Ok(booked)
}

/// Holds of the payer's whose time is over, those first that were over first; and their accounts.
async fn over(connection: &mut PgConnection, limit: u32) -> Result<(Vec<TransferId>, Vec<AccountId>), Fault> {
    let rows = sqlx::query!(
        "-- expire_holds, over
        select id, from_account, to_account from transfers
        where state = 'pending' and held_by = 'payer' and hold_until <= herald_now()
        order by hold_until limit $1",
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    let ids = rows.iter().map(|row| TransferId(row.id)).collect();
    Ok((ids, rows.iter().flat_map(|row| [AccountId(row.from_account), AccountId(row.to_account)]).collect()))
}

/// Locks transfers in id order, after their accounts.
pub(crate) async fn lock(connection: &mut PgConnection, ids: &[TransferId]) -> Result<Vec<Transfer>, Fault> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = transfer_rows!(
        "-- lock_transfers\nselect",
        "from transfers t where t.id = any($1) order by t.id for no key update",
        &ids,
    );
    row::transfers(rows.fetch_all(connection).await?)
}

async fn lock_one(connection: &mut PgConnection, id: TransferId) -> Result<Transfer, Fault> {
    let locked = lock(connection, &[id]).await?;
    locked.into_iter().next().ok_or_else(|| Fault::Broken(format!("transfer {id} was found and is gone")))
}

pub(crate) fn ended(transfer: Transfer, message: MessageId) -> Change {
    Change { transfer, new: None, message: Some(message) }
}

/// Writes changes of transfers that there are; nothing can stand in their way.
async fn write_changes(
    connection: &mut PgConnection,
    at: OffsetDateTime,
    books: Books,
    changes: Vec<Change>,
) -> Result<Vec<Booked>, Fault> {
    let written = write::write(connection, at, books, changes).await?;
    written.ok_or_else(|| Fault::Broken("a transfer that was locked is gone".to_owned()))
}

/// The first, with what is to be told of all.
fn only(booked: Vec<Booked>) -> Result<Booked, Fault> {
    let mut booked = booked.into_iter();
    let mut first = booked.next().ok_or_else(|| Fault::Broken("a change was written and not returned".to_owned()))?;
    for other in booked {
        first.events.extend(other.events);
        first.outbox.extend(other.outbox);
    }
    Ok(first)
}
