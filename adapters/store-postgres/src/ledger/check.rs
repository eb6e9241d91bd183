//! Looking at every row of the ledger, in one snapshot.

use herald_domain::store::LedgerCheck;
use sqlx::{Connection, PgConnection};

use crate::fault::{Fault, Result};
use crate::row::unsigned;

/// The most breaches that are told.
const MOST: usize = 100;

pub(super) async fn check(connection: &mut PgConnection) -> Result<LedgerCheck, Fault> {
    let mut tx = connection.begin_with("begin isolation level repeatable read read only").await?;
    plan_for_whole_tables(&mut tx).await?;
    let mut check = count(&mut tx).await?;
    for breaches in [
        counters(&mut tx).await?,
        overdrafts(&mut tx).await?,
        currencies(&mut tx).await?,
        numbers(&mut tx).await?,
        postings(&mut tx).await?,
        refunds(&mut tx).await?,
        strayed(&mut tx).await?,
        receipts(&mut tx).await?,
    ] {
        check.breaches.extend(breaches);
    }
    check.breaches.truncate(MOST);
    tx.commit().await?;
    Ok(check)
}

/// Unlike everything else, this reads whole tables, and may take its time over it.
async fn plan_for_whole_tables(connection: &mut PgConnection) -> Result<(), Fault> {
    sqlx::query!(
        r#"-- check_ledger, settings
        select set_config('enable_seqscan', 'on', true) as "seqscan!",
            set_config('enable_hashjoin', 'on', true) as "hashjoin!",
            set_config('enable_mergejoin', 'on', true) as "mergejoin!",
            set_config('statement_timeout', '60s', true) as "statement_timeout!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

async fn count(connection: &mut PgConnection) -> Result<LedgerCheck, Fault> {
    let counts = sqlx::query!(
        r#"-- check_ledger, counts
        select (select count(*) from accounts) as "accounts!", (select count(*) from transfers) as "transfers!",
            (select count(*) from entries) as "entries!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(LedgerCheck {
        accounts: unsigned("count", counts.accounts)?,
        transfers: unsigned("count", counts.transfers)?,
        entries: unsigned("count", counts.entries)?,
        breaches: Vec::new(),
    })
}

/// The four counters and the number of entries are what entries and holds come to.
async fn counters(connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
    let breaches = sqlx::query_scalar!(
        r#"-- check_ledger, counters
        with moved as (
            select account, sum(debit) as debits, sum(credit) as credits, count(*) as entries
            from (
                select debit_account as account, amount as debit, 0 as credit from entries
                union all
                select credit_account, 0, amount from entries) sides
            group by account
        ), held as (
            select account, sum(debit) as debits, sum(credit) as credits
            from (
                select from_account as account, amount as debit, 0 as credit from transfers where state = 'pending'
                union all
                select to_account, 0, amount from transfers where state = 'pending') sides
            group by account
        ), found as (
            select coalesce(m.account, h.account) as account, coalesce(m.debits, 0) as debits,
                coalesce(m.credits, 0) as credits, coalesce(h.debits, 0) as debits_held,
                coalesce(h.credits, 0) as credits_held, coalesce(m.entries, 0) as entries
            from moved m full join held h on h.account = m.account
        )
        select format('account %s: posted -%s +%s, pending -%s +%s, %s entries; its entries and holds: posted -%s +%s, '
                || 'pending -%s +%s, %s entries', coalesce(a.handle, f.account || ' (unknown)'),
            a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending, a.entries,
            coalesce(f.debits, 0), coalesce(f.credits, 0), coalesce(f.debits_held, 0), coalesce(f.credits_held, 0),
            coalesce(f.entries, 0)) as "breach!"
        from accounts a full join found f on f.account = a.id
        where (a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending, a.entries) is distinct from
            (coalesce(f.debits, 0), coalesce(f.credits, 0), coalesce(f.debits_held, 0), coalesce(f.credits_held, 0),
                coalesce(f.entries, 0))
        limit $1"#,
        MOST as i64,
    );
    Ok(breaches.fetch_all(connection).await?)
}

async fn overdrafts(connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
    let breaches = sqlx::query_scalar!(
        r#"-- check_ledger, overdrafts
        select format('account %s is overdrawn by %s', handle, debits_posted + debits_pending - credits_posted) as "breach!"
        from accounts where kind <> 'funding' and credits_posted - debits_posted - debits_pending < 0
        limit $1"#,
        MOST as i64,
    );
    Ok(breaches.fetch_all(connection).await?)
}

/// What went out of all accounts of a currency came into others of it.
async fn currencies(connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
    let breaches = sqlx::query_scalar!(
        r#"-- check_ledger, currencies
        select format('all accounts in %s: posted -%s +%s, pending -%s +%s', currency, sum(debits_posted),
            sum(credits_posted), sum(debits_pending), sum(credits_pending)) as "breach!"
        from accounts group by currency
        having sum(debits_posted) <> sum(credits_posted) or sum(debits_pending) <> sum(credits_pending)
        limit $1"#,
        MOST as i64,
    );
    Ok(breaches.fetch_all(connection).await?)
}

/// An account's entries are numbered 1, 2, 3 … over both sides, and the last one's balance is the account's.
async fn numbers(connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
    let breaches = sqlx::query_scalar!(
        r#"-- check_ledger, numbers
        with sides as (
            select debit_account as account, debit_n as n, debit_balance as balance, -amount as amount from entries
            union all
            select credit_account, credit_n, credit_balance, amount from entries
        ), lines as (
            select account, n, balance, row_number() over w as expected_n,
                sum(amount) over w as expected_balance
            from sides window w as (partition by account order by n rows unbounded preceding)
        )
        select format('account %s: its entry %s says %s and balance %s, its entries so far come to %s',
            coalesce(a.handle, l.account || ' (unknown)'), l.expected_n, l.n, l.balance, l.expected_balance) as "breach!"
        from lines l left join accounts a on a.id = l.account
        where l.n <> l.expected_n or l.balance <> l.expected_balance
        limit $1"#,
        MOST as i64,
    );
    Ok(breaches.fetch_all(connection).await?)
}

/// A transfer that is posted has one entry, which says the same; no other has one. Its accounts are of its currency.
async fn postings(connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
    let breaches = sqlx::query_scalar!(
        r#"-- check_ledger, postings
        select format('transfer %s is %s with %s posted; its entry is of %s %s', coalesce(t.id, e.transfer_id),
            coalesce(t.state, 'unknown'), t.posted, coalesce(e.amount, 0), e.currency) as "breach!"
        from transfers t
        full join entries e on e.transfer_id = t.id
        left join accounts payer on payer.id = t.from_account
        left join accounts payee on payee.id = t.to_account
        where t.id is null
            or (t.state in ('completed', 'partly_refunded', 'refunded')) <> (e.transfer_id is not null)
            or (t.posted > 0) <> (e.transfer_id is not null)
            or (payer.currency, payee.currency) is distinct from (t.currency, t.currency)
            or e.transfer_id is not null and (e.amount, e.currency, e.debit_account, e.credit_account)
                is distinct from (t.posted, t.currency, t.from_account, t.to_account)
        limit $1"#,
        MOST as i64,
    );
    Ok(breaches.fetch_all(connection).await?)
}

/// What a transfer says of its refunds is what they come to.
async fn refunds(connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
    let breaches = sqlx::query_scalar!(
        r#"-- check_ledger, refunds
        with back as (
            select parent, sum(posted) as amount from transfers
            where kind = 'refund' and parent is not null group by parent
        )
        select format('transfer %s is %s: %s posted, %s refunded; its refunds come to %s',
            coalesce(t.id, b.parent), coalesce(t.state, 'unknown'), t.posted, t.refunded, coalesce(b.amount, 0)) as "breach!"
        from transfers t full join back b on b.parent = t.id
        where t.refunded is distinct from coalesce(b.amount, 0)
            or t.posted > 0 and t.state <> case
                when t.refunded = 0 then 'completed' when t.refunded = t.posted then 'refunded' else 'partly_refunded' end
        limit $1"#,
        MOST as i64,
    );
    Ok(breaches.fetch_all(connection).await?)
}

/// What was made of a transfer that there is not. (An entry without one: `postings`.)
async fn strayed(connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
    let breaches = sqlx::query_scalar!(
        r#"-- check_ledger, strayed
        select format('transfer %s is unknown and has an effect or receipt', s.id) as "breach!"
        from (select transfer_id as id from effects union select transfer_id from receipts) s
        where not exists (select from transfers t where t.id = s.id)
        limit $1"#,
        MOST as i64,
    );
    Ok(breaches.fetch_all(connection).await?)
}

/// Receipts are numbered 1, 2, 3 …
async fn receipts(connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
    let breaches = sqlx::query_scalar!(
        r#"-- check_ledger, receipts
        select format('receipts: there are %s, the first is number %s and the last %s', count(*), min(number), max(number))
            as "breach!"
        from receipts having min(number) <> 1 or max(number) <> count(*)"#
    );
    Ok(breaches.fetch_all(connection).await?)
}
