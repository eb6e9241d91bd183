//! Changes of the ledger: booking a batch, ending holds, refunding. Each is one transaction under the one write lock, so there
//! is no order of locks to keep.

use herald_domain::id::{MessageId, TransferId};
use herald_domain::money::{NewTransfer, Transfer, TransferState};
use herald_domain::owner::Owner;
use herald_domain::store::{Booked, HoldChange, Moved, NewRefund, Result, Screen, TransferIntake};
use uuid::Uuid;

use super::desk::Desk;
use super::load::{self, Known, Request};
use crate::SqliteStore;
use crate::fault::{broken, fault};
use crate::pasts;
use crate::write::Write;

pub(super) async fn book(store: &SqliteStore, batch: &[TransferIntake]) -> Result<Vec<Moved>> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let mut write = store.write().await?;
    let outcomes = book_all(&mut write, batch).await?;
    write.commit().await?;
    Ok(outcomes)
}

pub(super) async fn book_screened(store: &SqliteStore, intake: &TransferIntake, screen: Screen<'_>) -> Result<Moved> {
    let mut write = store.write().await?;
    let mut intake = intake.clone();
    let now = write.now;
    if intake.transfer.hold.is_none() && screen(&pasts::before(&mut write.tx, &intake.transfer, now).await?) {
        intake = intake.held_by_fraud();
    }
    let moved = book_all(&mut write, std::slice::from_ref(&intake)).await?.pop();
    write.commit().await?;
    moved.ok_or_else(|| broken("a payment was booked and not returned"))
}

async fn book_all(write: &mut Write, batch: &[TransferIntake]) -> Result<Vec<Moved>> {
    let requests: Vec<_> = batch.iter().map(|intake| request(&intake.transfer)).collect();
    let mut known = Known::load(&mut write.tx, &requests).await?;
    let ids = batch.iter().flat_map(|intake| [intake.transfer.from, intake.transfer.to]);
    let mut desk = Desk::open(load::accounts(&mut write.tx, ids).await?, write.now)?;
    let mut outcomes = Vec::with_capacity(batch.len());
    for (intake, request) in batch.iter().zip(requests) {
        if let Some(before) = known.find(request) {
            outcomes.push(before);
            continue;
        }
        outcomes.push(match desk.pay(&intake.transfer, intake.message)? {
            Ok(booked) => {
                known.note(&booked.transfer, request);
                Moved::Now(Box::new(booked))
            }
            Err(refusal) => Moved::Refused(refusal),
        });
    }
    desk.write(write).await?;
    Ok(outcomes)
}

pub(super) async fn change_hold(
    store: &SqliteStore,
    id: TransferId,
    owner: Option<&Owner>,
    change: &HoldChange,
    message: MessageId,
) -> Result<Moved> {
    let mut write = store.write().await?;
    let found = load::transfer(&mut write.tx, id).await?;
    let Some(mut transfer) = found.filter(|transfer| change.may(transfer, owner)) else { return Ok(Moved::Unknown) };
    if change.was_made(&transfer) {
        return Ok(Moved::Replayed(Box::new(transfer)));
    }
    let mut desk = desk_of(&mut write, [&transfer]).await?;
    if let Err(refusal) = change.make(&mut desk.books, &mut transfer) {
        return Ok(Moved::Refused(refusal));
    }
    let booked = desk.settled(&transfer, message)?;
    desk.write(&mut write).await?;
    write.commit().await?;
    Ok(Moved::Now(Box::new(booked)))
}

pub(super) async fn refund(store: &SqliteStore, asked: &NewRefund, any: bool, message: MessageId) -> Result<Moved> {
    let mut write = store.write().await?;
    let request = Request { id: asked.id, asked_by: &asked.asked_by, idempotency: asked.idempotency.as_ref() };
    if let Some(before) = Known::load(&mut write.tx, &[request]).await?.find(request) {
        return Ok(before);
    }
    let original = load::transfer(&mut write.tx, asked.original).await?;
    let Some(mut original) = original.filter(|original| any || original.payee == asked.asked_by) else {
        return Ok(Moved::Unknown);
    };
    let mut desk = desk_of(&mut write, [&original]).await?;
    let new = asked.transfer(&original);
    match desk.refund(&mut original, &new, message)? {
        Ok(booked) => {
            desk.write(&mut write).await?;
            write.commit().await?;
            Ok(Moved::Now(Box::new(booked)))
        }
        Err(refusal) => Ok(Moved::Refused(refusal)),
    }
}

pub(super) async fn expire_holds(store: &SqliteStore, limit: u32, message: fn() -> MessageId) -> Result<Vec<Booked>> {
    let mut write = store.write().await?;
    let over = sqlx::query_scalar!(
        r#"-- expire_holds
        select id as "id!: Uuid" from transfers
        where state = 'pending' and hold_until <= ?1 and held_by = 'payer'
        order by hold_until, id limit ?2"#,
        write.now,
        limit
    )
    .fetch_all(&mut *write.tx)
    .await
    .map_err(fault)?;
    if over.is_empty() {
        return Ok(Vec::new());
    }
    let mut held = load::transfers_by_id(&mut write.tx, over.into_iter().map(TransferId)).await?;
    held.sort_by_key(|transfer| (transfer.hold_until, transfer.id));
    let mut desk = desk_of(&mut write, &held).await?;
    let mut ended = Vec::with_capacity(held.len());
    for transfer in &mut held {
        let released = desk.books.release(transfer, TransferState::Expired, None);
        released.map_err(|refusal| broken(format!("the hold {} cannot be released: {refusal}", transfer.id)))?;
        ended.push(desk.settled(transfer, message())?);
    }
    desk.write(&mut write).await?;
    write.commit().await?;
    Ok(ended)
}

/// A desk over the accounts of these transfers.
async fn desk_of<'a>(write: &mut Write, transfers: impl IntoIterator<Item = &'a Transfer>) -> Result<Desk> {
    let ids: Vec<_> = transfers.into_iter().flat_map(|transfer| [transfer.from, transfer.to]).collect();
    Desk::open(load::accounts(&mut write.tx, ids).await?, write.now)
}

fn request(asked: &NewTransfer) -> Request<'_> {
    Request { id: asked.id, asked_by: &asked.asked_by, idempotency: asked.idempotency.as_ref() }
}
