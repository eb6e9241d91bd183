//! Reading transfers.

use herald_domain::id::TransferId;
use herald_domain::money::Transfer;
use herald_domain::owner::Owner;
use herald_domain::store::TransferFilter;
use sqlx::PgConnection;
use uuid::Uuid;

use super::row::{self, transfer_rows};
use crate::fault::{Fault, Result};
use crate::row::clean;

pub(super) async fn get(
    connection: &mut PgConnection,
    id: TransferId,
    owner: Option<&Owner>,
) -> Result<Option<Transfer>, Fault> {
    let found = transfer_rows!(
        "-- get_transfer\nselect",
        "from transfers t where t.id = $1 and ($2::text is null or $2 in (t.payer, t.payee))",
        id.0,
        owner.map(Owner::as_str),
    );
    found.fetch_optional(connection).await?.map(Transfer::try_from).transpose()
}

pub(crate) async fn several(connection: &mut PgConnection, ids: &[TransferId]) -> Result<Vec<Transfer>, Fault> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = transfer_rows!("-- get_transfers\nselect", "from transfers t where t.id = any($1)", &ids);
    row::transfers(rows.fetch_all(connection).await?)
}

/// One statement for each index that can serve: with a reference, with a party or an account (whose owner is a party), with neither.
pub(super) async fn list(
    connection: &mut PgConnection,
    filter: &TransferFilter,
    before: Option<TransferId>,
    limit: u32,
) -> Result<Vec<Transfer>, Fault> {
    let page = Page { before: before.map_or(Uuid::max(), |id| id.0), limit: i64::from(limit) };
    let rows = if filter.reference.is_some() {
        of_reference(connection, filter, page).await?
    } else if filter.party.is_some() || filter.account.is_some() {
        of_party(connection, filter, page).await?
    } else {
        let state = filter.state.map(|state| state.as_str());
        let rows = transfer_rows!(
            "-- list_transfers, of all\nselect",
            "from transfers t where t.id < $1 and ($2::text is null or t.state = $2) order by t.id desc limit $3",
            page.before,
            state,
            page.limit,
        );
        rows.fetch_all(connection).await?
    };
    row::transfers(rows)
}

#[derive(Clone, Copy)]
struct Page {
    before: Uuid,
    limit: i64,
}

async fn of_reference(
    connection: &mut PgConnection,
    filter: &TransferFilter,
    page: Page,
) -> Result<Vec<row::TransferRow>, Fault> {
    let reference = clean(filter.reference.as_deref().unwrap_or_default());
    let rows = transfer_rows!(
        "-- list_transfers, of a reference\nselect",
        "from transfers t
        where t.reference = $1 and t.id < $2 and ($3::text is null or t.state = $3)
            and ($4::text is null or $4 in (t.payer, t.payee))
            and ($5::uuid is null or $5 in (t.from_account, t.to_account))
        order by t.id desc limit $6",
        &*reference,
        page.before,
        filter.state.map(|state| state.as_str()),
        filter.party.as_ref().map(Owner::as_str),
        filter.account.map(|account| account.0),
        page.limit,
    );
    Ok(rows.fetch_all(connection).await?)
}

async fn of_party(
    connection: &mut PgConnection,
    filter: &TransferFilter,
    page: Page,
) -> Result<Vec<row::TransferRow>, Fault> {
    let rows = transfer_rows!(
        [
            "-- list_transfers, of a party\n(select",
            "from transfers t
            where t.payer = coalesce($1, (select owner from accounts where id = $2)) and t.id < $3
                and ($2::uuid is null or $2 in (t.from_account, t.to_account)) and ($4::text is null or t.state = $4)
            order by t.id desc limit $5)
            union all
            (select"
        ],
        "from transfers t
        where t.payee = coalesce($1, (select owner from accounts where id = $2)) and t.payer <> t.payee and t.id < $3
            and ($2::uuid is null or $2 in (t.from_account, t.to_account)) and ($4::text is null or t.state = $4)
        order by t.id desc limit $5)
        order by 1 desc limit $5",
        filter.party.as_ref().map(Owner::as_str),
        filter.account.map(|account| account.0),
        page.before,
        filter.state.map(|state| state.as_str()),
        page.limit,
    );
    Ok(rows.fetch_all(connection).await?)
}
