//! The admin key and the address that a running server leaves in its data folder for the command line.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use herald_boot::Adapters;
use herald_domain::id::KeyId;
use herald_domain::identity::{ApiKey, Scope, key_hash, key_secret};
use herald_domain::owner::Owner;
use uuid::Uuid;

/// The user behind the first admin key of a fleet.
pub const ADMIN: &str = "admin";
/// The user that a request without a key is on loopback. The key that `herald up` leaves names this one too: what the page
/// does and what the command line does are one user's.
pub const GUEST: &str = "guest";

/// Writes `url`, and `admin.key` where there is none or its key is not the store's.
pub async fn leave(adapters: &Adapters, data: &Path, url: &str) -> anyhow::Result<()> {
    write_private(&data.join("url"), url)?;
    let file = data.join("admin.key");
    if !file.exists() {
        write_private(&file, &key_secret(&rand::random()))?;
    }
    add_admin(adapters, &file, GUEST).await
}

/// Makes the secret in the file a key of scope admin for the user, unless it is one already.
pub async fn add_admin(adapters: &Adapters, file: &Path, user: &str) -> anyhow::Result<()> {
    let secret = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let hash = key_hash(secret.trim());
    anyhow::ensure!(secret.trim().len() >= 32, "{}: an admin key has at least 32 characters", file.display());
    if adapters.store.find_key(&hash).await?.is_some() {
        return Ok(());
    }
    let owner = Owner::user(user)?;
    let key = ApiKey {
        id: KeyId(Uuid::now_v7()),
        owner,
        scope: Scope::Admin,
        hash,
        created_at: adapters.clock.now(),
        revoked_at: None,
    };
    adapters.store.add_key(&key).await.context("the admin key could not be stored")
}

/// Only its owner may read it, from the moment it exists.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| writeln!(file, "{text}")).with_context(|| format!("{} cannot be written", path.display()))
}
