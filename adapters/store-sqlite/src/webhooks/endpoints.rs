//! Endpoints and their secrets.

use herald_domain::id::EndpointId;
use herald_domain::owner::Owner;
use herald_domain::store::Result;
use herald_domain::webhook::{Endpoint, NewEndpoint, WebhookSecret};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::row::{endpoint_rows, endpoints};
use crate::SqliteStore;
use crate::fault::{broken, fault};
use crate::row::{ms, to_json};
use crate::write::Write;

pub(super) async fn register(store: &SqliteStore, new: &NewEndpoint) -> Result<Endpoint> {
    let events = to_json(&new.events)?;
    let mut write = store.write().await?;
    let inserted = sqlx::query!(
        "-- register_endpoint
        insert into webhook_endpoints (id, owner, url, events, created_at) values (?1, ?2, ?3, ?4, ?5)
        on conflict (id) do nothing",
        new.id.0,
        new.owner.as_str(),
        new.url,
        events,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?
    .rows_affected();
    if inserted == 1 {
        add_secret(&mut write, new.id, &new.secret.reveal()).await?;
    }
    let endpoint = get(&mut write.tx, new.id, None, write.now).await?;
    write.commit().await?;
    endpoint.ok_or_else(|| broken(format!("endpoint {} vanished", new.id)))
}

pub(super) async fn get(
    connection: &mut SqliteConnection,
    id: EndpointId,
    owner: Option<&Owner>,
    now: i64,
) -> Result<Option<Endpoint>> {
    let owner = owner.map(Owner::as_str);
    let rows =
        endpoint_rows!("-- get_endpoint", "e.id = ?2 and (?3 is null or e.owner = ?3) order by e.id", now, id.0, owner)
            .fetch_all(connection)
            .await
            .map_err(fault)?;
    Ok(endpoints(rows)?.pop())
}

pub(super) async fn list(
    store: &SqliteStore,
    owner: &Owner,
    before: Option<EndpointId>,
    limit: u32,
) -> Result<Vec<Endpoint>> {
    let before = before.map_or(Uuid::max(), |id| id.0);
    let rows = endpoint_rows!(
        "-- list_endpoints",
        "e.id in (select id from webhook_endpoints where owner = ?2 and id < ?3 order by id desc limit ?4)
        order by e.id desc",
        store.now(),
        owner.as_str(),
        before,
        limit
    )
    .fetch_all(&store.readers)
    .await
    .map_err(fault)?;
    endpoints(rows)
}

/// An owner has few endpoints, so which of them want the event is asked of the domain.
pub(super) async fn wanting(store: &SqliteStore, owners: &[Owner], event: &str) -> Result<Vec<Endpoint>> {
    let owners = to_json(owners)?;
    let rows = endpoint_rows!(
        "-- endpoints_for",
        "e.owner in (select value from json_each(?2)) and e.disabled_at is null order by e.id",
        store.now(),
        owners
    )
    .fetch_all(&store.readers)
    .await
    .map_err(fault)?;
    let mut wanting = endpoints(rows)?;
    wanting.retain(|endpoint| endpoint.wants(event));
    Ok(wanting)
}

pub(super) async fn rotate(
    store: &SqliteStore,
    id: EndpointId,
    owner: Option<&Owner>,
    secret: &WebhookSecret,
    overlap_ms: u64,
) -> Result<Option<Endpoint>> {
    let mut write = store.write().await?;
    if get(&mut write.tx, id, owner, write.now).await?.is_none() {
        return Ok(None);
    }
    let secret = secret.reveal();
    if !has_secret(&mut write, id, &secret).await? {
        expire_secrets(&mut write, id, overlap_ms).await?;
        add_secret(&mut write, id, &secret).await?;
    }
    let endpoint = get(&mut write.tx, id, owner, write.now).await?;
    write.commit().await?;
    Ok(endpoint)
}

/// One that has expired counts: a rotation that is asked for again shall not bring it back.
async fn has_secret(write: &mut Write, id: EndpointId, secret: &str) -> Result<bool> {
    let known = sqlx::query_scalar!(
        r#"-- rotate_secret: known
        select count(*) as "known!: i64" from webhook_secrets where endpoint_id = ?1 and secret = ?2"#,
        id.0,
        secret
    )
    .fetch_one(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(known > 0)
}

async fn expire_secrets(write: &mut Write, id: EndpointId, overlap_ms: u64) -> Result<()> {
    sqlx::query!(
        "-- rotate_secret: forget
        delete from webhook_secrets where endpoint_id = ?1 and expires_at <= ?2",
        id.0,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    let until = write.now + ms(overlap_ms);
    sqlx::query!(
        "-- rotate_secret: expire
        update webhook_secrets set expires_at = min(coalesce(expires_at, ?2), ?2) where endpoint_id = ?1",
        id.0,
        until
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn add_secret(write: &mut Write, id: EndpointId, secret: &str) -> Result<()> {
    sqlx::query!(
        "-- add_secret
        insert into webhook_secrets (endpoint_id, n, secret, created_at)
        select ?1, coalesce(max(n), 0) + 1, ?2, ?3 from webhook_secrets where endpoint_id = ?1",
        id.0,
        secret,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    Ok(())
}

pub(super) async fn disable(
    store: &SqliteStore,
    id: EndpointId,
    owner: Option<&Owner>,
    reason: &str,
) -> Result<Option<Endpoint>> {
    let owned_by = owner.map(Owner::as_str);
    let mut write = store.write().await?;
    sqlx::query!(
        "-- disable_endpoint
        update webhook_endpoints set disabled_at = ?4, reason = ?3
        where id = ?1 and (?2 is null or owner = ?2) and disabled_at is null",
        id.0,
        owned_by,
        reason,
        write.now
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?;
    let endpoint = get(&mut write.tx, id, owner, write.now).await?;
    write.commit().await?;
    Ok(endpoint)
}

pub(super) async fn delete(store: &SqliteStore, id: EndpointId, owner: Option<&Owner>) -> Result<bool> {
    let owner = owner.map(Owner::as_str);
    let mut write = store.write().await?;
    let deleted = sqlx::query!(
        "-- delete_endpoint
        delete from webhook_endpoints where id = ?1 and (?2 is null or owner = ?2)",
        id.0,
        owner
    )
    .execute(&mut *write.tx)
    .await
    .map_err(fault)?
    .rows_affected();
    write.commit().await?;
    Ok(deleted == 1)
}
