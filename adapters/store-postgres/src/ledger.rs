//! Accounts, transfers and their ledger.
//!
//! Invariants:
//! * Locks are taken in one order: accounts by id, transfers by id, then keys of new transfers by (asker, key).
//! * What moves money is decided by [`herald_domain::money::Books`] over locked accounts and written by one statement
//!   (`write.rs`), each account once.
//! * Rows of accounts and transfers are never deleted, and a ledger entry is never changed.

use async_trait::async_trait;
use herald_domain::id::{AccountId, MessageId, TransferId};
use herald_domain::money::{Account, AccountName, Handle, NewAccount, StatementLine, Transfer};
use herald_domain::owner::Owner;
use herald_domain::store::{
    Booked, HoldChange, Ledger, LedgerCheck, Moved, NewRefund, Opened, Screen, TransferFilter, TransferIntake,
};

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::Result;

pub(crate) mod accounts;
mod book;
pub(crate) mod change;
mod check;
mod columns;
mod known;
pub(crate) mod list;
pub(crate) mod row;
pub(crate) mod write;

#[async_trait]
impl Ledger for PostgresStore {
    #[tracing::instrument(name = "store.open_account", level = "debug", skip_all)]
    async fn open_account(&self, account: &NewAccount) -> Result<Opened> {
        call!(self, "open_account", connection => { accounts::open(connection, account).await })
    }

    #[tracing::instrument(name = "store.find_account", level = "debug", skip_all)]
    async fn find_account(&self, name: &AccountName) -> Result<Option<Account>> {
        call!(self, "find_account", Terms::READ, connection => { accounts::find(connection, name).await })
    }

    #[tracing::instrument(name = "store.list_accounts", level = "debug", skip_all)]
    async fn list_accounts(&self, owner: &Owner, after: Option<&Handle>, limit: u32) -> Result<Vec<Account>> {
        call!(self, "list_accounts", Terms::READ, connection => {
            accounts::list(connection, owner, after, limit).await
        })
    }

    #[tracing::instrument(name = "store.statement", level = "debug", skip_all)]
    async fn statement(&self, account: AccountId, before: Option<u64>, limit: u32) -> Result<Vec<StatementLine>> {
        call!(self, "statement", Terms::READ, connection => {
            accounts::statement(connection, account, before, limit).await
        })
    }

    #[tracing::instrument(name = "store.book_transfers", level = "debug", skip_all, fields(batch = batch.len()))]
    async fn book_transfers(&self, batch: &[TransferIntake]) -> Result<Vec<Moved>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        call!(self, "book_transfers", connection => { book::book(connection, batch).await })
    }

    #[tracing::instrument(name = "store.book_screened", level = "debug", skip_all)]
    async fn book_screened(&self, intake: &TransferIntake, screen: Screen<'_>) -> Result<Moved> {
        call!(self, "book_screened", connection => { book::book_screened(connection, intake, screen).await })
    }

    #[tracing::instrument(name = "store.change_hold", level = "debug", skip_all)]
    async fn change_hold(
        &self,
        id: TransferId,
        owner: Option<&Owner>,
        change: &HoldChange,
        message: MessageId,
    ) -> Result<Moved> {
        call!(self, "change_hold", connection => {
            change::change_hold(connection, id, owner, change, message).await
        })
    }

    #[tracing::instrument(name = "store.refund_transfer", level = "debug", skip_all)]
    async fn refund_transfer(&self, refund: &NewRefund, any: bool, message: MessageId) -> Result<Moved> {
        call!(self, "refund_transfer", connection => { change::refund(connection, refund, any, message).await })
    }

    #[tracing::instrument(name = "store.get_transfer", level = "debug", skip_all)]
    async fn get_transfer(&self, id: TransferId, owner: Option<&Owner>) -> Result<Option<Transfer>> {
        call!(self, "get_transfer", Terms::READ, connection => { list::get(connection, id, owner).await })
    }

    #[tracing::instrument(name = "store.get_transfers", level = "debug", skip_all)]
    async fn get_transfers(&self, ids: &[TransferId]) -> Result<Vec<Transfer>> {
        call!(self, "get_transfers", Terms::READ, connection => { list::several(connection, ids).await })
    }

    #[tracing::instrument(name = "store.list_transfers", level = "debug", skip_all)]
    async fn list_transfers(
        &self,
        filter: &TransferFilter,
        before: Option<TransferId>,
        limit: u32,
    ) -> Result<Vec<Transfer>> {
        call!(self, "list_transfers", Terms::READ, connection => { list::list(connection, filter, before, limit).await })
    }

    #[tracing::instrument(name = "store.recent_transfers", level = "debug", skip_all)]
    async fn recent_transfers(&self, owner: &Owner, limit: u32) -> Result<Vec<Transfer>> {
        let filter = TransferFilter { party: Some(owner.clone()), ..TransferFilter::default() };
        call!(self, "recent_transfers", Terms::READ, connection => { list::list(connection, &filter, None, limit).await })
    }

    #[tracing::instrument(name = "store.expire_holds", level = "debug", skip_all)]
    async fn expire_holds(&self, limit: u32, message: fn() -> MessageId) -> Result<Vec<Booked>> {
        call!(self, "expire_holds", connection => { change::expire_holds(connection, limit, message).await })
    }

    #[tracing::instrument(name = "store.check_ledger", level = "debug", skip_all)]
    async fn check_ledger(&self) -> Result<LedgerCheck> {
        call!(self, "check_ledger", Terms::BULK_READ, connection => { check::check(connection).await })
    }
}
