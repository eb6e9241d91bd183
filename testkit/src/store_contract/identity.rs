//! Keys.

use std::time::Duration;

use herald_domain::channel::Channel;
use herald_domain::id::KeyId;
use herald_domain::identity::{ApiKey, Scope, key_hash};
use herald_domain::ticket::Grant;

use super::Harness;
use crate::build::{api_key, message_id, owner, submission_id};

pub async fn the_signing_key_is_the_same_for_every_handle(h: &dyn Harness) {
    let grant = Grant { owner: owner("alice"), channel: Channel::Submission(submission_id()), expires: 10, key: None };
    let ticket = h.store().await.signing_key().await.unwrap().sign(&grant);
    assert_eq!(h.second().await.signing_key().await.unwrap().verify(&ticket, 10), Ok(grant));
}

pub async fn a_key_is_found_by_its_hash(h: &dyn Harness) {
    let store = h.store().await;
    let now = store.store_now().await.unwrap();
    let key = api_key(&owner("alice"), "hk_alice", now);
    let admin = ApiKey { scope: Scope::Admin, ..api_key(&owner("bob"), "hk_bob", now + Duration::from_secs(1)) };
    store.add_key(&key).await.unwrap();
    store.add_key(&admin).await.unwrap();
    store.add_key(&admin).await.unwrap();
    assert_eq!(h.second().await.find_key(&key_hash("hk_alice")).await.unwrap(), Some(key.clone()));
    assert_eq!(store.find_key(&key_hash("hk_bob")).await.unwrap(), Some(admin.clone()));
    assert_eq!(store.find_key("hk_alice").await.unwrap(), None, "the secret is not what is stored");
    assert_eq!(store.list_keys().await.unwrap(), vec![key, admin]);
}

pub async fn a_revoked_key_is_not_found(h: &dyn Harness) {
    let store = h.store().await;
    let key = api_key(&owner("alice"), "hk_alice", store.store_now().await.unwrap());
    store.add_key(&key).await.unwrap();
    assert!(store.revoke_key(key.id).await.unwrap());
    assert!(!store.revoke_key(key.id).await.unwrap());
    assert!(!store.revoke_key(KeyId(message_id().0)).await.unwrap());
    assert_eq!(h.second().await.find_key(&key.hash).await.unwrap(), None);
    let listed = store.list_keys().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(listed[0].revoked_at.is_some_and(|at| at >= key.created_at), "a revoked key stays listed, with its time");
}

/// Long enough that no ticket made with it is still good.
pub async fn revoked_keys_are_told_for_a_day(h: &dyn Harness) {
    let store = h.store().await;
    let now = store.store_now().await.unwrap();
    let (gone, good) = (api_key(&owner("alice"), "hk_1", now), api_key(&owner("alice"), "hk_2", now));
    store.add_key(&gone).await.unwrap();
    store.add_key(&good).await.unwrap();
    assert_eq!(store.revoked_keys().await.unwrap(), vec![]);
    store.revoke_key(gone.id).await.unwrap();
    assert_eq!(h.second().await.revoked_keys().await.unwrap(), vec![gone.id]);
    h.advance(Duration::from_secs(24 * 3_600)).await;
    assert_eq!(store.revoked_keys().await.unwrap(), vec![gone.id]);
    h.advance(Duration::from_secs(2 * 3_600)).await;
    assert_eq!(store.revoked_keys().await.unwrap(), vec![]);
}
