//! The check of the ledger: every invariant, asked of the whole of it in one snapshot. It reads all there is, so it is for
//! people and tests, not for the way of a payment.

use herald_domain::store::{LedgerCheck, Result};
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::SqliteStore;
use crate::fault::fault;

/// What one is told of at most.
const MOST: usize = 100;

pub(super) async fn check(store: &SqliteStore) -> Result<LedgerCheck> {
    let mut snapshot = store.readers.begin().await.map_err(fault)?;
    let mut check = counts(&mut snapshot).await?;
    for (handle, what) in accounts(&mut snapshot).await? {
        check.breaches.push(format!("account {handle}: {what}"));
    }
    for (id, what) in transfers(&mut snapshot).await? {
        check.breaches.push(format!("transfer {id}: {what}"));
    }
    check.breaches.extend(sums(&mut snapshot).await?);
    check.breaches.truncate(MOST);
    Ok(check)
}

async fn counts(snapshot: &mut SqliteConnection) -> Result<LedgerCheck> {
    let row = sqlx::query!(
        r#"-- check_ledger: counts
        select (select count(*) from accounts) as "accounts!: i64", (select count(*) from transfers) as "transfers!: i64",
            (select count(*) from entries) as "entries!: i64""#
    )
    .fetch_one(snapshot)
    .await
    .map_err(fault)?;
    let [accounts, transfers, entries] = [row.accounts, row.transfers, row.entries].map(i64::unsigned_abs);
    Ok(LedgerCheck { accounts, transfers, entries, breaches: Vec::new() })
}

async fn accounts(snapshot: &mut SqliteConnection) -> Result<Vec<(String, &'static str)>> {
    let mut breaches = Vec::new();
    let mut add = |handles: Vec<String>, what| breaches.extend(handles.into_iter().map(|handle| (handle, what)));
    add(wrong_posted(snapshot).await?, "its posted counters are not what its entries come to");
    add(wrong_pending(snapshot).await?, "its pending counters are not what its holds come to");
    add(overdrawn(snapshot).await?, "it is overdrawn");
    add(
        wrong_balances(snapshot).await?,
        "its entries have a gap, or a balance that does not follow from the one before",
    );
    Ok(breaches)
}

async fn wrong_posted(snapshot: &mut SqliteConnection) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"-- check_ledger: posted
        select a.handle as "handle!" from accounts a
        left join (select debit_account as id, sum(amount) as amount, count(*) as n from entries group by 1) d on d.id = a.id
        left join (select credit_account as id, sum(amount) as amount, count(*) as n from entries group by 1) c on c.id = a.id
        where a.debits_posted <> coalesce(d.amount, 0) or a.credits_posted <> coalesce(c.amount, 0)
            or a.entries <> coalesce(d.n, 0) + coalesce(c.n, 0)
        order by a.handle limit 100"#
    )
    .fetch_all(snapshot)
    .await
    .map_err(fault)
}

async fn wrong_pending(snapshot: &mut SqliteConnection) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"-- check_ledger: pending
        select a.handle as "handle!" from accounts a
        left join (select from_account as id, sum(amount) as amount from transfers where state = 'pending' group by 1) d
            on d.id = a.id
        left join (select to_account as id, sum(amount) as amount from transfers where state = 'pending' group by 1) c
            on c.id = a.id
        where a.debits_pending <> coalesce(d.amount, 0) or a.credits_pending <> coalesce(c.amount, 0)
        order by a.handle limit 100"#
    )
    .fetch_all(snapshot)
    .await
    .map_err(fault)
}

async fn overdrawn(snapshot: &mut SqliteConnection) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"-- check_ledger: overdrawn
        select handle as "handle!" from accounts
        where kind <> 'funding' and credits_posted - debits_posted - debits_pending < 0 order by handle limit 100"#
    )
    .fetch_all(snapshot)
    .await
    .map_err(fault)
}

