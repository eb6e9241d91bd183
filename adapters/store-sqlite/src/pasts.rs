//! A payment's past, for rules that look at it.

use std::collections::HashMap;

use async_trait::async_trait;
use herald_domain::id::TransferId;
use herald_domain::money::NewTransfer;
use herald_domain::store::{MAX_PAST, Past, Pasts, Result, StoreError};
use sqlx::SqliteConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::SqliteStore;
use crate::fault::fault;
use crate::row::{from_json, id_list, time};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

#[async_trait]
impl Pasts for SqliteStore {
    #[tracing::instrument(name = "store.pasts", level = "debug", skip_all)]
    async fn pasts(&self, transfers: &[TransferId]) -> Result<Vec<Option<(OffsetDateTime, Past)>>> {
        let mut reader = self.readers.acquire().await.map_err(fault)?;
        let found = find(&mut reader, transfers, None).await?;
        Ok(transfers.iter().map(|id| found.get(id).copied()).collect())
    }
}

/// The past of a payment that is about to be made.
pub(crate) async fn before(reader: &mut SqliteConnection, payment: &NewTransfer, now: i64) -> Result<Past> {
    let found = find(reader, &[], Some((payment, now))).await?;
    let past = found.get(&payment.id).map(|(_, past)| *past);
    past.ok_or_else(|| StoreError::Broken(format!("payment {} has no past", payment.id)))
}

/// Of payments that were made, and of one that is about to be. The payments of an account are walked back by their ids, no
/// further than a past goes.
async fn find(
    reader: &mut SqliteConnection,
    made: &[TransferId],
    coming: Option<(&NewTransfer, i64)>,
) -> Result<HashMap<TransferId, (OffsetDateTime, Past)>> {
    let ids = id_list(made.iter().map(|id| id.0))?;
    let id = coming.map(|(payment, _)| payment.id.0);
    let from = coming.map(|(payment, _)| payment.from.0);
    let to = coming.map(|(payment, _)| payment.to.0);
    let at = coming.map(|(_, now)| now);
    let rows = sqlx::query!(
        r#"-- pasts
        with asked as materialized (
            select t.id, t.payer, t.from_account, t.to_account, t.created_at
            from json_each(?1) n cross join transfers t on t.id = unhex(n.value) and t.kind = 'payment'
            union all
            select ?5, (select owner from accounts where id = ?6), ?6, ?7, ?8 where ?5 is not null
        )
        select asked.id as "id!: Uuid", asked.created_at as "created_at!: i64", (
            select json_array(
                count(*) filter (where p.created_at >= asked.created_at - ?2),
                coalesce(sum(p.amount) filter (where p.created_at >= asked.created_at - ?2), 0),
                count(*), coalesce(sum(p.amount) / count(*), 0),
                count(*) filter (where p.to_account = asked.to_account),
                count(*) filter (where p.to_account = asked.to_account and p.created_at >= asked.created_at - ?3))
            from (select amount, to_account, created_at from transfers p
                where p.payer = asked.payer and p.id < asked.id and p.from_account = asked.from_account and p.kind = 'payment'
                order by p.id desc limit ?4) p
        ) as "figures!: String"
        from asked"#,
        ids,
        HOUR,
        DAY,
        MAX_PAST,
        id,
        from,
        to,
        at,
    );
    let mut found = HashMap::new();
    for row in rows.fetch_all(reader).await.map_err(fault)? {
        found.insert(TransferId(row.id), (time(row.created_at)?, past_of(from_json(&row.figures)?)));
    }
    Ok(found)
}

fn past_of(figures: [u64; 6]) -> Past {
    let [last_hour, last_hour_amount, payments, mean_amount, to_payee, to_payee_last_day] = figures;
    Past { last_hour, last_hour_amount, payments, mean_amount, to_payee, to_payee_last_day }
}
