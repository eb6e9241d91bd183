//! Recording a batch: accounts are locked if a deed moves money, then transfers and effects; what is still held under the token
//! is decided in memory; deeds are written by the ledger's one statement, effects by theirs.

use herald_domain::id::{LeaseToken, MessageId, TransferId};
use herald_domain::money::{Deed, EffectOutcome, EffectState, Service, reason_detail, with_receipt};
use herald_domain::store::Recorded;
use sqlx::{Connection, PgConnection};

use super::deeds::{self, Deeds};
use super::held::{self, Held};
use super::write::{self, Written};
use crate::fault::{Fault, Result};
use crate::row::unsigned;

pub(super) async fn record(
    connection: &mut PgConnection,
    service: Service,
    token: LeaseToken,
    outcomes: &[(TransferId, EffectOutcome)],
    message: fn() -> MessageId,
) -> Result<Recorded, Fault> {
    if outcomes.is_empty() {
        return Ok(Recorded::default());
    }
    let mut tx = connection.begin().await?;
    let mut deeds = Deeds::open(&mut tx, outcomes).await?;
    let ids: Vec<_> = outcomes.iter().map(|(id, _)| *id).collect();
    let mut held = held::lock(&mut tx, service, &ids).await?;
    held.retain(|_, held| held.state == EffectState::Pending && held.token == Some(token));
    let mut receipts = Receipts::open(&mut tx, outcomes).await?;
    let mut written = Vec::with_capacity(held.len());
    for (id, outcome) in outcomes {
        if let Some(held) = held.remove(id) {
            written.push(decide(held, service, outcome, &mut deeds, &mut receipts)?);
        }
    }
    let transfers = written.iter().map(|one| one.held.transfer.id).collect();
    let booked = deeds.write(&mut tx, message).await?;
    let effects = write::write(&mut tx, service, written).await?;
    tx.commit().await?;
    let (mut events, mut outbox) = (Vec::new(), Vec::new());
    for one in booked {
        events.extend(one.events.into_iter().map(|event| event.0));
        outbox.extend(one.outbox);
    }
    events.extend(effects);
    Ok(Recorded { transfers, events, outbox })
}

fn decide(
    mut held: Held,
    service: Service,
    outcome: &EffectOutcome,
    deeds: &mut Deeds,
    receipts: &mut Receipts,
) -> Result<Written, Fault> {
    let skipped = |held, reason: &str| Written::ended(held, service, EffectState::Skipped, reason_detail(reason));
    Ok(match outcome {
        EffectOutcome::Done { detail, deed } => match (deeds.carry_out(&mut held.transfer, deed)?, deed) {
            (Some(reason), _) => skipped(held, reason),
            (None, Deed::Receipt) => {
                let number = receipts.next();
                let detail = with_receipt(detail, number);
                Written { receipt: Some(number), ..Written::ended(held, service, EffectState::Done, detail) }
            }
            (None, _) => Written::ended(held, service, EffectState::Done, detail.clone()),
        },
        EffectOutcome::Skipped { reason } => skipped(held, reason),
        EffectOutcome::Again { error, delay_ms } if !held.is_spent() => Written::again(held, error.clone(), *delay_ms),
        EffectOutcome::Again { error, .. } | EffectOutcome::Failed { error } => {
            Written::failed(held, service, error.clone())
        }
    })
}

/// The numbers of receipts, taken from the book until the end of the transaction.
struct Receipts {
    last: u64,
}

impl Receipts {
    async fn open(connection: &mut PgConnection, outcomes: &[(TransferId, EffectOutcome)]) -> Result<Self, Fault> {
        let last = if deeds::any(outcomes, |deed| matches!(deed, Deed::Receipt)) {
            let last = sqlx::query_scalar!(
                r#"-- record_effects, receipts
                select herald_last_receipt() as "last!""#
            );
            last.fetch_one(connection).await?
        } else {
            0
        };
        Ok(Self { last: unsigned("number", last)? })
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}
