//! Keys: the one that tickets are signed with, and those of callers.

use async_trait::async_trait;
use herald_domain::id::KeyId;
use herald_domain::identity::ApiKey;
use herald_domain::owner::Owner;
use herald_domain::store::{Identity, Result};
use herald_domain::ticket::SigningKey;
use uuid::Uuid;

use crate::SqliteStore;
use crate::fault::fault;
use crate::row::{micros, time, word};

/// How long a revoked key is told of, in microseconds: an hour longer than a ticket lives.
const TELL_REVOKED: i64 = 25 * 3_600_000_000;

struct KeyRow {
    id: Uuid,
    owner: String,
    scope: String,
    hash: String,
    created_at: i64,
    revoked_at: Option<i64>,
}

impl KeyRow {
    fn into_domain(self) -> Result<ApiKey> {
        Ok(ApiKey {
            id: KeyId(self.id),
            owner: Owner::from_stored(self.owner),
            scope: word(&self.scope)?,
            hash: self.hash,
            created_at: time(self.created_at)?,
            revoked_at: self.revoked_at.map(time).transpose()?,
        })
    }
}

#[async_trait]
impl Identity for SqliteStore {
    #[tracing::instrument(name = "store.signing_key", level = "debug", skip_all)]
    async fn signing_key(&self) -> Result<SigningKey> {
        let secret = sqlx::query_scalar!(
            r#"-- signing_key
            select secret as "secret!" from signing_keys order by id desc limit 1"#
        )
        .fetch_one(&self.readers)
        .await
        .map_err(fault)?;
        Ok(SigningKey::new(secret))
    }

    #[tracing::instrument(name = "store.add_key", level = "debug", skip_all)]
    async fn add_key(&self, key: &ApiKey) -> Result<()> {
        let (created_at, revoked_at) = (micros(key.created_at), key.revoked_at.map(micros));
        let mut write = self.write().await?;
        sqlx::query!(
            "-- add_key
            insert into api_keys (id, owner, scope, hash, created_at, revoked_at) values (?1, ?2, ?3, ?4, ?5, ?6)
            on conflict (id) do nothing",
            key.id.0,
            key.owner.as_str(),
            key.scope.as_str(),
            key.hash,
            created_at,
            revoked_at
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?;
        write.commit().await
    }

    #[tracing::instrument(name = "store.find_key", level = "debug", skip_all)]
    async fn find_key(&self, hash: &str) -> Result<Option<ApiKey>> {
        sqlx::query_as!(
            KeyRow,
            r#"-- find_key
            select id as "id!: Uuid", owner as "owner!", scope as "scope!", hash as "hash!", created_at as "created_at!",
                revoked_at as "revoked_at?"
            from api_keys where hash = ?1 and revoked_at is null"#,
            hash
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(fault)?
        .map(KeyRow::into_domain)
        .transpose()
    }

    #[tracing::instrument(name = "store.list_keys", level = "debug", skip_all)]
    async fn list_keys(&self) -> Result<Vec<ApiKey>> {
        let rows = sqlx::query_as!(
            KeyRow,
            r#"-- list_keys
            select id as "id!: Uuid", owner as "owner!", scope as "scope!", hash as "hash!", created_at as "created_at!",
                revoked_at as "revoked_at?"
            from api_keys order by created_at, id"#
        )
        .fetch_all(&self.readers)
        .await
        .map_err(fault)?;
        rows.into_iter().map(KeyRow::into_domain).collect()
    }

    #[tracing::instrument(name = "store.revoke_key", level = "debug", skip_all)]
    async fn revoke_key(&self, id: KeyId) -> Result<bool> {
        let mut write = self.write().await?;
        let revoked = sqlx::query!(
            "-- revoke_key
            update api_keys set revoked_at = ?2 where id = ?1 and revoked_at is null",
            id.0,
            write.now
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?
        .rows_affected();
        write.commit().await?;
        Ok(revoked == 1)
    }

    #[tracing::instrument(name = "store.revoked_keys", level = "debug", skip_all)]
    async fn revoked_keys(&self) -> Result<Vec<KeyId>> {
        let since = self.now() - TELL_REVOKED;
        let ids = sqlx::query_scalar!(
            r#"-- revoked_keys
            select id as "id!: Uuid" from api_keys where revoked_at >= ?1 order by revoked_at, id"#,
            since
        )
        .fetch_all(&self.readers)
        .await
        .map_err(fault)?;
        Ok(ids.into_iter().map(KeyId).collect())
    }
}
