//! A payment's past, for rules that look at it.

use async_trait::async_trait;
use herald_domain::id::TransferId;
use herald_domain::money::NewTransfer;
use herald_domain::store::{MAX_PAST, Past, Pasts, Result};
use sqlx::SqliteConnection;
use time::OffsetDateTime;

use crate::SqliteStore;
use crate::fault::fault;
use crate::row::{from_json, id_list, number, time};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

#[async_trait]
impl Pasts for SqliteStore {
    #[tracing::instrument(name = "store.pasts", level = "debug", skip_all)]
    async fn pasts(&self, transfers: &[TransferId]) -> Result<Vec<Option<(OffsetDateTime, Past)>>> {
        let ids = id_list(transfers.iter().map(|id| id.0))?;
        let rows = sqlx::query!(
            r#"-- pasts
            select n.key + 0 as "at!: i64", t.created_at as "created_at!", (
                select json_array(
                    count(*) filter (where p.created_at > t.created_at - ?2),
                    coalesce(sum(p.amount) filter (where p.created_at > t.created_at - ?2), 0),
                    count(*), coalesce(sum(p.amount) / count(*), 0),
                    count(*) filter (where p.to_account = t.to_account),
                    count(*) filter (where p.to_account = t.to_account and p.created_at > t.created_at - ?3))
                from (select amount, to_account, created_at from transfers p
                    where p.payer = t.payer and p.id < t.id and p.from_account = t.from_account and p.kind = 'payment'
                    order by p.id desc limit ?4) p
            ) as "figures!: String"
            from json_each(?1) n cross join transfers t on t.id = unhex(n.value) and t.kind = 'payment'"#,
            ids,
            HOUR,
            DAY,
            MAX_PAST
        )
        .fetch_all(&self.readers)
        .await
        .map_err(fault)?;
        let mut pasts = vec![None; transfers.len()];
        for row in rows {
            let place: usize = number(row.at)?;
            if let Some(past) = pasts.get_mut(place) {
                *past = Some((time(row.created_at)?, past_of(from_json(&row.figures)?)));
            }
        }
        Ok(pasts)
    }
}

/// The past of a payment that is about to be made.
pub(crate) async fn before(reader: &mut SqliteConnection, payment: &NewTransfer, now: i64) -> Result<Past> {
    let (id, from, to) = (payment.id.0, payment.from.0, payment.to.0);
    let figures = sqlx::query_scalar!(
        r#"-- past before a payment
        select json_array(
            count(*) filter (where p.created_at > ?4 - ?5),
            coalesce(sum(p.amount) filter (where p.created_at > ?4 - ?5), 0),
            count(*), coalesce(sum(p.amount) / count(*), 0),
            count(*) filter (where p.to_account = ?3),
            count(*) filter (where p.to_account = ?3 and p.created_at > ?4 - ?6)) as "figures!: String"
        from (select amount, to_account, created_at from transfers p
            where p.payer = (select owner from accounts where id = ?2) and p.id < ?1 and p.from_account = ?2
                and p.kind = 'payment'
            order by p.id desc limit ?7) p"#,
        id,
        from,
        to,
        now,
        HOUR,
        DAY,
        MAX_PAST
    )
    .fetch_one(reader)
    .await
    .map_err(fault)?;
    Ok(past_of(from_json(&figures)?))
}

fn past_of(figures: [u64; 6]) -> Past {
    let [last_hour, last_hour_amount, payments, mean_amount, to_payee, to_payee_last_day] = figures;
    Past { last_hour, last_hour_amount, payments, mean_amount, to_payee, to_payee_last_day }
}
