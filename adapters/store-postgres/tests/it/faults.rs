//! A server that goes away, locks that are not to be had, batches that cross.

use std::time::Duration;

use herald_domain::store::{Accepted, Claimed, Fleet, StoreError, Submissions, Work};
use herald_domain::submission::{LEASE_MS, MAX_ATTEMPTS, Verdict};
use herald_store_postgres::{PostgresConfig, PostgresStore};
use herald_testkit::build::{idempotency, intake, judgement, new_submission, owner, token};
use herald_testkit::proxy::Proxy;
use herald_testkit::store_contract::Harness;
use sqlx::AssertSqlSafe;
use sqlx::Connection;

use crate::schema::Schema;

/// Longer than any time-out that a test sets.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn killed_connections_cost_one_call_at_most() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let ping = || async { store.ping().await };
    for result in futures::future::join_all((0..4).map(|_| ping())).await {
        result.unwrap(); // so that the pool is full
    }
    assert_eq!(schema.kill_connections().await, "4");
    match store.ping().await {
        Ok(()) | Err(StoreError::Unavailable(_)) => {}
        Err(other) => panic!("a broken connection is {other:?}"),
    }
    for _ in 0..8 {
        store.ping().await.unwrap();
    }
    let asked = intake(new_submission(&owner("alice")));
    let outcomes = store.accept_submissions(&[asked], 10).await.unwrap();
    assert!(matches!(outcomes[..], [Accepted::Created(_)]));
    schema.drop().await;
}

/// The server is stopped for a while: unavailable within the time-out meanwhile, and no one has to do anything afterwards.
#[tokio::test]
async fn a_server_that_comes_back_is_used_again() {
    let schema = Schema::migrated().await;
    let (mut proxy, url) = Proxy::before(&schema.url).await;
    let config = PostgresConfig { acquire_timeout: Duration::from_millis(500), ..schema.config() };
    let store = PostgresStore::open(&url, config).await.unwrap();
    for result in futures::future::join_all((0..4).map(|_| store.ping())).await {
        result.unwrap();
    }
    proxy.cut().await;
    for _ in 0..3 {
        let asked = intake(new_submission(&owner("alice")));
        let refused = tokio::time::timeout(PATIENCE, store.accept_submissions(&[asked], 10)).await.unwrap();
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    proxy.mend().await;
    store.ping().await.unwrap();
    let accepted = store.accept_submissions(&[intake(new_submission(&owner("alice")))], 10).await.unwrap();
    assert!(matches!(accepted[..], [Accepted::Created(_)]), "{accepted:?}");
    assert_eq!(store.count_open().await.unwrap(), 1, "nothing was half done");
    schema.drop().await;
}

/// A network that drops packets breaks no connection; the call is given up all the same, and its connection with it.
#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let schema = Schema::migrated().await;
    let (proxy, url) = Proxy::before(&schema.url).await;
    let config = PostgresConfig {
        max_connections: 1,
        acquire_timeout: Duration::from_secs(1),
        call_timeout: Duration::from_millis(300),
        ..schema.config()
    };
    let store = PostgresStore::open(&url, config).await.unwrap();
    store.ping().await.unwrap();
    proxy.silence(true);
    let asked = intake(new_submission(&owner("alice")));
    let lost = tokio::time::timeout(PATIENCE, store.accept_submissions(std::slice::from_ref(&asked), 10)).await;
    assert!(matches!(lost, Ok(Err(StoreError::Unavailable(_)))), "{lost:?}");
    let lost = tokio::time::timeout(PATIENCE, store.ping()).await.unwrap();
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "nor does a new connection come about: {lost:?}");
    proxy.silence(false);
    let accepted = again(|| store.accept_submissions(std::slice::from_ref(&asked), 10)).await;
    assert!(matches!(accepted[..], [Accepted::Created(_) | Accepted::Replayed(_)]), "{accepted:?}");
    assert_eq!(store.count_open().await.unwrap(), 1);
    schema.drop().await;
}

