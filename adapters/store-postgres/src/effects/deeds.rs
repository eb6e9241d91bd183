//! Deeds that move money: rewards, and decisions on holds by fraud.

use std::collections::{HashMap, HashSet};

use herald_domain::id::{AccountId, MessageId, TransferId};
use herald_domain::money::{Books, Deed, EffectOutcome, Handle, NewTransfer, Refusal, Transfer, TransferKind};
use herald_domain::store::Booked;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::fault::{Fault, Result};
use crate::ledger::accounts::{self, Locked};
use crate::ledger::write::{self, Change, New};
use crate::ledger::{change, list};

/// The accounts that the deeds of a batch may move money of, locked, and what was done so far.
pub(super) struct Deeds {
    books: Books,
    at: OffsetDateTime,
    budgets: HashMap<Handle, AccountId>,
    /// Rewards that there are already.
    given: HashSet<TransferId>,
    /// Transfers as they are now; of new ones also who asked.
    done: Vec<(Transfer, Option<New>)>,
}

impl Deeds {
    pub(super) async fn open(
        connection: &mut PgConnection,
        outcomes: &[(TransferId, EffectOutcome)],
    ) -> Result<Self, Fault> {
        let mut deeds = Self {
            books: Books::open([], OffsetDateTime::UNIX_EPOCH),
            at: OffsetDateTime::UNIX_EPOCH,
            budgets: HashMap::new(),
            given: HashSet::new(),
            done: Vec::new(),
        };
        if !any(outcomes, |deed| matches!(deed, Deed::Reward { .. } | Deed::Decide { .. })) {
            return Ok(deeds);
        }
        let sides = sides(connection, outcomes).await?;
        let Locked { accounts, at } = accounts::lock(connection, sides).await?;
        deeds.budgets = accounts.iter().map(|account| (account.handle.clone(), account.id)).collect();
        (deeds.books, deeds.at) = (Books::open(accounts, at), at);
        // After the lock on the budget, which whoever gives the same reward has to take.
        let rewards: Vec<_> = all(outcomes).filter_map(|deed| as_reward(deed).map(|(id, ..)| id)).collect();
        if !rewards.is_empty() {
            deeds.given = list::several(connection, &rewards).await?.into_iter().map(|found| found.id).collect();
        }
        Ok(deeds)
    }

    /// Why it could not be done, if so.
    pub(super) fn carry_out(&mut self, transfer: &mut Transfer, deed: &Deed) -> Result<Option<&'static str>, Fault> {
        match deed {
            Deed::Nothing | Deed::Receipt => Ok(None),
            Deed::Reward { id, amount, budget } => {
                Ok((!self.reward(transfer, *id, *amount, budget)).then_some("budget_empty"))
            }
            Deed::Decide { refuse } => match self.books.decide(transfer, refuse.as_deref()) {
                Ok(()) => {
                    self.done.push((transfer.clone(), None));
                    Ok(None)
                }
                Err(Refusal::WrongState(_)) => Ok(None),
                Err(refusal) => Err(Fault::Broken(format!("hold {} cannot be ended: {refusal}", transfer.id))),
            },
        }
    }

    /// `false`: the budget cannot pay it.
    fn reward(&mut self, transfer: &Transfer, id: TransferId, amount: u64, budget: &Handle) -> bool {
        if self.given.contains(&id) {
            return true;
        }
        let Some(budget) = self.budgets.get(budget).and_then(|id| self.books.account(*id)) else { return false };
        let new = NewTransfer {
            id,
            kind: TransferKind::Reward,
            from: budget.id,
            to: transfer.from,
            amount,
            currency: transfer.currency,
            hold: None,
            reference: None,
            note: None,
            parent: Some(transfer.id),
            asked_by: budget.owner.clone(),
            idempotency: None,
            traceparent: transfer.traceparent.clone(),
        };
        let Ok(reward) = self.books.pay(&new) else { return false };
        self.given.insert(id);
        self.done.push((reward, Some(New { asked_by: new.asked_by, idempotency: None })));
        true
    }

    /// Writes what was done.
    pub(super) async fn write(
        self,
        connection: &mut PgConnection,
        message: fn() -> MessageId,
    ) -> Result<Vec<Booked>, Fault> {
        if self.done.is_empty() {
            return Ok(Vec::new());
        }
        let changes = self.done.into_iter().map(|(transfer, new)| match new {
            Some(new) => Change { transfer, new: Some(new), message: Some(message()) },
            None => change::ended(transfer, message()),
        });
        let written = write::write(connection, self.at, self.books, changes.collect()).await?;
        written.ok_or_else(|| Fault::Broken("the id of a reward was taken in the same moment".to_owned()))
    }
}

/// Whose money the deeds may move: the payers', the budgets', and where a hold is decided the payees'.
async fn sides(
    connection: &mut PgConnection,
    outcomes: &[(TransferId, EffectOutcome)],
) -> Result<Vec<AccountId>, Fault> {
    let ids: Vec<_> = outcomes.iter().map(|(id, _)| id.0).collect();
    let budgets: Vec<_> =
        all(outcomes).filter_map(|deed| as_reward(deed).map(|(_, budget)| budget.to_string())).collect();
    let sides = sqlx::query_scalar!(
        r#"-- record_effects, accounts
        select t.from_account as "account!" from transfers t where t.id = any($1)
        union all
        select t.to_account from transfers t where t.id = any($1) and $3
        union all
        select a.id from accounts a where a.handle = any($2)"#,
        &ids,
        &budgets,
        any(outcomes, |deed| matches!(deed, Deed::Decide { .. })),
    );
    Ok(sides.fetch_all(connection).await?.into_iter().map(AccountId).collect())
}

fn as_reward(deed: &Deed) -> Option<(TransferId, &Handle)> {
    match deed {
        Deed::Reward { id, budget, .. } => Some((*id, budget)),
        _ => None,
    }
}

fn all(outcomes: &[(TransferId, EffectOutcome)]) -> impl Iterator<Item = &Deed> {
    outcomes.iter().filter_map(|(_, outcome)| match outcome {
        EffectOutcome::Done { deed, .. } => Some(deed),
        _ => None,
    })
}

pub(super) fn any(outcomes: &[(TransferId, EffectOutcome)], wanted: impl Fn(&Deed) -> bool) -> bool {
    all(outcomes).any(wanted)
}
