//! The server's own accounts: for each currency one that money comes from, which alone may be overdrawn, by all that has ever
//! entered; and one that rewards are paid from.

use herald_domain::id::AccountId;
use herald_domain::money::{Account, AccountKind, AccountName, Currency, Handle, NewAccount};
use herald_domain::owner::Owner;
use herald_domain::store::{Opened, Result, Store, StoreError};
use uuid::Uuid;

/// The currency's funding account, opened on first use.
pub async fn funding_account(store: &dyn Store, currency: Currency) -> Result<Account> {
    let handle = Handle::of_funding(currency);
    if let Some(account) = store.find_account(&AccountName::Handle(handle.clone())).await? {
        return checked(account);
    }
    let kind = AccountKind::Funding;
    let new = NewAccount { id: AccountId(Uuid::now_v7()), handle, owner: Owner::herald(), currency, kind };
    match store.open_account(&new).await? {
        Opened::Now(account) | Opened::Before(account) => Ok(account),
        Opened::HandleTaken => Err(taken(&new.handle)),
    }
}

/// Opens the account that rewards are paid from, if this is its handle and it is not there; whether it was the handle of one.
pub async fn open_budget_account(store: &dyn Store, handle: &Handle) -> Result<bool> {
    let Some(currency) = handle.budget_of() else { return Ok(false) };
    let (id, handle, owner) = (AccountId(Uuid::now_v7()), handle.clone(), Owner::herald());
    match store.open_account(&NewAccount { id, handle, owner, currency, kind: AccountKind::Rewards }).await? {
        Opened::Now(_) | Opened::Before(_) => Ok(true),
        Opened::HandleTaken => Err(StoreError::Broken(format!("{currency} has a budget account of somebody else's"))),
    }
}

/// Its handle is reserved, so nobody else can have opened it.
fn checked(account: Account) -> Result<Account> {
    if account.kind == AccountKind::Funding { Ok(account) } else { Err(taken(&account.handle)) }
}

fn taken(handle: &Handle) -> StoreError {
    StoreError::Broken(format!("{handle} is not a funding account"))
}
