//! What a change of the ledger looks at before it decides: accounts, transfers, and which requests are known.

use std::collections::HashMap;

use herald_domain::id::{AccountId, TransferId};
use herald_domain::money::{Account, Handle, Transfer};
use herald_domain::owner::Owner;
use herald_domain::store::{Moved, Result};
use herald_domain::submission::Idempotency;
use sqlx::SqliteConnection;

use super::row::{AccountRow, account_rows, transfer_rows, transfers};
use crate::fault::fault;
use crate::row::{hex, id_list, to_json};

pub(crate) async fn accounts(
    connection: &mut SqliteConnection,
    ids: impl IntoIterator<Item = AccountId>,
) -> Result<Vec<Account>> {
    let ids = id_list(ids.into_iter().map(|id| id.0))?;
    let rows =
        account_rows!("-- accounts by id", "accounts a where a.id in (select unhex(value) from json_each(?1))", ids)
            .fetch_all(connection)
            .await
            .map_err(fault)?;
    rows.into_iter().map(AccountRow::into_domain).collect()
}

pub(crate) async fn accounts_by_handle(connection: &mut SqliteConnection, handles: &[&Handle]) -> Result<Vec<Account>> {
    let handles = to_json(handles)?;
    let rows = account_rows!(
        "-- accounts by handle",
        "accounts a where a.handle in (select value from json_each(?1))",
        handles
    )
    .fetch_all(connection)
    .await
    .map_err(fault)?;
    rows.into_iter().map(AccountRow::into_domain).collect()
}

pub(crate) async fn transfers_by_id(
    connection: &mut SqliteConnection,
    ids: impl IntoIterator<Item = TransferId>,
) -> Result<Vec<Transfer>> {
    let ids = id_list(ids.into_iter().map(|id| id.0))?;
    let rows =
        transfer_rows!("-- transfers by id", "transfers t where t.id in (select unhex(value) from json_each(?1))", ids)
            .fetch_all(connection)
            .await
            .map_err(fault)?;
    transfers(rows)
}

pub(crate) async fn transfer(connection: &mut SqliteConnection, id: TransferId) -> Result<Option<Transfer>> {
    Ok(transfers_by_id(connection, [id]).await?.pop())
}

/// What names a request.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub id: TransferId,
    pub asked_by: &'a Owner,
    pub idempotency: Option<&'a Idempotency>,
}

/// What was booked before, in the store or earlier in the batch.
#[derive(Default)]
pub(crate) struct Known {
    /// With who asked for it.
    by_id: HashMap<TransferId, (Transfer, Owner)>,
    /// With the hash of the request.
    by_key: HashMap<(Owner, String), (Transfer, String)>,
}

impl Known {
    pub(crate) async fn load(connection: &mut SqliteConnection, asked: &[Request<'_>]) -> Result<Self> {
        let named =
            |one: &Request<'_>| (hex(one.id.0), one.asked_by.clone(), one.idempotency.map(|one| one.key.clone()));
        let named = to_json(&asked.iter().map(named).collect::<Vec<_>>())?;
        let rows = transfer_rows!(
            "-- known transfers",
            "transfers t where t.rowid in (
                select t.rowid from json_each(?1) n cross join transfers t on t.id = unhex(n.value->>0)
                union all
                select t.rowid from json_each(?1) n cross join transfers t
                    on t.asked_by = n.value->>1 and t.idempotency_key = n.value->>2)",
            named
        )
        .fetch_all(connection)
        .await
        .map_err(fault)?;
        let mut known = Self::default();
        for mut row in rows {
            let asked_by = Owner::from_stored(std::mem::take(&mut row.asked_by));
            let key = row.idempotency_key.take().zip(row.request_hash.take());
            known.add(row.into_domain()?, asked_by, key);
        }
        Ok(known)
    }

    /// A request that has just been booked.
    pub(crate) fn note(&mut self, transfer: &Transfer, request: Request<'_>) {
        let key = request.idempotency.map(|one| (one.key.clone(), one.request_hash.clone()));
        self.add(transfer.clone(), request.asked_by.clone(), key);
    }

    fn add(&mut self, transfer: Transfer, asked_by: Owner, key: Option<(String, String)>) {
        if let Some((key, hash)) = key {
            self.by_key.insert((asked_by.clone(), key), (transfer.clone(), hash));
        }
        self.by_id.insert(transfer.id, (transfer, asked_by));
    }

    /// What a request comes to that was booked before.
    pub(crate) fn find(&self, asked: Request<'_>) -> Option<Moved> {
        if let Some(idempotency) = asked.idempotency
            && let Some((before, hash)) = self.by_key.get(&(asked.asked_by.clone(), idempotency.key.clone()))
        {
            let same = *hash == idempotency.request_hash;
            return Some(if same { Moved::Replayed(Box::new(before.clone())) } else { Moved::KeyReused });
        }
        let (before, asked_by) = self.by_id.get(&asked.id)?;
        let own = asked_by == asked.asked_by;
        Some(if own { Moved::Replayed(Box::new(before.clone())) } else { Moved::KeyReused })
    }
}
