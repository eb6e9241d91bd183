//! What a transfer does to accounts: decided in memory over accounts that the store has locked, written by the store.
//!
//! Invariants, whatever is asked in whatever order (the tests draw some):
//! * every entry takes from one account exactly what it gives to another: all entries of a currency sum to zero;
//! * an account's posted counters are the sums of its entries, its pending ones the sums of its holds;
//! * no account but a funding one ever has less than nothing available;
//! * a refusal changes nothing.
//!
//! A store loads and locks the accounts in id order, calls this, and writes each account that was touched once. So a batch of
//! transfers to one hot account costs that account one write.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::{Account, Currency, Hold, Holder, MAX_AMOUNT, NewTransfer, Transfer, TransferKind, TransferState};
use crate::id::{AccountId, TransferId};

/// One movement of money: both sides in one row, so that it cannot be half there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    pub transfer: TransferId,
    pub currency: Currency,
    pub amount: u64,
    pub debit: Leg,
    pub credit: Leg,
    pub at: OffsetDateTime,
}

/// An entry's side: which account, its how-manieth entry this is, and what it had afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leg {
    pub account: AccountId,
    pub n: u64,
    pub balance: i64,
}

/// Which of a transfer's accounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    From,
    To,
}

/// Why nothing was done.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such account")]
    UnknownAccount(Side),
    #[error("the account is closed")]
    ClosedAccount(Side),
    #[error("the account is in {1}")]
    OtherCurrency(Side, Currency),
    #[error("an account cannot pay itself")]
    SameAccount,
    #[error("{shortfall} minor units are missing")]
    InsufficientFunds { shortfall: u64 },
    #[error("the account would hold more than can be counted")]
    TooMuch(Side),
    #[error("only {held} are held")]
    OverHold { held: u64 },
    #[error("only {left} are left to be refunded")]
    OverRefund { left: u64 },
    #[error("the transfer is {0}")]
    WrongState(TransferState),
}

/// Accounts as locked, and what has been done to them since.
#[derive(Debug)]
pub struct Books {
    accounts: BTreeMap<AccountId, Account>,
    touched: BTreeSet<AccountId>,
    entries: Vec<Entry>,
    at: OffsetDateTime,
}

/// A change of the four counters: what is added and taken away.
#[derive(Clone, Copy, Default)]
struct Change {
    pending_in: u64,
    pending_out: u64,
    posted: u64,
}

impl Books {
    /// `at` is the store's time of the transaction.
    pub fn open(accounts: impl IntoIterator<Item = Account>, at: OffsetDateTime) -> Self {
        let accounts = accounts.into_iter().map(|account| (account.id, account)).collect();
        Self { accounts, touched: BTreeSet::new(), entries: Vec::new(), at }
    }

    /// A new transfer, completed at once or held.
    pub fn pay(&mut self, new: &NewTransfer) -> Result<Transfer, Refusal> {
        self.check(new)?;
        let mut transfer = self.transfer_of(new)?;
        match new.hold {
            None => self.post(&mut transfer, new.amount, 0)?,
            Some(Hold { by, for_ms }) => {
                let change = Change { pending_in: new.amount, ..Change::default() };
                self.move_both(&transfer, change)?;
                transfer.held_by = Some(by);
                transfer.hold_until = Some(self.at + std::time::Duration::from_millis(for_ms));
            }
        }
        Ok(transfer)
    }

    /// Posts `amount` of a hold (all of it where `None`) and releases the rest. A hold of the payer's whose time is over is as
    /// good as expired, though nobody has written that down yet.
    pub fn capture(&mut self, transfer: &mut Transfer, amount: Option<u64>) -> Result<(), Refusal> {
        pending(transfer)?;
        if transfer.held_by == Some(Holder::Payer) && transfer.hold_until.is_some_and(|until| until <= self.at) {
            return Err(Refusal::WrongState(TransferState::Expired));
        }
        let held = transfer.amount;
        let amount = amount.unwrap_or(held);
        if amount > held || amount == 0 {
            return Err(Refusal::OverHold { held });
        }
        self.post(transfer, amount, held)?;
        transfer.offset += 1;
        Ok(())
    }

    /// Gives a hold up: `voided`, `expired` or `failed`.
    pub fn release(
        &mut self,
        transfer: &mut Transfer,
        state: TransferState,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        pending(transfer)?;
        let change = Change { pending_out: transfer.amount, ..Change::default() };
        self.move_both(transfer, change)?;
        transfer.state = state;
        transfer.reason = reason.map(str::to_owned);
        transfer.settled_at = Some(self.at);
        transfer.offset += 1;
        Ok(())
    }

    /// Ends a hold by fraud: posts it, or fails it for the reason. One that cannot be posted, because a counter is full, fails
    /// too: else nothing would ever end it.
    pub fn decide(&mut self, transfer: &mut Transfer, refuse: Option<&str>) -> Result<(), Refusal> {
        if transfer.held_by != Some(Holder::Fraud) {
            return Err(Refusal::WrongState(transfer.state));
        }
        let reason = match refuse {
            Some(reason) => reason,
            None => match self.capture(transfer, None) {
                Err(Refusal::TooMuch(_)) => "too_much",
                done => return done,
            },
        };
        self.release(transfer, TransferState::Failed, Some(reason))
    }

