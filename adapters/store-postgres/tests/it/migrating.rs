//! Migrating, and opening what another version has migrated.

use herald_domain::store::{Events, Fleet, Identity, Ledger, Opened, Submissions};
use herald_domain::ticket::Grant;
use herald_store_postgres::{OpenError, PostgresStore, SCHEMA_VERSION};
use herald_testkit::build::{intake, new_account, new_submission, owner};

use crate::schema::Schema;

#[tokio::test]
async fn migrating_tells_what_it_did_and_does_it_once() {
    let schema = Schema::empty().await;
    let first = PostgresStore::migrate(&schema.url).await.unwrap();
    assert_eq!((first.from, first.to), (None, SCHEMA_VERSION));
    assert_eq!(first.applied[0], "0001_init");
    let again = PostgresStore::migrate(&schema.url).await.unwrap();
    assert_eq!((again.from, again.to, again.epoch), (Some(SCHEMA_VERSION), SCHEMA_VERSION, first.epoch));
    assert_eq!(again.applied, Vec::<String>::new());
    assert_eq!(schema.open().await.epoch().await.unwrap(), first.epoch);
    schema.drop().await;
}

#[tokio::test]
async fn two_migrators_at_once_make_one_store() {
    let schema = Schema::empty().await;
    let runs = futures::future::join_all((0..4).map(|_| PostgresStore::migrate(&schema.url))).await;
    let reports: Vec<_> = runs.into_iter().map(Result::unwrap).collect();
    assert_eq!(reports.iter().filter(|report| report.from.is_none()).count(), 1);
    assert!(reports.iter().all(|report| report.epoch == reports[0].epoch));
    assert_eq!(schema.value("select count(*)::text from signing_keys").await, "1");
    schema.drop().await;
}

#[tokio::test]
async fn the_signing_key_is_random() {
    let (one, two) = (Schema::migrated().await, Schema::migrated().await);
    let owner = owner("alice");
    let channel = herald_domain::channel::Channel::User(owner.clone());
    let ticket = one.open().await.signing_key().await.unwrap().sign(&Grant { owner, channel, expires: 9, key: None });
    assert!(two.open().await.signing_key().await.unwrap().verify(&ticket, 1).is_err());
    one.drop().await;
    two.drop().await;
}

#[tokio::test]
async fn a_schema_that_was_never_migrated_is_refused() {
    let schema = Schema::empty().await;
    let Err(error) = PostgresStore::open(&schema.url, schema.config()).await else { panic!("it was opened") };
    assert!(matches!(error, OpenError::NotMigrated) && error.to_string().contains("herald migrate"), "{error}");
    schema.drop().await;
}

#[tokio::test]
async fn an_older_schema_is_refused_until_it_is_migrated() {
    let schema = Schema::migrated().await;
    schema.execute("update schema_info set version = 0").await;
    let Err(error) = PostgresStore::open(&schema.url, schema.config()).await else { panic!("it was opened") };
    assert!(matches!(error, OpenError::TooOld { found: 0, .. }), "{error}");
    assert!(error.to_string().contains("herald migrate") && !error.is_unavailable());
    PostgresStore::migrate(&schema.url).await.unwrap();
    schema.open().await.ping().await.unwrap();
    schema.drop().await;
}

/// A database of the first version, with what was in it, gets money.
#[tokio::test]
async fn a_schema_of_before_money_is_brought_up_to_date() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let (epoch, kept) = (store.epoch().await.unwrap(), intake(new_submission(&owner("alice"))));
    store.accept_submissions(std::slice::from_ref(&kept), 10).await.unwrap();
    schema
        .execute(
            "drop table verdicts, accounts, transfers, entries, effects, effect_marks, receipts, transfer_outbox, webhook_notices, webhook_attempts,
                webhook_secrets, webhook_endpoints;
             alter table submissions drop column rejudged;
             drop function herald_last_receipt();
             delete from _sqlx_migrations where version > 1;
             update schema_info set version = 1",
        )
        .await;
    let Err(error) = PostgresStore::open(&schema.url, schema.config()).await else { panic!("it was opened") };
    assert!(matches!(error, OpenError::TooOld { found: 1, needed: SCHEMA_VERSION }), "{error}");

    let report = PostgresStore::migrate(&schema.url).await.unwrap();
    assert_eq!((report.from, report.to, report.epoch), (Some(1), SCHEMA_VERSION, epoch));
    assert_eq!(report.applied[0], "0002_money");
    let store = schema.open().await;
    let opened = store.open_account(&new_account("alice", &owner("alice"))).await.unwrap();
    assert!(matches!(opened, Opened::Now(_)), "{opened:?}");
    assert!(store.get_submission(kept.submission.id, None).await.unwrap().is_some());
    schema.drop().await;
}

#[tokio::test]
async fn a_newer_schema_is_served_as_long_as_it_still_has_readers_of_this_version() {
    let schema = Schema::migrated().await;
    schema.execute("update schema_info set version = 99").await;
    schema.open().await.ping().await.unwrap();
    assert_eq!(PostgresStore::migrate(&schema.url).await.unwrap().to, 99, "an old migrator takes nothing back");
    schema.execute("update schema_info set min_reader = 99").await;
    let Err(opened) = PostgresStore::open(&schema.url, schema.config()).await else { panic!("it was opened") };
    let Err(migrated) = PostgresStore::migrate(&schema.url).await else { panic!("it was migrated") };
    assert!(matches!(opened, OpenError::TooNew { min_reader: 99, .. }), "{opened}");
    assert!(matches!(migrated, OpenError::TooNew { min_reader: 99, .. }), "{migrated}");
    schema.drop().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_may_come_and_a_bad_url_stays_bad() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap(); // closed again at once
    let config = herald_store_postgres::PostgresConfig {
        acquire_timeout: std::time::Duration::from_millis(200),
        ..Default::default()
    };
    let Err(error) = PostgresStore::open(&format!("postgres://herald@{nobody}/herald"), config.clone()).await else {
        panic!("it was opened")
    };
    assert!(matches!(error, OpenError::Connect(_)) && error.is_unavailable(), "{error:?}");
    let Err(error) = PostgresStore::open("not a url", config).await else { panic!("it was opened") };
    assert!(matches!(error, OpenError::Url(_)) && !error.is_unavailable(), "{error:?}");
}
