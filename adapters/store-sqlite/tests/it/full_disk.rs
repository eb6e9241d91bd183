//! A disk with no room left, and room again: nothing half-done, and no restart.
//!
//! A limit on the size of files stands in for the disk. It holds for a whole process, so the test runs itself in one of its own.

use std::process::Command;
use std::sync::Arc;

use herald_domain::store::{Accepted, Claimed, Outbox, StoreError, Submissions, Work};
use herald_domain::submission::{NewSubmission, SourceFile};
use herald_store_sqlite::SqliteStore;
use herald_testkit::build::{intake, new_submission, owner, token};
use herald_testkit::clock::TestClock;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const INSIDE: &str = "HERALD_TEST_FULL_DISK";

#[test]
fn a_full_disk_refuses_and_room_on_it_is_used_without_a_restart() {
    if std::env::var_os(INSIDE).is_some() {
        return tokio::runtime::Runtime::new().unwrap().block_on(inside());
    }
    let name = "full_disk::a_full_disk_refuses_and_room_on_it_is_used_without_a_restart";
    // The signal that tells of the limit would end the process; ignored, a write fails instead, as on a full disk.
    let outcome = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&outcome.stdout);
    assert!(
        outcome.status.success() && told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
}

async fn inside() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("herald.db");
    let clock = Arc::new(TestClock::new());
    SqliteStore::migrate(&file, &*clock).await.unwrap();
    let store = SqliteStore::open(&file, clock.clone()).await.unwrap();
    accept(&store, 1_000).await.unwrap();

    // So much that a part of it is written before the room ends.
    let wal = std::fs::metadata(folder.path().join("herald.db-wal")).unwrap().len();
    limit_files(Some(wal + 100_000));
    for size in [200_000, 1_000, 200_000] {
        let refused = accept(&store, size).await;
        if size > 100_000 {
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        }
    }
    limit_files(Some(wal));
    let refused = accept(&store, 1_000).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let refused = store.claim("any", token(), 15_000).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let before = store.count_open().await.unwrap();
    assert_eq!(store.count_outbox().await.unwrap(), before, "nothing was half-done");

    limit_files(None);
    let outcome = accept(&store, 200_000).await;
    assert!(matches!(outcome, Ok(Accepted::Created(_))), "{outcome:?}");
    let claimed = store.claim("any", token(), 15_000).await;
    assert!(matches!(claimed, Ok(Claimed::Work(..))), "{claimed:?}");
    assert_eq!((store.count_open().await.unwrap(), store.count_outbox().await.unwrap()), (before + 1, before + 1));
}

async fn accept(store: &SqliteStore, size: usize) -> Result<Accepted, StoreError> {
    let files = vec![SourceFile { name: "main.py".into(), content: "#".repeat(size) }];
    let asked = intake(NewSubmission { files, ..new_submission(&owner("alice")) });
    Ok(store.accept_submissions(&[asked], 100).await?.remove(0))
}

fn limit_files(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).unwrap();
}
