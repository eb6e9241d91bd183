//! Accounts: opening, finding, locking; and their statements.

use herald_domain::id::{AccountId, TransferId};
use herald_domain::money::{Account, AccountName, Handle, NewAccount, StatementLine};
use herald_domain::owner::Owner;
use herald_domain::store::Opened;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::account_rows;
use crate::fault::{Fault, Result};
use crate::row::{signed, unsigned, word};

pub(super) async fn open(connection: &mut PgConnection, new: &NewAccount) -> Result<Opened, Fault> {
    let opened = account_rows!(
        "-- open_account
        insert into accounts as a (id, handle, owner, currency, kind, created_at)
        values ($1, $2, $3, $4, $5, herald_now())
        on conflict do nothing
        returning",
        "",
        new.id.0,
        new.handle.as_str(),
        new.owner.as_str(),
        new.currency.as_str(),
        new.kind.as_str(),
    );
    if let Some(opened) = opened.fetch_optional(&mut *connection).await? {
        return Ok(Opened::Now(opened.try_into()?));
    }
    match find(connection, &AccountName::Handle(new.handle.clone())).await? {
        Some(before) if (&before.owner, before.currency, before.kind) == (&new.owner, new.currency, new.kind) => {
            Ok(Opened::Before(before))
        }
        Some(_) => Ok(Opened::HandleTaken),
        None => Err(Fault::Broken(format!("the account id {} is another handle's", new.id))),
    }
}

pub(super) async fn find(connection: &mut PgConnection, name: &AccountName) -> Result<Option<Account>, Fault> {
    let found = match name {
        AccountName::Id(id) => {
            account_rows!("-- find_account, by id\nselect", "from accounts a where a.id = $1", id.0)
                .fetch_optional(connection)
                .await?
        }
        AccountName::Handle(handle) => {
            account_rows!("-- find_account, by handle\nselect", "from accounts a where a.handle = $1", handle.as_str(),)
                .fetch_optional(connection)
                .await?
        }
    };
    found.map(Account::try_from).transpose()
}

pub(super) async fn list(
    connection: &mut PgConnection,
    owner: &Owner,
    after: Option<&Handle>,
    limit: u32,
) -> Result<Vec<Account>, Fault> {
    let rows = account_rows!(
        "-- list_accounts\nselect",
        "from accounts a where a.owner = $1 and a.handle > $2 order by a.handle limit $3",
        owner.as_str(),
        after.map_or("", Handle::as_str),
        i64::from(limit),
    );
    rows.fetch_all(connection).await?.into_iter().map(Account::try_from).collect()
}

/// Accounts as locked until the end of the transaction, and its time. Unknown ones are left out.
pub(crate) struct Locked {
    pub accounts: Vec<Account>,
    /// Some time, where no account was found.
    pub at: OffsetDateTime,
}

/// Locks the accounts in id order, which is the order that everybody keeps.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    ids: impl IntoIterator<Item = AccountId>,
) -> Result<Locked, Fault> {
    let mut ids: Vec<_> = ids.into_iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = account_rows!(
        "-- lock_accounts\nselect",
        "from accounts a where a.id = any($1) order by a.id for no key update",
        &ids,
    );
    let rows = rows.fetch_all(connection).await?;
    let at = rows.first().map_or(OffsetDateTime::UNIX_EPOCH, |row| row.now);
    Ok(Locked { accounts: rows.into_iter().map(Account::try_from).collect::<Result<_, _>>()?, at })
}

/// A line of a statement; the other side's handle is the transfer's.
struct Line {
    n: i64,
    transfer_id: Uuid,
    kind: String,
    amount: i64,
    balance: i64,
    other: String,
    reference: Option<String>,
    note: Option<String>,
    at: OffsetDateTime,
}

pub(super) async fn statement(
    connection: &mut PgConnection,
    account: AccountId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<StatementLine>, Fault> {
    let lines = sqlx::query_as!(
        Line,
        r#"-- statement
        select e.n as "n!", e.transfer_id as "transfer_id!", t.kind, e.amount as "amount!", e.balance as "balance!",
            case when e.amount < 0 then t.to_handle else t.from_handle end as "other!",
            t.reference, t.note, e.at as "at!"
        from (
            (select debit_n as n, transfer_id, -amount as amount, debit_balance as balance, at
            from entries where debit_account = $1 and debit_n < $2 order by debit_n desc limit $3)
            union all
            (select credit_n, transfer_id, amount, credit_balance, at
            from entries where credit_account = $1 and credit_n < $2 order by credit_n desc limit $3)
            order by n desc limit $3
        ) e join transfers t on t.id = e.transfer_id
        order by e.n desc"#,
        account.0,
        before.map_or(i64::MAX, signed),
        i64::from(limit),
    );
    lines.fetch_all(connection).await?.into_iter().map(StatementLine::try_from).collect()
}

impl TryFrom<Line> for StatementLine {
    type Error = Fault;

    fn try_from(line: Line) -> Result<Self, Fault> {
        Ok(Self {
            n: unsigned("n", line.n)?,
            transfer: TransferId(line.transfer_id),
            kind: word("kind", &line.kind)?,
            amount: line.amount,
            balance: line.balance,
            other: Handle::from_stored(line.other),
            reference: line.reference,
            note: line.note,
            at: line.at,
        })
    }
}
