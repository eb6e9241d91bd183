//! Booking a batch in five trips to the server, however large it is: begin, lock the accounts, look for twins, write, commit.
//!
//! Invariants:
//! * Everything is decided over accounts that are locked, in the order given, before anything is written.
//! * A twin that another process booked meanwhile, for other accounts (the same accounts' would have been waited for), undoes
//!   the batch, and it is decided anew; by then the twin can be seen.
//! * The CHECK against overdraft is a fence that never fires, as [`Books`] decides by the same figures. If it does, nothing of
//!   the batch is done and that is logged; whoever commits batches then tries each by itself (`pipeline/src/group_commit.rs`).

use std::borrow::Cow;
use std::collections::HashMap;

use herald_domain::id::TransferId;
use herald_domain::money::{Books, NewTransfer, Refusal, Transfer};
use herald_domain::store::{Booked, Moved, Screen, TransferIntake};
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;

use super::known::{Asked, Known, Twin};
use super::write::{Change, New};
use super::{accounts, list, write};
use crate::fault::{Fault, Result};
use crate::pasts;
use crate::row::clean;

/// How often a batch is decided anew because of twins. Each time those that were in the way can be seen.
pub(super) const MAX_TWINS: u32 = 5;

pub(super) async fn book(connection: &mut PgConnection, batch: &[TransferIntake]) -> Result<Vec<Moved>, Fault> {
    book_by(connection, batch, None).await
}

/// Another trip asks for the payer's past.
pub(super) async fn book_screened(
    connection: &mut PgConnection,
    intake: &TransferIntake,
    screen: Screen<'_>,
) -> Result<Moved, Fault> {
    let moved = book_by(connection, std::slice::from_ref(intake), Some(screen)).await?.pop();
    moved.ok_or_else(|| Fault::Broken("a payment was booked and not returned".to_owned()))
}

async fn book_by(
    connection: &mut PgConnection,
    batch: &[TransferIntake],
    screen: Option<Screen<'_>>,
) -> Result<Vec<Moved>, Fault> {
    let batch: Vec<_> = batch
        .iter()
        .map(|intake| TransferIntake { transfer: storable(&intake.transfer), message: intake.message })
        .collect();
    for _ in 0..MAX_TWINS {
        if let Some(moved) = book_once(connection, &batch, screen).await.inspect_err(log_fence)? {
            return Ok(moved);
        }
    }
    Err(Fault::Broken("transfers were in the way of a batch that could not be seen".to_owned()))
}

/// `None`: there was a twin that was not seen.
async fn book_once(
    connection: &mut PgConnection,
    batch: &[TransferIntake],
    screen: Option<Screen<'_>>,
) -> Result<Option<Vec<Moved>>, Fault> {
    let mut tx = connection.begin().await?;
    let sides = batch.iter().flat_map(|intake| [intake.transfer.from, intake.transfer.to]);
    let locked = accounts::lock(&mut tx, sides).await?;
    let asked: Vec<_> = batch.iter().map(|intake| Asked::from(&intake.transfer)).collect();
    let mut known = Known::look(&mut tx, &asked).await?;
    let screened = match screen {
        Some(screen) => held_where_screened(&mut tx, batch, screen, locked.at).await?,
        None => Cow::Borrowed(batch),
    };
    let batch = screened.as_ref();

    let mut books = Books::open(locked.accounts, locked.at);
    let decisions: Vec<_> = batch.iter().map(|intake| decide(&mut books, &mut known, &intake.transfer)).collect();
    let new = batch.iter().zip(&decisions).filter_map(|(intake, decision)| match decision {
        Decision::New(transfer) => Some(change(intake, (**transfer).clone())),
        _ => None,
    });
    let new: Vec<_> = new.collect();
    let booked = if new.is_empty() {
        Vec::new()
    } else {
        let Some(booked) = write::write(&mut tx, locked.at, books, new).await? else { return Ok(None) };
        booked
    };
    tx.commit().await?;
    answer(connection, decisions, booked).await.map(Some)
}