async fn wrong_balances(snapshot: &mut SqliteConnection) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"-- check_ledger: balances
        with legs as (
            select debit_account as account, debit_n as n, -amount as amount, debit_balance as balance from entries
            union all
            select credit_account, credit_n, amount, credit_balance from entries
        ), followed as (
            select account, n, amount, balance, lag(n, 1, 0) over w as n_before, lag(balance, 1, 0) over w as balance_before
            from legs window w as (partition by account order by n)
        )
        select distinct coalesce(a.handle, 'unknown ' || lower(hex(f.account))) as "handle!: String"
        from followed f left join accounts a on a.id = f.account
        where a.id is null or f.n <> f.n_before + 1 or f.balance <> f.balance_before + f.amount
        order by 1 limit 100"#
    )
    .fetch_all(snapshot)
    .await
    .map_err(fault)
}

async fn transfers(snapshot: &mut SqliteConnection) -> Result<Vec<(Uuid, &'static str)>> {
    let mut breaches = Vec::new();
    let mut add = |ids: Vec<Uuid>, what| breaches.extend(ids.into_iter().map(|id| (id, what)));
    add(wrong_entries(snapshot).await?, "its entry is missing, or not what was posted");
    add(wrong_refunds(snapshot).await?, "what was refunded of it is not what its refunds and its state say");
    add(strayed(snapshot).await?, "there is no such transfer, but an entry, effect or receipt of it");
    Ok(breaches)
}

async fn wrong_entries(snapshot: &mut SqliteConnection) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"-- check_ledger: entries
        select t.id as "id!: Uuid" from transfers t left join entries e on e.transfer_id = t.id
        where (t.state in ('completed', 'partly_refunded', 'refunded')) <> (e.transfer_id is not null)
            or t.posted <> coalesce(e.amount, 0) or e.currency <> t.currency
            or e.debit_account <> t.from_account or e.credit_account <> t.to_account
        order by t.id limit 100"#
    )
    .fetch_all(snapshot)
    .await
    .map_err(fault)
}

async fn wrong_refunds(snapshot: &mut SqliteConnection) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"-- check_ledger: refunds
        select t.id as "id!: Uuid" from transfers t
        left join (select parent, sum(posted) as posted from transfers where kind = 'refund' group by 1) r on r.parent = t.id
        where t.refunded <> coalesce(r.posted, 0)
            or (t.state = 'refunded') <> (t.refunded > 0 and t.refunded = t.posted)
            or (t.state = 'partly_refunded') <> (t.refunded > 0 and t.refunded < t.posted)
        order by t.id limit 100"#
    )
    .fetch_all(snapshot)
    .await
    .map_err(fault)
}

async fn strayed(snapshot: &mut SqliteConnection) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"-- check_ledger: strayed
        select s.id as "id!: Uuid"
        from (select transfer_id as id from entries union select transfer_id from effects
            union select transfer_id from receipts) s
        where not exists (select 1 from transfers t where t.id = s.id)
        order by 1 limit 100"#
    )
    .fetch_all(snapshot)
    .await
    .map_err(fault)
}

async fn sums(snapshot: &mut SqliteConnection) -> Result<Vec<String>> {
    let currencies = sqlx::query_scalar!(
        r#"-- check_ledger: currencies
        select currency as "currency!" from accounts group by currency
        having sum(credits_posted - debits_posted) <> 0 or sum(credits_pending - debits_pending) <> 0"#
    )
    .fetch_all(&mut *snapshot)
    .await
    .map_err(fault)?;
    let receipts = sqlx::query!(
        r#"-- check_ledger: receipts
        select count(*) as "count!: i64", coalesce(max(number), 0) as "last!: i64" from receipts"#
    )
    .fetch_one(snapshot)
    .await
    .map_err(fault)?;
    let mut breaches: Vec<_> = currencies
        .into_iter()
        .map(|currency| format!("currency {currency}: its accounts do not sum to zero"))
        .collect();
    if receipts.count != receipts.last {
        breaches.push(format!("receipts: there are {}, but the last is number {}", receipts.count, receipts.last));
    }
    Ok(breaches)
}
