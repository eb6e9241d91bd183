//! Rows of endpoints, one for each secret, and the endpoints that they become.

use herald_domain::id::EndpointId;
use herald_domain::owner::Owner;
use herald_domain::webhook::{Endpoint, EndpointSecret, EventPattern};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::fault::{Fault, Result};

/// A checked `select` of [`EndpointRow`]s: the statement's name, and which endpoints in which order. Secrets that have expired
/// are left out; the last one never expires, so each endpoint has one.
macro_rules! endpoint_rows {
    ($name:literal, $tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            super::row::EndpointRow,
            $name
                + r#"
                select e.id, e.owner, e.url, e.events, e.created_at, e.disabled_at, e.reason, s.secret,
                s.created_at as secret_created_at, s.expires_at
                from webhook_endpoints e
                join webhook_secrets s on s.endpoint_id = e.id and (s.expires_at is null or s.expires_at > herald_now())
                where "#
                + $tail
                + ", s.n desc"
            $(, $argument)*
        )
    };
}
pub(super) use endpoint_rows;

/// An endpoint with one of its secrets.
pub(super) struct EndpointRow {
    pub id: Uuid,
    pub owner: String,
    pub url: String,
    pub events: Vec<String>,
    pub created_at: OffsetDateTime,
    pub disabled_at: Option<OffsetDateTime>,
    pub reason: Option<String>,
    pub secret: String,
    pub secret_created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
}

/// Rows of one endpoint lie side by side.
pub(super) fn endpoints(rows: Vec<EndpointRow>) -> Result<Vec<Endpoint>, Fault> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for row in rows {
        let secret = row.secret()?;
        match endpoints.last_mut() {
            Some(last) if last.id.0 == row.id => last.secrets.push(secret),
            _ => endpoints.push(row.into_endpoint(secret)),
        }
    }
    Ok(endpoints)
}

impl EndpointRow {
    fn secret(&self) -> Result<EndpointSecret, Fault> {
        // The text is not repeated: it would be told in logs.
        let broken = |_| Fault::Broken(format!("a secret of endpoint {} is none", self.id));
        Ok(EndpointSecret {
            secret: self.secret.parse().map_err(broken)?,
            created_at: self.secret_created_at,
            expires_at: self.expires_at,
        })
    }

    fn into_endpoint(self, newest: EndpointSecret) -> Endpoint {
        Endpoint {
            id: EndpointId(self.id),
            owner: Owner::from_stored(self.owner),
            url: self.url,
            events: self.events.into_iter().map(EventPattern::from_stored).collect(),
            secrets: vec![newest],
            created_at: self.created_at,
            disabled_at: self.disabled_at,
            reason: self.reason,
        }
    }
}
