//! Accounts and their statements.

use herald_domain::id::{AccountId, TransferId};
use herald_domain::money::{Account, AccountName, Handle, NewAccount, StatementLine};
use herald_domain::owner::Owner;
use herald_domain::store::{Opened, Result};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::load;
use super::row::{AccountRow, account_rows};
use crate::SqliteStore;
use crate::fault::{broken, fault};
use crate::row::{integer, number, time, word};

pub(super) async fn open(store: &SqliteStore, new: &NewAccount) -> Result<Opened> {
    let mut write = store.write().await?;
    let name = AccountName::Handle(new.handle.clone());
    if let Some(before) = find(&mut write.tx, &name).await? {
        let same = before.owner == new.owner && before.currency == new.currency && before.kind == new.kind;
        return Ok(if same { Opened::Before(before) } else { Opened::HandleTaken });
    }
    sqlx::query!(
        "-- open_account
        insert into accounts (id, handle, owner, currency, kind, created_at) values (?1, ?2, ?3, ?4, ?5, ?6)",
        new.id.0,
        new.handle.as_str(),
        new.owner.as_str(),
        new.currency.as_str(),
        new.kind.as_str(),
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    let opened = find(&mut write.tx, &name).await?;
    let opened = opened.ok_or_else(|| broken(format!("account {} vanished", new.handle)))?;
    write.commit().await?;
    Ok(Opened::Now(opened))
}

pub(super) async fn find(connection: &mut SqliteConnection, name: &AccountName) -> Result<Option<Account>> {
    let mut found = match name {
        AccountName::Id(id) => load::accounts(connection, [*id]).await?,
        AccountName::Handle(handle) => load::accounts_by_handle(connection, &[handle]).await?,
    };
    Ok(found.pop())
}

pub(super) async fn list(
    store: &SqliteStore,
    owner: &Owner,
    after: Option<&Handle>,
    limit: u32,
) -> Result<Vec<Account>> {
    let after = after.map_or("", Handle::as_str);
    let rows = account_rows!(
        "-- list_accounts",
        "accounts a where a.owner = ?1 and a.handle > ?2 order by a.handle limit ?3",
        owner.as_str(),
        after,
        limit
    )
    .fetch_all(&store.readers)
    .await
    .map_err(fault)?;
    rows.into_iter().map(AccountRow::into_domain).collect()
}

struct LineRow {
    n: i64,
    transfer: Uuid,
    kind: String,
    amount: i64,
    balance: i64,
    other: String,
    reference: Option<String>,
    note: Option<String>,
    at: i64,
}

impl LineRow {
    fn into_domain(self) -> Result<StatementLine> {
        Ok(StatementLine {
            n: number(self.n)?,
            transfer: TransferId(self.transfer),
            kind: word(&self.kind)?,
            amount: self.amount,
            balance: self.balance,
            other: Handle::from_stored(self.other),
            reference: self.reference,
            note: self.note,
            at: time(self.at)?,
        })
    }
}

/// What went out and what came in are two indexes to walk, each no further than the page is long.
pub(super) async fn statement(
    store: &SqliteStore,
    account: AccountId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<StatementLine>> {
    let before = before.map_or(i64::MAX, integer);
    let rows = sqlx::query_as!(
        LineRow,
        r#"-- statement
        select l.n as "n!: i64", t.id as "transfer!: Uuid", t.kind as "kind!", l.amount as "amount!: i64",
            l.balance as "balance!: i64", iif(l.amount < 0, t.to_handle, t.from_handle) as "other!: String",
            t.reference as "reference?", t.note as "note?", l.at as "at!: i64"
        from (
            select * from (select transfer_id, debit_n as n, -amount as amount, debit_balance as balance, at from entries
                where debit_account = ?1 and debit_n < ?2 order by debit_n desc limit ?3)
            union all
            select * from (select transfer_id, credit_n as n, amount, credit_balance as balance, at from entries
                where credit_account = ?1 and credit_n < ?2 order by credit_n desc limit ?3)
        ) l cross join transfers t on t.id = l.transfer_id
        order by l.n desc limit ?3"#,
        account.0,
        before,
        limit
    )
    .fetch_all(&store.readers)
    .await
    .map_err(fault)?;
    rows.into_iter().map(LineRow::into_domain).collect()
}
