//! Deeds: what a service leaves in the store together with its effect.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use herald_domain::id::{MessageId, TransferId};
use herald_domain::money::{Account, Deed, Handle, NewTransfer, Transfer, TransferKind, with_receipt};
use herald_domain::store::{Booked, Recorded, Result};
use serde_json::value::RawValue;

use super::receipts::Receipts;
use crate::ledger::desk::Desk;
use crate::ledger::load;
use crate::write::Write;

/// What became of a deed.
pub(super) enum Carried {
    /// Done, with this detail.
    Out(Arc<RawValue>),
    /// It could not be done, and need not be: the effect is skipped for this reason.
    Not(&'static str),
}

/// The deeds of one transaction, carried out one after the other.
pub(super) struct Deeds {
    pub desk: Desk,
    budgets: HashMap<Handle, Account>,
    /// Rewards that are there already.
    given: HashSet<TransferId>,
    receipts: Receipts,
    message: fn() -> MessageId,
}

impl Deeds {
    /// Loads whatever the deeds need to look at.
    pub(super) async fn open(
        write: &mut Write,
        planned: &[(&Transfer, &Deed)],
        message: fn() -> MessageId,
    ) -> Result<Self> {
        let (mut moving, mut handles, mut rewards, mut receipts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (transfer, deed) in planned {
            match deed {
                Deed::Nothing => {}
                Deed::Receipt => receipts.push(transfer.id),
                Deed::Reward { id, budget, .. } => {
                    rewards.push(*id);
                    handles.push(budget);
                    moving.push(transfer.from);
                }
                Deed::Decide { .. } => moving.extend([transfer.from, transfer.to]),
            }
        }
        let (mut accounts, mut budgets, mut given) = (Vec::new(), Vec::new(), Vec::new());
        if !moving.is_empty() {
            accounts = load::accounts(&mut write.tx, moving).await?;
        }
        if !handles.is_empty() {
            budgets = load::accounts_by_handle(&mut write.tx, &handles).await?;
            given = load::transfers_by_id(&mut write.tx, rewards).await?;
        }
        accounts.extend(budgets.iter().cloned());
        Ok(Self {
            desk: Desk::open(accounts, write.now)?,
            budgets: budgets.into_iter().map(|account| (account.handle.clone(), account)).collect(),
            given: given.into_iter().map(|transfer| transfer.id).collect(),
            receipts: Receipts::open(write, &receipts).await?,
            message,
        })
    }

    /// Carries one out; what it books or settles is told in `recorded`.
    pub(super) fn carry_out(
        &mut self,
        transfer: &mut Transfer,
        deed: &Deed,
        detail: &Arc<RawValue>,
        recorded: &mut Recorded,
    ) -> Result<Carried> {
        let booked = match deed {
            Deed::Nothing => None,
            Deed::Receipt => {
                let number = self.receipts.number(transfer.id);
                return Ok(Carried::Out(with_receipt(detail, number)));
            }
            Deed::Reward { id, amount, budget } => {
                if !self.given.insert(*id) {
                    return Ok(Carried::Out(detail.clone()));
                }
                let Some(booked) = self.reward(transfer, *id, *amount, budget)? else {
                    self.given.remove(id);
                    return Ok(Carried::Not("budget_empty"));
                };
                Some(booked)
            }
            Deed::Decide { refuse } => match self.desk.books.decide(transfer, refuse.as_deref()) {
                Ok(()) => Some(self.desk.settled(transfer, (self.message)())?),
                // It is not held by fraud, or not any more: there is nothing to decide.
                Err(_) => None,
            },
        };
        if let Some(booked) = booked {
            recorded.events.extend(booked.events.into_iter().map(|event| event.0));
            recorded.outbox.extend(booked.outbox);
        }
        Ok(Carried::Out(detail.clone()))
    }

    pub(super) async fn write(self, write: &mut Write) -> Result<()> {
        self.receipts.write(write).await?;
        self.desk.write(write).await
    }

    /// `None`: the budget cannot pay.
    fn reward(&mut self, of: &Transfer, id: TransferId, amount: u64, budget: &Handle) -> Result<Option<Booked>> {
        let Some(budget) = self.budgets.get(budget) else { return Ok(None) };
        let new = NewTransfer {
            id,
            kind: TransferKind::Reward,
            from: budget.id,
            to: of.from,
            amount,
            currency: of.currency,
            hold: None,
            reference: of.reference.clone(),
            note: None,
            parent: Some(of.id),
            asked_by: budget.owner.clone(),
            idempotency: None,
            traceparent: of.traceparent.clone(),
        };
        Ok(self.desk.pay(&new, (self.message)())?.ok())
    }
}