/// An accept whose answer was lost in the fault is asked again with the same id and creates nothing twice.
#[tokio::test]
async fn an_accept_through_killed_connections_is_lost_or_done_never_doubled() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    for n in 0..10 {
        let asked = intake(new_submission(&owner("alice")));
        let (_, first) =
            futures::join!(schema.kill_connections(), store.accept_submissions(std::slice::from_ref(&asked), 100));
        let outcome = match first {
            Ok(outcomes) => outcomes,
            Err(StoreError::Unavailable(_)) => {
                again(|| store.accept_submissions(std::slice::from_ref(&asked), 100)).await
            }
            Err(other) => panic!("{other:?}"),
        };
        assert!(matches!(outcome[..], [Accepted::Created(_) | Accepted::Replayed(_)]), "{outcome:?}");
        assert_eq!(store.count_open().await.unwrap(), n + 1);
    }
    schema.drop().await;
}

/// The client has no id to ask by yet: if it were told 503, it would submit a second time.
#[tokio::test]
async fn an_accept_whose_connection_is_cut_is_done_again_by_itself() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let mut other = schema.connection().await;
    let mut blocker = other.begin().await.unwrap();
    sqlx::query("lock table submissions in exclusive mode").execute(&mut *blocker).await.unwrap();
    let asked = intake(new_submission(&owner("alice")));
    let cut = async {
        let waiting = format!(
            "select count(*)::text from pg_stat_activity where application_name = '{}' and wait_event_type = 'Lock'",
            schema.name
        );
        while schema.value(&waiting).await != "1" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        schema.kill_connections().await;
        blocker.rollback().await.unwrap();
    };
    let (accepted, ()) = futures::join!(store.accept_submissions(std::slice::from_ref(&asked), 10), cut);
    let accepted = accepted.unwrap();
    assert!(matches!(accepted[..], [Accepted::Created(_)]), "{accepted:?}");
    assert_eq!(store.count_open().await.unwrap(), 1);
    schema.drop().await;
}

async fn again<T, F: Future<Output = Result<T, StoreError>>>(call: impl Fn() -> F) -> T {
    for _ in 0..5 {
        if let Ok(value) = call().await {
            return value;
        }
    }
    panic!("the store does not come back");
}

#[tokio::test]
async fn a_twin_that_does_not_finish_is_busy() {
    let schema = Schema::migrated().await;
    let config = PostgresConfig { lock_timeout: Duration::from_millis(300), ..schema.config() };
    let store = PostgresStore::open(&schema.url, config).await.unwrap();
    let keyed = || herald_domain::submission::NewSubmission {
        idempotency: idempotency("k1", "request"),
        ..new_submission(&owner("alice"))
    };
    let mut other = schema.connection().await;
    let mut twin = other.begin().await.unwrap();
    let insert =
        "insert into submissions (id, owner, language, limits, class, priority, turn, status, run_at, \"offset\",
            created_at, changed_at, idempotency_key, request_hash)
        values (gen_random_uuid(), 'main/alice', 'c', '{}', 'any', 0, 0, 'queued', now(), 1, now(), now(), 'k1', 'h')";
    sqlx::query(AssertSqlSafe(insert)).execute(&mut *twin).await.unwrap();

    let refused = store.accept_submissions(&[intake(keyed())], 10).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    twin.rollback().await.unwrap();
    let accepted = store.accept_submissions(&[intake(keyed())], 10).await.unwrap();
    assert!(matches!(accepted[..], [Accepted::Created(_)]), "{accepted:?}");
    schema.drop().await;
}

/// Two processes get the same keys in opposite orders: sorted by (owner, key), they wait for one another and never deadlock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_cross_never_deadlock() {
    let schema = Schema::migrated().await;
    // Shorter than the server's deadlock_timeout (1 s), so that a deadlock shows as `Busy` and is not undone and tried again.
    let config = PostgresConfig { lock_timeout: Duration::from_millis(900), ..schema.config() };
    let one = PostgresStore::open(&schema.url, config.clone()).await.unwrap();
    let two = PostgresStore::open(&schema.url, config).await.unwrap();
    let rounds = 40;
    for round in 0..rounds {
        let batch = |reversed: bool| {
            let mut batch: Vec<_> = (0..16)
                .map(|n| {
                    let mut new = new_submission(&owner(["alice", "bob"][n % 2]));
                    new.idempotency = idempotency(&format!("k{round}-{}", n / 2), "request");
                    intake(new)
                })
                .collect();
            if reversed {
                batch.reverse();
            }
            batch
        };
        let (forth, back) = (batch(false), batch(true));
        let (left, right) = futures::join!(one.accept_submissions(&forth, 1_000), two.accept_submissions(&back, 1_000));
        let outcomes = [left.unwrap(), right.unwrap()].concat();
        let created = outcomes.iter().filter(|outcome| matches!(outcome, Accepted::Created(_))).count();
        let replayed = outcomes.iter().filter(|outcome| matches!(outcome, Accepted::Replayed(_))).count();
        assert_eq!((created, replayed), (16, 16));
    }
    assert_eq!(one.count_open().await.unwrap(), 16 * rounds);
    let deadlocks =
        schema.value("select deadlocks::text from pg_stat_database where datname = current_database()").await;
    tracing::debug!(deadlocks, "of all tests on this server");
    schema.drop().await;
}

