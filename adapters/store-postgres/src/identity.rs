//! Keys: the one that tickets are signed with, and those of users (as hashes).

use async_trait::async_trait;
use herald_domain::id::KeyId;
use herald_domain::identity::ApiKey;
use herald_domain::owner::Owner;
use herald_domain::store::Identity;
use herald_domain::ticket::SigningKey;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::PostgresStore;
use crate::call::{Terms, call};
use crate::fault::{Fault, Result};
use crate::row::{clean, word};

struct KeyRow {
    id: Uuid,
    owner: String,
    scope: String,
    hash: String,
    created_at: OffsetDateTime,
    revoked_at: Option<OffsetDateTime>,
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = Fault;

    fn try_from(row: KeyRow) -> Result<Self, Fault> {
        Ok(Self {
            id: KeyId(row.id),
            owner: Owner::from_stored(row.owner),
            scope: word("scope", &row.scope)?,
            hash: row.hash,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
    }
}

#[async_trait]
impl Identity for PostgresStore {
    #[tracing::instrument(name = "store.signing_key", level = "debug", skip_all)]
    async fn signing_key(&self) -> Result<SigningKey> {
        call!(self, "signing_key", Terms::READ, connection => {
            let secret = sqlx::query_scalar!("-- signing_key\nselect secret from signing_keys order by id desc limit 1")
                .fetch_optional(connection)
                .await?;
            let missing = || Fault::Broken("there is no signing key; run `herald migrate`".to_owned());
            secret.map(SigningKey::new).ok_or_else(missing)
        })
    }

    #[tracing::instrument(name = "store.add_key", level = "debug", skip_all)]
    async fn add_key(&self, key: &ApiKey) -> Result<()> {
        call!(self, "add_key", connection => {
            sqlx::query!(
                "-- add_key
                insert into api_keys (id, owner, scope, hash, created_at, revoked_at) values ($1, $2, $3, $4, $5, $6)
                on conflict (id) do nothing",
                key.id.0,
                key.owner.as_str(),
                key.scope.as_str(),
                key.hash,
                key.created_at,
                key.revoked_at,
            )
            .execute(connection)
            .await?;
            Ok(())
        })
    }

    #[tracing::instrument(name = "store.find_key", level = "debug", skip_all)]
    async fn find_key(&self, hash: &str) -> Result<Option<ApiKey>> {
        let hash = clean(hash);
        call!(self, "find_key", Terms::READ, connection => {
            let found = sqlx::query_as!(
                KeyRow,
                "-- find_key
                select id, owner, scope, hash, created_at, revoked_at from api_keys
                where hash = $1 and revoked_at is null",
                &*hash
            );
            found.fetch_optional(connection).await?.map(ApiKey::try_from).transpose()
        })
    }

    #[tracing::instrument(name = "store.list_keys", level = "debug", skip_all)]
    async fn list_keys(&self) -> Result<Vec<ApiKey>> {
        call!(self, "list_keys", Terms::READ, connection => {
            let keys = sqlx::query_as!(
                KeyRow,
                "-- list_keys
                select id, owner, scope, hash, created_at, revoked_at from api_keys order by created_at, id"
            );
            keys.fetch_all(connection).await?.into_iter().map(ApiKey::try_from).collect()
        })
    }

    #[tracing::instrument(name = "store.revoke_key", level = "debug", skip_all)]
    async fn revoke_key(&self, id: KeyId) -> Result<bool> {
        call!(self, "revoke_key", connection => {
            let revoked = sqlx::query!(
                "-- revoke_key
                update api_keys set revoked_at = herald_now() where id = $1 and revoked_at is null",
                id.0
            );
            Ok(revoked.execute(connection).await?.rows_affected() > 0)
        })
    }

    #[tracing::instrument(name = "store.revoked_keys", level = "debug", skip_all)]
    async fn revoked_keys(&self) -> Result<Vec<KeyId>> {
        call!(self, "revoked_keys", Terms::READ, connection => {
            let ids = sqlx::query_scalar!(
                "-- revoked_keys
                select id from api_keys where revoked_at > herald_now() - interval '25 h' order by revoked_at, id"
            );
            Ok(ids.fetch_all(connection).await?.into_iter().map(KeyId).collect())
        })
    }
}
