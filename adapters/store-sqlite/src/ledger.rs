//! Accounts and transfers. Changes are decided in memory ([`desk`]) over what was loaded under the write lock ([`load`]), and
//! written with a constant number of statements ([`write`]).

mod accounts;
mod change;
mod check;
pub(crate) mod desk;
mod list;
pub(crate) mod load;
mod row;
mod write;

use async_trait::async_trait;
use herald_domain::id::{AccountId, MessageId, TransferId};
use herald_domain::money::{Account, AccountName, Handle, NewAccount, StatementLine, Transfer};
use herald_domain::owner::Owner;
use herald_domain::store::{
    Booked, HoldChange, Ledger, LedgerCheck, Moved, NewRefund, Opened, Result, Screen, TransferFilter, TransferIntake,
};

use crate::SqliteStore;
use crate::fault::fault;

#[async_trait]
impl Ledger for SqliteStore {
    #[tracing::instrument(name = "store.open_account", level = "debug", skip_all)]
    async fn open_account(&self, account: &NewAccount) -> Result<Opened> {
        accounts::open(self, account).await
    }

    #[tracing::instrument(name = "store.find_account", level = "debug", skip_all)]
    async fn find_account(&self, name: &AccountName) -> Result<Option<Account>> {
        let mut reader = self.readers.acquire().await.map_err(fault)?;
        accounts::find(&mut reader, name).await
    }

    #[tracing::instrument(name = "store.list_accounts", level = "debug", skip_all)]
    async fn list_accounts(&self, owner: &Owner, after: Option<&Handle>, limit: u32) -> Result<Vec<Account>> {
        accounts::list(self, owner, after, limit).await
    }

    #[tracing::instrument(name = "store.statement", level = "debug", skip_all)]
    async fn statement(&self, account: AccountId, before: Option<u64>, limit: u32) -> Result<Vec<StatementLine>> {
        accounts::statement(self, account, before, limit).await
    }

    #[tracing::instrument(name = "store.book_transfers", level = "debug", skip_all, fields(batch.len = batch.len()))]
    async fn book_transfers(&self, batch: &[TransferIntake]) -> Result<Vec<Moved>> {
        change::book(self, batch).await
    }

    #[tracing::instrument(name = "store.book_screened", level = "debug", skip_all)]
    async fn book_screened(&self, intake: &TransferIntake, screen: Screen<'_>) -> Result<Moved> {
        change::book_screened(self, intake, screen).await
    }

    #[tracing::instrument(name = "store.change_hold", level = "debug", skip_all)]
    async fn change_hold(
        &self,
        id: TransferId,
        owner: Option<&Owner>,
        change: &HoldChange,
        message: MessageId,
    ) -> Result<Moved> {
        change::change_hold(self, id, owner, change, message).await
    }

    #[tracing::instrument(name = "store.refund_transfer", level = "debug", skip_all)]
    async fn refund_transfer(&self, refund: &NewRefund, any: bool, message: MessageId) -> Result<Moved> {
        change::refund(self, refund, any, message).await
    }

    #[tracing::instrument(name = "store.get_transfer", level = "debug", skip_all)]
    async fn get_transfer(&self, id: TransferId, owner: Option<&Owner>) -> Result<Option<Transfer>> {
        let mut reader = self.readers.acquire().await.map_err(fault)?;
        let found = load::transfer(&mut reader, id).await?;
        let may = |transfer: &Transfer| owner.is_none_or(|owner| transfer.payer == *owner || transfer.payee == *owner);
        Ok(found.filter(may))
    }

    #[tracing::instrument(name = "store.get_transfers", level = "debug", skip_all)]
    async fn get_transfers(&self, ids: &[TransferId]) -> Result<Vec<Transfer>> {
        let mut reader = self.readers.acquire().await.map_err(fault)?;
        load::transfers_by_id(&mut reader, ids.iter().copied()).await
    }

    #[tracing::instrument(name = "store.list_transfers", level = "debug", skip_all)]
    async fn list_transfers(
        &self,
        filter: &TransferFilter,
        before: Option<TransferId>,
        limit: u32,
    ) -> Result<Vec<Transfer>> {
        list::list(self, filter, before, limit).await
    }

    #[tracing::instrument(name = "store.recent_transfers", level = "debug", skip_all)]
    async fn recent_transfers(&self, owner: &Owner, limit: u32) -> Result<Vec<Transfer>> {
        let filter = TransferFilter { party: Some(owner.clone()), ..TransferFilter::default() };
        list::list(self, &filter, None, limit).await
    }

    #[tracing::instrument(name = "store.expire_holds", level = "debug", skip_all)]
    async fn expire_holds(&self, limit: u32, message: fn() -> MessageId) -> Result<Vec<Booked>> {
        change::expire_holds(self, limit, message).await
    }

    #[tracing::instrument(name = "store.check_ledger", level = "debug", skip_all)]
    async fn check_ledger(&self) -> Result<LedgerCheck> {
        check::check(self).await
    }
}