/// The first inserts are undone by the server as a deadlock's victim would be, and the caller does not notice.
#[tokio::test]
async fn what_the_server_undid_is_done_again_a_few_times() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    schema
        .execute(
            "create sequence undone;
             create function undo() returns trigger language plpgsql as $$ begin
                 if nextval('undone') <= 3 then raise exception 'undone' using errcode = 'deadlock_detected'; end if;
                 return new;
             end $$;
             create trigger undo before insert on submissions for each row execute function undo()",
        )
        .await;
    let outcomes = store.accept_submissions(&[intake(new_submission(&owner("alice")))], 10).await.unwrap();
    assert!(matches!(outcomes[..], [Accepted::Created(_)]), "{outcomes:?}");
    assert_eq!(schema.value("select last_value::text from undone").await, "4");

    schema.execute("alter sequence undone minvalue -1000000 restart with -1000000").await;
    let refused = store.accept_submissions(&[intake(new_submission(&owner("alice")))], 10).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(schema.value("select last_value::text from undone").await, "-999996", "five tries");
    assert_eq!(store.count_open().await.unwrap(), 1);
    schema.drop().await;
}

/// A row that says what it never should is nothing to wait for, and its column is named.
#[tokio::test]
async fn a_tampered_row_is_broken() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let asked = intake(new_submission(&owner("alice")));
    store.accept_submissions(std::slice::from_ref(&asked), 10).await.unwrap();
    schema.execute("update submissions set memory_source = 'guess'").await;
    let Err(StoreError::Broken(what)) = store.get_submission(asked.submission.id, None).await else {
        panic!("it was read")
    };
    assert!(what.contains("memory_source"), "{what}");
    schema.drop().await;
}

/// Somebody else is at the first row, and for long: a claim does not wait for him.
#[tokio::test]
async fn a_claim_passes_by_a_row_that_is_locked() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let batch = [intake(new_submission(&owner("alice"))), intake(new_submission(&owner("bob")))];
    store.accept_submissions(&batch, 10).await.unwrap();
    let [first, second] = batch.map(|asked| asked.submission.id);
    let mut other = schema.connection().await;
    let mut blocker = other.begin().await.unwrap();
    let lock = format!("select id from submissions where id = '{first}' for update");
    sqlx::query(AssertSqlSafe(lock)).execute(&mut *blocker).await.unwrap();
    let Claimed::Work(work, _) = store.claim("any", token(), LEASE_MS).await.unwrap() else { panic!("not claimed") };
    assert_eq!(work.submission.id, second);
    blocker.rollback().await.unwrap();
    let Claimed::Work(work, _) = store.claim("any", token(), LEASE_MS).await.unwrap() else { panic!("not claimed") };
    assert_eq!(work.submission.id, first);
    schema.drop().await;
}

