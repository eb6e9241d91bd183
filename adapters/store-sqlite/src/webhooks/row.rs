//! Rows of endpoints, one for each secret, and the endpoints that they become.

use herald_domain::id::EndpointId;
use herald_domain::owner::Owner;
use herald_domain::store::Result;
use herald_domain::webhook::{Endpoint, EndpointSecret, EventPattern};
use uuid::Uuid;

use crate::fault::broken;
use crate::row::{from_json, time};

/// An endpoint with one of its secrets.
pub(super) struct EndpointRow {
    pub id: Uuid,
    pub owner: String,
    pub url: String,
    pub events: String,
    pub created_at: i64,
    pub disabled_at: Option<i64>,
    pub reason: Option<String>,
    pub secret: String,
    pub secret_created_at: i64,
    pub expires_at: Option<i64>,
}

/// A checked `select` of [`EndpointRow`]s: the statement's name, which endpoints in which order, and the time now (`?1`), for
/// secrets that have expired are left out. The last secret never expires, so each endpoint has one.
macro_rules! endpoint_rows {
    ($name:literal, $tail:literal, $now:expr $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            super::row::EndpointRow,
            $name
                + r#"
                select e.id as "id!: uuid::Uuid", e.owner as "owner!", e.url as "url!", e.events as "events!",
                e.created_at as "created_at!", e.disabled_at as "disabled_at?", e.reason as "reason?",
                s.secret as "secret!", s.created_at as "secret_created_at!", s.expires_at as "expires_at?"
                from webhook_endpoints e
                join webhook_secrets s on s.endpoint_id = e.id and (s.expires_at is null or s.expires_at > ?1)
                where "#
                + $tail
                + ", s.n desc",
            $now
            $(, $arg)*
        )
    };
}
pub(super) use endpoint_rows;

/// Rows of one endpoint lie side by side.
pub(super) fn endpoints(rows: Vec<EndpointRow>) -> Result<Vec<Endpoint>> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for row in rows {
        let secret = row.secret()?;
        match endpoints.last_mut() {
            Some(last) if last.id.0 == row.id => last.secrets.push(secret),
            _ => endpoints.push(row.into_endpoint(secret)?),
        }
    }
    Ok(endpoints)
}

impl EndpointRow {
    fn secret(&self) -> Result<EndpointSecret> {
        // The text is not repeated: it would be told in logs.
        let broken = |_| broken(format!("a secret of endpoint {} is none", self.id));
        Ok(EndpointSecret {
            secret: self.secret.parse().map_err(broken)?,
            created_at: time(self.secret_created_at)?,
            expires_at: self.expires_at.map(time).transpose()?,
        })
    }

    fn into_endpoint(self, newest: EndpointSecret) -> Result<Endpoint> {
        let events: Vec<String> = from_json(&self.events)?;
        Ok(Endpoint {
            id: EndpointId(self.id),
            owner: Owner::from_stored(self.owner),
            url: self.url,
            events: events.into_iter().map(EventPattern::from_stored).collect(),
            secrets: vec![newest],
            created_at: time(self.created_at)?,
            disabled_at: self.disabled_at.map(time).transpose()?,
            reason: self.reason,
        })
    }
}
