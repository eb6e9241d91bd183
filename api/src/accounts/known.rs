//! What never changes of accounts, remembered: whose they are, and in which currency. A payment is not to cost two reads
//! before it is decided. What does change (counters, whether it is closed) only the store knows.

use std::time::Duration;

use herald_domain::id::AccountId;
use herald_domain::money::{Account, AccountName, Currency};
use herald_domain::owner::Owner;
use herald_domain::store::Store;

use crate::cache::Cache;
use crate::error::Result;

/// Not for ever only because the store may be restored to a time before the account was opened.
const BELIEVED: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub(crate) struct KnownAccount {
    pub id: AccountId,
    pub owner: Owner,
    pub currency: Currency,
}

impl From<Account> for KnownAccount {
    fn from(account: Account) -> Self {
        Self { id: account.id, owner: account.owner, currency: account.currency }
    }
}

/// Only hits are remembered: an account can be paid into as soon as it is opened.
pub(crate) struct KnownAccounts(Cache<AccountName, KnownAccount>);

impl Default for KnownAccounts {
    fn default() -> Self {
        Self(Cache::new(BELIEVED))
    }
}

impl KnownAccounts {
    /// The account of this name, whoever owns it.
    pub(crate) async fn find(&self, store: &dyn Store, name: &AccountName) -> Result<Option<KnownAccount>> {
        if let Some(known) = self.0.get(name) {
            return Ok(Some(known));
        }
        let found = store.find_account(name).await?.map(KnownAccount::from);
        if let Some(known) = &found {
            self.0.put(name.clone(), known.clone());
        }
        Ok(found)
    }
}