/// It stands first in its class, and yet stops nobody: each claim of it costs it an attempt, and after the last it is ended.
#[tokio::test]
async fn a_row_that_cannot_be_read_stands_in_nobodys_way() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let batch = [intake(new_submission(&owner("alice"))), intake(new_submission(&owner("bob")))];
    store.accept_submissions(&batch, 10).await.unwrap();
    let [bad, good] = batch.map(|asked| asked.submission.id);
    schema.execute(&format!("delete from sources where submission_id = '{bad}'")).await;
    let claim = || store.claim("any", token(), LEASE_MS);
    let refused = claim().await;
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    let Claimed::Work(work, _) = claim().await.unwrap() else { panic!("the row behind it is not claimed") };
    assert_eq!(work.submission.id, good);
    store.record_verdict(good, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    for _ in 1..MAX_ATTEMPTS {
        schema.advance(Duration::from_millis(LEASE_MS + 1_000)).await;
        assert!(matches!(claim().await, Err(StoreError::Broken(_))));
    }
    schema.advance(Duration::from_millis(LEASE_MS + 1_000)).await;
    assert!(matches!(claim().await, Ok(Claimed::Exhausted(_))));
    assert_eq!(store.get_submission(bad, None).await.unwrap().unwrap().verdict, Some(Verdict::InternalError));
    schema.drop().await;
}

#[tokio::test]
async fn a_full_pool_is_unavailable_after_its_time_and_works_again() {
    let schema = Schema::migrated().await;
    let config = PostgresConfig { max_connections: 1, acquire_timeout: Duration::from_millis(300), ..schema.config() };
    let store = PostgresStore::open(&schema.url, config).await.unwrap();
    let mut other = schema.connection().await;
    let mut blocker = other.begin().await.unwrap();
    sqlx::query("lock table schema_info in access exclusive mode").execute(&mut *blocker).await.unwrap();

    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.ping().await }
    });
    while schema.value(&blocked(&schema.name)).await == "0" {
        tokio::task::yield_now().await;
    }
    let refused = store.ping().await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    blocker.rollback().await.unwrap();
    waiting.await.unwrap().unwrap();
    store.ping().await.unwrap();
    schema.drop().await;
}

/// A call that its caller gave up leaves nothing open behind: no transaction, no lock, no lost connection.
#[tokio::test]
async fn a_cancelled_call_leaves_nothing_behind() {
    let schema = Schema::migrated().await;
    let config = PostgresConfig { max_connections: 1, ..schema.config() };
    let store = PostgresStore::open(&schema.url, config).await.unwrap();
    let asked = intake(new_submission(&owner("alice")));
    store.accept_submissions(std::slice::from_ref(&asked), 10).await.unwrap();
    let mut other = schema.connection().await;
    let mut blocker = other.begin().await.unwrap();
    sqlx::query("select id from submissions for update").execute(&mut *blocker).await.unwrap();

    let cancelling = tokio::spawn({
        let store = store.clone();
        async move { store.cancel_submission(asked.submission.id, None).await }
    });
    while schema.value(&blocked(&schema.name)).await == "0" {
        tokio::task::yield_now().await;
    }
    cancelling.abort();
    assert!(cancelling.await.unwrap_err().is_cancelled());
    store.ping().await.unwrap();
    blocker.rollback().await.unwrap();
    assert_eq!(store.count_open().await.unwrap(), 1, "the cancel that was given up half-way did not happen");
    schema.drop().await;
}

/// What was answered is on the disk, though the role or the database be set not to wait for it.
#[tokio::test]
async fn an_accept_waits_for_the_disk_whatever_the_server_is_set_to() {
    let schema = Schema::migrated().await;
    schema
        .execute(
            "create table seen (setting text);
             create function see() returns trigger language plpgsql as $$ begin
                 insert into seen values (current_setting('synchronous_commit'));
                 return new;
             end $$;
             create trigger see before insert on submissions for each row execute function see()",
        )
        .await;
    for (set, expected) in [("off", "on"), ("local", "local")] {
        let url = format!("{}%20-c%20synchronous_commit%3D{set}", schema.url);
        let store = PostgresStore::open(&url, schema.config()).await.unwrap();
        store.accept_submissions(&[intake(new_submission(&owner("alice")))], 10).await.unwrap();
        assert_eq!(schema.value("delete from seen returning setting").await, expected);
    }
    schema.drop().await;
}

#[test]
fn a_call_ends_before_a_hub_has_stopped_looking_for_its_event() {
    let config = PostgresConfig::default();
    assert!(config.statement_timeout < config.call_timeout && config.call_timeout < Duration::from_secs(10));
}

/// Connections of the test's stores that wait for a lock.
fn blocked(name: &str) -> String {
    format!(
        "select count(*)::text from pg_stat_activity where application_name = '{name}' and wait_event_type = 'Lock'"
    )
}
