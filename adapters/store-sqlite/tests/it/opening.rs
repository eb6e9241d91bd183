//! Creating, opening, refusing, and what is in the file when the process is gone.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use herald_domain::channel::Channel;
use herald_domain::store::{Claimed, Events, Fleet, Identity, Ledger, Opened, StoreError, Submissions, Work};
use herald_domain::submission::{LEASE_MS, MAX_ATTEMPTS, Verdict};
use herald_domain::ticket::Grant;
use herald_store_sqlite::{MigrateReport, OpenError, SCHEMA_VERSION, SqliteStore};
use herald_testkit::build::{intake, judgement, new_account, new_submission, owner, submission_id, token};
use herald_testkit::clock::TestClock;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tempfile::TempDir;

struct Place {
    folder: TempDir,
    clock: Arc<TestClock>,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: Arc::new(TestClock::new()) }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("herald.db")
    }

    async fn migrate(&self) -> Result<MigrateReport, OpenError> {
        SqliteStore::migrate(&url(&self.file()), &*self.clock).await
    }

    async fn open(&self) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(&url(&self.file()), self.clock.clone()).await
    }

    /// What somebody else does to the file.
    async fn tamper(&self, sql: impl Into<String>) {
        let options = SqliteConnectOptions::new().filename(self.file()).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query(AssertSqlSafe(sql.into())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

fn url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

/// The refusal as a user reads it.
fn refusal<T>(outcome: Result<T, OpenError>) -> String {
    match outcome {
        Ok(_) => panic!("it should have been refused"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_or_not_migrated_is_refused_with_the_command_that_helps() {
    let place = Place::new();
    let missing = refusal(place.open().await);
    assert!(missing.contains("herald.db") && missing.contains("run `herald migrate`"), "{missing}");
    assert!(!place.file().exists(), "opening must not create");

    place.tamper("create table something_else (a)").await;
    let empty = refusal(place.open().await);
    assert!(empty.contains("herald.db") && empty.contains("run `herald migrate`"), "{empty}");
}

#[tokio::test]
async fn an_older_schema_and_a_newer_one_are_refused() {
    let place = Place::new();
    place.migrate().await.unwrap();
    place.tamper("update schema_info set version = 0").await;
    let old = refusal(place.open().await);
    assert_eq!(
        old,
        format!("the database is at schema version 0, this herald needs {SCHEMA_VERSION}: run `herald migrate`")
    );

    place.tamper("update schema_info set version = 7, min_reader = 5").await;
    for refused in [refusal(place.open().await), refusal(place.migrate().await)] {
        assert!(refused.contains("written by a newer herald") && refused.contains('5'), "{refused}");
    }
}

/// As a database of before there was money.
#[tokio::test]
async fn an_older_schema_is_brought_up_to_date_with_what_is_in_it() {
    let place = Place::new();
    place.migrate().await.unwrap();
    let store = place.open().await.unwrap();
    let asked = intake(new_submission(&owner("alice")));
    store.accept_submissions(std::slice::from_ref(&asked), 10).await.unwrap();
    store.close().await;
    drop(store);
    let later = ["verdicts", "accounts", "transfers", "entries", "effects", "receipts", "transfer_outbox"];
    place.tamper("alter table submissions drop column rejudged").await;
    let webhooks = ["webhook_notices", "webhook_attempts", "webhook_secrets", "webhook_endpoints"];
    for table in later.into_iter().chain(webhooks) {
        place.tamper(format!("drop table {table}")).await;
    }
    place.tamper("delete from _sqlx_migrations where version > 1").await;
    place.tamper("update schema_info set version = 1").await;
    assert!(matches!(place.open().await, Err(OpenError::TooOld { found: 1, .. })));

    assert_eq!(place.migrate().await.unwrap(), MigrateReport { from: Some(1), to: SCHEMA_VERSION });
    let store = place.open().await.unwrap();
    assert!(store.get_submission(asked.submission.id, None).await.unwrap().is_some());
    let opened = store.open_account(&new_account("alice", &owner("alice"))).await.unwrap();
    assert!(matches!(opened, Opened::Now(_)));
}

#[tokio::test]
async fn a_newer_schema_that_this_build_can_read_is_opened_and_left_as_it_is() {
    let place = Place::new();
    place.migrate().await.unwrap();
    place.tamper("update schema_info set version = 7").await;
    assert_eq!(place.migrate().await.unwrap(), MigrateReport { from: Some(7), to: 7 });
    place.open().await.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn migrating_again_keeps_epoch_and_signing_key() {
    let place = Place::new();
    assert_eq!(place.migrate().await.unwrap(), MigrateReport { from: None, to: SCHEMA_VERSION });
    let grant = Grant { owner: owner("alice"), channel: Channel::Submission(submission_id()), expires: 10, key: None };
    let store = place.open().await.unwrap();
    let (epoch, ticket) = (store.epoch().await.unwrap(), store.signing_key().await.unwrap().sign(&grant));
    drop(store);

    assert_eq!(place.migrate().await.unwrap(), MigrateReport { from: Some(SCHEMA_VERSION), to: SCHEMA_VERSION });
    let store = place.open().await.unwrap();
    assert_eq!(store.epoch().await.unwrap(), epoch);
    assert_eq!(store.signing_key().await.unwrap().verify(&ticket, 10), Ok(grant.clone()));

    let other = Place::new();
    other.migrate().await.unwrap();
    let other = other.open().await.unwrap();
    assert_ne!(other.epoch().await.unwrap(), epoch);
    assert!(other.signing_key().await.unwrap().verify(&ticket, 10).is_err());
}

#[tokio::test]
async fn a_file_is_open_once_and_free_again_afterwards() {
    let place = Place::new();
    place.migrate().await.unwrap();
    let store = place.open().await.unwrap();
    let another = store.another_handle();
    for refused in [refusal(place.open().await), refusal(place.migrate().await)] {
        for part in ["herald.db", "herald.lock", "stop it first", "HERALD_DATA"] {
            assert!(refused.contains(part), "{part} is not in: {refused}");
        }
    }
    drop(store);
    assert!(matches!(place.open().await, Err(OpenError::Locked { .. })), "the other handle still holds it");
    drop(another);
    place.open().await.unwrap();
}

/// The database holds the signing key.
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    let place = Place::new();
    place.migrate().await.unwrap();
    let store = place.open().await.unwrap();
    store.accept_submissions(&[intake(new_submission(&owner("alice")))], 10).await.unwrap();
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(place.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", entry.path().display());
        seen.push(entry.file_name().into_string().unwrap());
    }
    seen.sort();
    assert_eq!(seen, ["herald.db", "herald.db-shm", "herald.db-wal", "herald.lock"]);
}

/// A copy of the files of a running store is what a killed process leaves behind.
#[tokio::test]
async fn what_was_accepted_is_in_the_files() {
    let (place, after) = (Place::new(), Place::new());
    place.migrate().await.unwrap();
    let store = place.open().await.unwrap();
    let asked = intake(new_submission(&owner("alice")));
    store.accept_submissions(std::slice::from_ref(&asked), 10).await.unwrap();
    for name in ["herald.db", "herald.db-wal"] {
        std::fs::copy(place.folder.path().join(name), after.folder.path().join(name)).unwrap();
    }
    let recovered = after.open().await.unwrap();
    let id = asked.submission.id;
    assert_eq!(recovered.get_submission(id, None).await.unwrap(), store.get_submission(id, None).await.unwrap());
    assert_eq!(recovered.get_source(id).await.unwrap(), asked.submission.files);
}

#[tokio::test]
async fn a_closed_store_is_unavailable_and_a_tampered_row_is_broken() {
    let place = Place::new();
    place.migrate().await.unwrap();
    let store = place.open().await.unwrap();
    let asked = intake(new_submission(&owner("alice")));
    store.accept_submissions(std::slice::from_ref(&asked), 10).await.unwrap();
    place.tamper("update submissions set cases = 'not JSON'").await;
    let broken = store.get_submission(asked.submission.id, None).await;
    assert!(matches!(broken, Err(StoreError::Broken(_))), "{broken:?}");

    store.close().await;
    let closed = store.accept_submissions(&[asked], 10).await;
    assert!(matches!(closed, Err(StoreError::Unavailable(_))), "{closed:?}");
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
}

/// It stands first in its class, and yet stops nobody: each claim of it costs it an attempt, and after the last it is ended.
#[tokio::test]
async fn a_row_that_cannot_be_read_stands_in_nobodys_way() {
    let place = Place::new();
    place.migrate().await.unwrap();
    let store = place.open().await.unwrap();
    let bad = intake(new_submission(&owner("alice")));
    store.accept_submissions(std::slice::from_ref(&bad), 10).await.unwrap();
    place.tamper("delete from sources").await;
    let good = intake(new_submission(&owner("bob")));
    store.accept_submissions(std::slice::from_ref(&good), 10).await.unwrap();
    let claim = || store.claim("any", token(), LEASE_MS);
    let refused = claim().await;
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    let Claimed::Work(work, _) = claim().await.unwrap() else { panic!("the row behind it is not claimed") };
    assert_eq!(work.submission.id, good.submission.id);
    store.record_verdict(good.submission.id, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    for _ in 1..MAX_ATTEMPTS {
        place.clock.advance(Duration::from_millis(LEASE_MS + 1_000));
        assert!(matches!(claim().await, Err(StoreError::Broken(_))));
    }
    place.clock.advance(Duration::from_millis(LEASE_MS + 1_000));
    assert!(matches!(claim().await, Ok(Claimed::Exhausted(_))));
    let ended = store.get_submission(bad.submission.id, None).await.unwrap().unwrap();
    assert_eq!(ended.verdict, Some(Verdict::InternalError));
}

#[tokio::test]
async fn a_url_that_names_no_file_is_refused() {
    for bad in ["sqlite::memory:", "postgres://localhost/herald", "sqlite:"] {
        let refused = refusal(SqliteStore::open(bad, Arc::new(TestClock::new())).await);
        assert!(refused.contains(bad) && refused.contains("sqlite:PATH"), "{refused}");
    }
}