    /// Gives `new.amount` of a posted transfer back by a new one, whose sides are the other way round.
    pub fn refund(&mut self, original: &mut Transfer, new: &NewTransfer) -> Result<Transfer, Refusal> {
        if !original.state.is_posted() || original.kind == TransferKind::Refund {
            return Err(Refusal::WrongState(original.state));
        }
        let left = original.posted - original.refunded;
        if new.amount > left || left == 0 {
            return Err(Refusal::OverRefund { left });
        }
        let refund = self.pay(new)?;
        original.refunded += new.amount;
        let all = original.refunded == original.posted;
        original.state = if all { TransferState::Refunded } else { TransferState::PartlyRefunded };
        original.offset += 1;
        Ok(refund)
    }

    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// The accounts that changed, in id order, and the entries that were made, in order.
    pub fn close(self) -> (Vec<Account>, Vec<Entry>) {
        let touched = self.accounts.into_values().filter(|account| self.touched.contains(&account.id)).collect();
        (touched, self.entries)
    }

    fn check(&self, new: &NewTransfer) -> Result<(), Refusal> {
        for (side, id) in [(Side::From, new.from), (Side::To, new.to)] {
            let account = self.accounts.get(&id).ok_or(Refusal::UnknownAccount(side))?;
            if account.closed_at.is_some() {
                return Err(Refusal::ClosedAccount(side));
            }
            if account.currency != new.currency {
                return Err(Refusal::OtherCurrency(side, account.currency));
            }
        }
        if new.from == new.to { Err(Refusal::SameAccount) } else { Ok(()) }
    }

    fn transfer_of(&self, new: &NewTransfer) -> Result<Transfer, Refusal> {
        let from = self.accounts.get(&new.from).ok_or(Refusal::UnknownAccount(Side::From))?;
        let to = self.accounts.get(&new.to).ok_or(Refusal::UnknownAccount(Side::To))?;
        Ok(Transfer {
            id: new.id,
            kind: new.kind,
            from: new.from,
            to: new.to,
            from_handle: from.handle.clone(),
            to_handle: to.handle.clone(),
            payer: from.owner.clone(),
            payee: to.owner.clone(),
            currency: new.currency,
            amount: new.amount,
            posted: 0,
            refunded: 0,
            state: TransferState::Pending,
            held_by: None,
            hold_until: None,
            reason: None,
            reference: new.reference.clone(),
            note: new.note.clone(),
            parent: new.parent,
            offset: 1,
            created_at: self.at,
            settled_at: None,
            traceparent: new.traceparent.clone(),
        })
    }

    /// Posts `amount`, of which `held` was held before.
    fn post(&mut self, transfer: &mut Transfer, amount: u64, held: u64) -> Result<(), Refusal> {
        self.move_both(transfer, Change { pending_in: 0, pending_out: held, posted: amount })?;
        let debit = self.leg(transfer.from);
        let credit = self.leg(transfer.to);
        let (id, currency) = (transfer.id, transfer.currency);
        self.entries.push(Entry { transfer: id, currency, amount, debit, credit, at: self.at });
        transfer.posted = amount;
        transfer.state = TransferState::Completed;
        transfer.settled_at = Some(self.at);
        Ok(())
    }

    /// Both accounts, or neither.
    fn move_both(&mut self, transfer: &Transfer, change: Change) -> Result<(), Refusal> {
        let from = self.accounts.get(&transfer.from).ok_or(Refusal::UnknownAccount(Side::From))?;
        let to = self.accounts.get(&transfer.to).ok_or(Refusal::UnknownAccount(Side::To))?;
        let from = debited(from, change)?;
        let to = credited(to, change)?;
        for account in [from, to] {
            self.touched.insert(account.id);
            self.accounts.insert(account.id, account);
        }
        Ok(())
    }

    /// The account's next entry.
    fn leg(&mut self, id: AccountId) -> Leg {
        // Called only after `move_both` has found it.
        let Some(account) = self.accounts.get_mut(&id) else { return Leg { account: id, n: 0, balance: 0 } };
        account.entries += 1;
        Leg { account: id, n: account.entries, balance: account.balance() }
    }
}

fn pending(transfer: &Transfer) -> Result<(), Refusal> {
    if transfer.state == TransferState::Pending { Ok(()) } else { Err(Refusal::WrongState(transfer.state)) }
}

fn debited(account: &Account, change: Change) -> Result<Account, Refusal> {
    let mut after = account.clone();
    let counters = &mut after.counters;
    counters.debits_pending = moved(counters.debits_pending, change.pending_in, change.pending_out, Side::From)?;
    counters.debits_posted = moved(counters.debits_posted, change.posted, 0, Side::From)?;
    let grows = change.pending_in + change.posted > change.pending_out;
    if grows && after.available() < 0 && !after.may_be_overdrawn() {
        return Err(Refusal::InsufficientFunds { shortfall: after.available().unsigned_abs() });
    }
    Ok(after)
}

fn credited(account: &Account, change: Change) -> Result<Account, Refusal> {
    let mut after = account.clone();
    let counters = &mut after.counters;
    counters.credits_pending = moved(counters.credits_pending, change.pending_in, change.pending_out, Side::To)?;
    counters.credits_posted = moved(counters.credits_posted, change.posted, 0, Side::To)?;
    Ok(after)
}

fn moved(counter: u64, plus: u64, minus: u64, side: Side) -> Result<u64, Refusal> {
    let after = counter.checked_add(plus).and_then(|sum| sum.checked_sub(minus));
    after.filter(|after| *after <= MAX_AMOUNT).ok_or(Refusal::TooMuch(side))
}

#[cfg(test)]
mod tests;
