//! Lists of transfers: one statement per index to walk.

use herald_domain::id::TransferId;
use herald_domain::money::{AccountName, Transfer, TransferState};
use herald_domain::owner::Owner;
use herald_domain::store::{Result, TransferFilter};
use uuid::Uuid;

use super::accounts;
use super::row::{transfer_rows, transfers};
use crate::SqliteStore;
use crate::fault::fault;

/// A filter as the statements take it.
struct Wanted<'a> {
    before: Uuid,
    account: Option<Uuid>,
    state: Option<&'a str>,
    reference: Option<&'a str>,
    limit: u32,
}

pub(super) async fn list(
    store: &SqliteStore,
    filter: &TransferFilter,
    before: Option<TransferId>,
    limit: u32,
) -> Result<Vec<Transfer>> {
    let wanted = Wanted {
        before: before.map_or(Uuid::max(), |id| id.0),
        account: filter.account.map(|id| id.0),
        state: filter.state.map(TransferState::as_str),
        reference: filter.reference.as_deref(),
        limit,
    };
    match (&filter.party, filter.account) {
        (Some(party), _) => of_party(store, party, &wanted).await,
        // An account's transfers are among its owner's: nobody else is ever payer or payee of them.
        (None, Some(account)) => {
            let mut reader = store.readers.acquire().await.map_err(fault)?;
            let found = accounts::find(&mut reader, &AccountName::Id(account)).await?;
            drop(reader);
            let Some(account) = found else { return Ok(Vec::new()) };
            of_party(store, &account.owner, &wanted).await
        }
        (None, None) => of_anyone(store, &wanted).await,
    }
}

async fn of_party(store: &SqliteStore, party: &Owner, wanted: &Wanted<'_>) -> Result<Vec<Transfer>> {
    let rows = transfer_rows!(
        "-- list_transfers: of a party",
        "transfers t where t.id in (
            select id from (select id from transfers where payer = ?1 and id < ?2
                and (?3 is null or from_account = ?3 or to_account = ?3) and (?4 is null or state = ?4)
                and (?5 is null or reference = ?5) order by id desc limit ?6)
            union
            select id from (select id from transfers where payee = ?1 and id < ?2
                and (?3 is null or from_account = ?3 or to_account = ?3) and (?4 is null or state = ?4)
                and (?5 is null or reference = ?5) order by id desc limit ?6))
        order by t.id desc limit ?6",
        party.as_str(),
        wanted.before,
        wanted.account,
        wanted.state,
        wanted.reference,
        wanted.limit
    )
    .fetch_all(&store.readers)
    .await
    .map_err(fault)?;
    transfers(rows)
}

async fn of_anyone(store: &SqliteStore, wanted: &Wanted<'_>) -> Result<Vec<Transfer>> {
    let rows = match wanted.reference {
        Some(reference) => {
            transfer_rows!(
                "-- list_transfers: of a reference",
                "transfers t where t.reference = ?1 and t.id < ?2 and (?3 is null or t.state = ?3)
                order by t.id desc limit ?4",
                reference,
                wanted.before,
                wanted.state,
                wanted.limit
            )
            .fetch_all(&store.readers)
            .await
        }
        None => {
            transfer_rows!(
                "-- list_transfers",
                "transfers t where t.id < ?1 and (?2 is null or t.state = ?2) order by t.id desc limit ?3",
                wanted.before,
                wanted.state,
                wanted.limit
            )
            .fetch_all(&store.readers)
            .await
        }
    };
    transfers(rows.map_err(fault)?)
}
