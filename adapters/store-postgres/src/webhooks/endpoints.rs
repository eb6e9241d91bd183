//! Endpoints and their secrets.

use herald_domain::id::EndpointId;
use herald_domain::owner::Owner;
use herald_domain::webhook::{Endpoint, NewEndpoint, WebhookSecret};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::row::{endpoint_rows, endpoints};
use crate::fault::{Fault, Result};
use crate::row::clean;

pub(super) async fn register(connection: &mut PgConnection, new: &NewEndpoint) -> Result<Endpoint, Fault> {
    let events: Vec<_> = new.events.iter().map(|pattern| pattern.as_str().to_owned()).collect();
    let mut tx = connection.begin().await?;
    sqlx::query!(
        "-- register_endpoint
        with registered as (
            insert into webhook_endpoints (id, owner, url, events, created_at)
            values ($1, $2, $3, $4, herald_now())
            on conflict (id) do nothing returning id, created_at
        )
        insert into webhook_secrets (endpoint_id, n, secret, created_at) select id, 1, $5, created_at from registered",
        new.id.0,
        new.owner.as_str(),
        new.url,
        &events,
        new.secret.reveal(),
    )
    .execute(&mut *tx)
    .await?;
    let endpoint = get(&mut tx, new.id, None).await?;
    tx.commit().await?;
    endpoint.ok_or_else(|| Fault::Broken(format!("endpoint {} vanished", new.id)))
}

pub(super) async fn get(
    connection: &mut PgConnection,
    id: EndpointId,
    owner: Option<&Owner>,
) -> Result<Option<Endpoint>, Fault> {
    let rows = endpoint_rows!(
        "-- get_endpoint",
        "e.id = $1 and ($2::text is null or e.owner = $2) order by e.id",
        id.0,
        owner.map(Owner::as_str),
    );
    Ok(endpoints(rows.fetch_all(connection).await?)?.pop())
}

pub(super) async fn list(
    connection: &mut PgConnection,
    owner: &Owner,
    before: Option<EndpointId>,
    limit: u32,
) -> Result<Vec<Endpoint>, Fault> {
    let rows = endpoint_rows!(
        "-- list_endpoints",
        "e.id = any(array(select id from webhook_endpoints where owner = $1 and id < $2 order by id desc limit $3))
        order by e.id desc",
        owner.as_str(),
        before.map_or(Uuid::max(), |id| id.0),
        i64::from(limit),
    );
    endpoints(rows.fetch_all(connection).await?)
}

/// An owner has few endpoints, so which of them want the event is asked of the domain.
pub(super) async fn wanting(
    connection: &mut PgConnection,
    owners: &[Owner],
    event: &str,
) -> Result<Vec<Endpoint>, Fault> {
    let owners: Vec<_> = owners.iter().map(Owner::to_string).collect();
    let rows =
        endpoint_rows!("-- endpoints_for", "e.owner = any($1) and e.disabled_at is null order by e.id", &owners,);
    let mut wanting = endpoints(rows.fetch_all(connection).await?)?;
    wanting.retain(|endpoint| endpoint.wants(event));
    Ok(wanting)
}

pub(super) async fn rotate(
    connection: &mut PgConnection,
    id: EndpointId,
    owner: Option<&Owner>,
    secret: &WebhookSecret,
    overlap_ms: u64,
) -> Result<Option<Endpoint>, Fault> {
    let secret = secret.reveal();
    let mut tx = connection.begin().await?;
    if !lock(&mut tx, id, owner).await? {
        return Ok(None);
    }
    if !has_secret(&mut tx, id, &secret).await? {
        expire_secrets(&mut tx, id, overlap_ms).await?;
        add_secret(&mut tx, id, &secret).await?;
    }
    let endpoint = get(&mut tx, id, owner).await?;
    tx.commit().await?;
    Ok(endpoint)
}

/// `false`: no such endpoint.
async fn lock(connection: &mut PgConnection, id: EndpointId, owner: Option<&Owner>) -> Result<bool, Fault> {
    let found = sqlx::query_scalar!(
        "-- rotate_secret, lock
        select id from webhook_endpoints where id = $1 and ($2::text is null or owner = $2) for no key update",
        id.0,
        owner.map(Owner::as_str),
    );
    Ok(found.fetch_optional(connection).await?.is_some())
}

/// One that has expired counts: a rotation that is asked for again shall not bring it back.
async fn has_secret(connection: &mut PgConnection, id: EndpointId, secret: &str) -> Result<bool, Fault> {
    let known = sqlx::query_scalar!(
        r#"-- rotate_secret, known
        select exists (select 1 from webhook_secrets where endpoint_id = $1 and secret = $2) as "known!""#,
        id.0,
        secret,
    );
    Ok(known.fetch_one(connection).await?)
}

async fn expire_secrets(connection: &mut PgConnection, id: EndpointId, overlap_ms: u64) -> Result<(), Fault> {
    sqlx::query!(
        "-- rotate_secret, forget
        delete from webhook_secrets where endpoint_id = $1 and expires_at <= herald_now()",
        id.0,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "-- rotate_secret, expire
        update webhook_secrets set expires_at = least(expires_at, herald_now() + $2 * interval '1 ms')
        where endpoint_id = $1",
        id.0,
        overlap_ms as f64,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn add_secret(connection: &mut PgConnection, id: EndpointId, secret: &str) -> Result<(), Fault> {
    sqlx::query!(
        "-- rotate_secret, add
        insert into webhook_secrets (endpoint_id, n, secret, created_at)
        select $1, coalesce(max(n), 0) + 1, $2, herald_now() from webhook_secrets where endpoint_id = $1",
        id.0,
        secret,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn disable(
    connection: &mut PgConnection,
    id: EndpointId,
    owner: Option<&Owner>,
    reason: &str,
) -> Result<Option<Endpoint>, Fault> {
    let mut tx = connection.begin().await?;
    sqlx::query!(
        "-- disable_endpoint
        update webhook_endpoints set disabled_at = herald_now(), reason = $3
        where id = $1 and ($2::text is null or owner = $2) and disabled_at is null",
        id.0,
        owner.map(Owner::as_str),
        &*clean(reason),
    )
    .execute(&mut *tx)
    .await?;
    let endpoint = get(&mut tx, id, owner).await?;
    tx.commit().await?;
    Ok(endpoint)
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    id: EndpointId,
    owner: Option<&Owner>,
) -> Result<bool, Fault> {
    let deleted = sqlx::query!(
        "-- delete_endpoint
        delete from webhook_endpoints where id = $1 and ($2::text is null or owner = $2)",
        id.0,
        owner.map(Owner::as_str),
    );
    Ok(deleted.execute(connection).await?.rows_affected() == 1)
}