async fn held_where_screened<'a>(
    tx: &mut PgConnection,
    batch: &'a [TransferIntake],
    screen: Screen<'_>,
    at: OffsetDateTime,
) -> Result<Cow<'a, [TransferIntake]>, Fault> {
    let mut batch = Cow::Borrowed(batch);
    for place in 0..batch.len() {
        let payment = &batch[place].transfer;
        if payment.hold.is_none() && screen(&pasts::before(tx, payment, at).await?) {
            let held = batch[place].clone().held_by_fraud();
            batch.to_mut()[place] = held;
        }
    }
    Ok(batch)
}

enum Decision {
    New(Box<Transfer>),
    Twin(Twin),
    Refused(Refusal),
}

/// Decided after those before it: what they booked is known, and gone from the accounts.
fn decide(books: &mut Books, known: &mut Known, new: &NewTransfer) -> Decision {
    let asked = Asked::from(new);
    if let Some(twin) = known.twin(asked) {
        return Decision::Twin(twin);
    }
    match books.pay(new) {
        Ok(transfer) => {
            known.add(asked);
            Decision::New(Box::new(transfer))
        }
        Err(refusal) => Decision::Refused(refusal),
    }
}

fn change(intake: &TransferIntake, transfer: Transfer) -> Change {
    let NewTransfer { asked_by, idempotency, .. } = &intake.transfer;
    let new = New { asked_by: asked_by.clone(), idempotency: idempotency.clone() };
    Change { transfer, new: Some(new), message: Some(intake.message) }
}

async fn answer(
    connection: &mut PgConnection,
    decisions: Vec<Decision>,
    booked: Vec<Booked>,
) -> Result<Vec<Moved>, Fault> {
    let twins = find_twins(connection, &decisions, &booked).await?;
    let mut booked = booked.into_iter();
    let moved = decisions.into_iter().map(|decision| match decision {
        Decision::New(transfer) => {
            let missing = || Fault::Broken(format!("transfer {} was written and not returned", transfer.id));
            booked.next().ok_or_else(missing).map(|booked| Moved::Now(Box::new(booked)))
        }
        Decision::Twin(Twin::Same(id)) => replayed(&twins, id),
        Decision::Twin(Twin::Other) => Ok(Moved::KeyReused),
        Decision::Refused(refusal) => Ok(Moved::Refused(refusal)),
    });
    moved.collect()
}

/// The transfers that replays are answered with: of the store as they stand, or just booked.
async fn find_twins(
    connection: &mut PgConnection,
    decisions: &[Decision],
    booked: &[Booked],
) -> Result<HashMap<TransferId, Transfer>, Fault> {
    let mut twins: HashMap<_, _> = booked.iter().map(|one| (one.transfer.id, one.transfer.clone())).collect();
    let wanted = decisions.iter().filter_map(|decision| match decision {
        Decision::Twin(Twin::Same(id)) if !twins.contains_key(id) => Some(*id),
        _ => None,
    });
    let wanted: Vec<_> = wanted.collect();
    if !wanted.is_empty() {
        twins.extend(list::several(connection, &wanted).await?.into_iter().map(|twin| (twin.id, twin)));
    }
    Ok(twins)
}

fn replayed(twins: &HashMap<TransferId, Transfer>, id: TransferId) -> Result<Moved, Fault> {
    let found = twins.get(&id).cloned();
    let found = found.ok_or_else(|| Fault::Broken(format!("transfer {id} was known and not found")))?;
    Ok(Moved::Replayed(Box::new(found)))
}

/// With texts as the store can hold them.
pub(super) fn storable(new: &NewTransfer) -> NewTransfer {
    let clean = |text: &Option<String>| text.as_deref().map(|text| clean(text).into_owned());
    NewTransfer {
        reference: clean(&new.reference),
        note: clean(&new.note),
        traceparent: clean(&new.traceparent),
        ..new.clone()
    }
}

pub(super) fn log_fence(fault: &Fault) {
    if fault.is_overdraft() {
        tracing::error!(error = %fault, "a batch would have overdrawn an account, and was not booked");
    }
}
