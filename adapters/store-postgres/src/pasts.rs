//! Figures of a payer's past.

use std::collections::HashMap;

use async_trait::async_trait;
use herald_domain::id::TransferId;
use herald_domain::money::NewTransfer;
use herald_domain::store::{MAX_PAST, Past, Pasts};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::{Fault, Result};
use crate::row::unsigned;

#[async_trait]
impl Pasts for PostgresStore {
    #[tracing::instrument(name = "store.pasts", level = "debug", skip_all, fields(batch = transfers.len()))]
    async fn pasts(&self, transfers: &[TransferId]) -> Result<Vec<Option<(OffsetDateTime, Past)>>> {
        call!(self, "pasts", Terms::READ, connection => {
            let found = find(connection, transfers, None).await?;
            Ok(transfers.iter().map(|id| found.get(id).copied()).collect())
        })
    }
}

/// The past of a payment that is about to be made.
pub(crate) async fn before(
    connection: &mut PgConnection,
    payment: &NewTransfer,
    now: OffsetDateTime,
) -> Result<Past, Fault> {
    let found = find(connection, &[], Some((payment, now))).await?;
    let past = found.get(&payment.id).map(|(_, past)| *past);
    past.ok_or_else(|| Fault::Broken(format!("payment {} has no past", payment.id)))
}

/// Of payments that were made, and of one that is about to be. The payments of an account are walked back by their ids, no
/// further than a past goes.
async fn find(
    connection: &mut PgConnection,
    made: &[TransferId],
    coming: Option<(&NewTransfer, OffsetDateTime)>,
) -> Result<HashMap<TransferId, (OffsetDateTime, Past)>, Fault> {
    let ids: Vec<_> = made.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"-- pasts
        with asked as materialized (
            select id, kind, from_account, to_account, created_at from transfers where id = any($1)
            union all
            select $3::uuid, 'payment', $4::uuid, $5::uuid, $6::timestamptz where $3::uuid is not null
        )
        select p.id as "id!", p.created_at as "created_at!", past.last_hour as "last_hour!",
            past.last_hour_amount as "last_hour_amount!", past.payments as "payments!", past.mean_amount as "mean_amount!",
            past.to_payee as "to_payee!", past.to_payee_last_day as "to_payee_last_day!"
        from asked p cross join lateral (
            select count(*) filter (where b.created_at >= p.created_at - interval '1 hour') as last_hour,
                coalesce(sum(b.amount) filter (where b.created_at >= p.created_at - interval '1 hour'), 0)::bigint
                    as last_hour_amount,
                count(*) as payments, coalesce(div(sum(b.amount), count(*)), 0)::bigint as mean_amount,
                count(*) filter (where b.to_account = p.to_account) as to_payee,
                count(*) filter (where b.to_account = p.to_account and b.created_at >= p.created_at - interval '1 day')
                    as to_payee_last_day
            from (
                select t.amount, t.to_account, t.created_at from transfers t
                where t.from_account = p.from_account and t.kind = 'payment' and t.id < p.id
                order by t.id desc limit $2
            ) b
        ) past
        where p.kind = 'payment'"#,
        &ids,
        i64::from(MAX_PAST),
        coming.map(|(payment, _)| payment.id.0),
        coming.map(|(payment, _)| payment.from.0),
        coming.map(|(payment, _)| payment.to.0),
        coming.map(|(_, now)| now),
    );
    let mut found = HashMap::new();
    for row in rows.fetch_all(connection).await? {
        let past = Past {
            last_hour: unsigned("last_hour", row.last_hour)?,
            last_hour_amount: unsigned("last_hour_amount", row.last_hour_amount)?,
            payments: unsigned("payments", row.payments)?,
            mean_amount: unsigned("mean_amount", row.mean_amount)?,
            to_payee: unsigned("to_payee", row.to_payee)?,
            to_payee_last_day: unsigned("to_payee_last_day", row.to_payee_last_day)?,
        };
        found.insert(TransferId(row.id), (row.created_at, past));
    }
    Ok(found)
}
