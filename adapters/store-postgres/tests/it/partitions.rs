//! Days of events: made ahead, dropped when old, and never in the way of an accept.

use std::time::Duration;

use herald_domain::store::{Claimed, Events, Store, Work};
use herald_domain::submission::Verdict;
use herald_testkit::build::{intake, judgement, new_submission, owner, token};
use herald_testkit::store_contract::Harness;

use crate::schema::Schema;

const DAY: Duration = Duration::from_secs(86_400);

/// Names of the day partitions, first and last, and how many.
async fn days(schema: &Schema) -> String {
    schema.value("select min(day) || ' ' || max(day) || ' ' || count(*) from event_days").await
}

/// Where each stored event lies, in the order of its time.
async fn places(schema: &Schema) -> String {
    schema.value("select coalesce(string_agg(tableoid::regclass::text, ' ' order by at), '') from events").await
}

async fn expected(schema: &Schema, first: i32, last: i32) -> String {
    let today = "(herald_now() at time zone 'UTC')::date";
    schema.value(&format!("select {today} + {first} || ' ' || {today} + {last} || ' ' || {last} - {first} + 1")).await
}

async fn accept(store: &dyn Store) {
    store.accept_submissions(&[intake(new_submission(&owner("alice")))], 1_000).await.unwrap();
}

#[tokio::test]
async fn partitions_are_made_ahead_and_dropped_behind() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    assert_eq!(days(&schema).await, expected(&schema, -1, 8).await, "migrate makes them");
    accept(&store).await;
    assert!(places(&schema).await.starts_with("events_2"), "{}", places(&schema).await);

    schema.advance(DAY * 3).await;
    store.maintain().await.unwrap();
    assert_eq!(days(&schema).await, expected(&schema, -4, 8).await);
    schema.advance(DAY * 5).await;
    store.maintain().await.unwrap();
    assert_eq!(days(&schema).await, expected(&schema, -7, 8).await, "those wholly older than seven days are gone");
    assert_eq!(places(&schema).await, "");
    schema.drop().await;
}

#[tokio::test]
async fn what_falls_outside_lies_in_the_default_partition_and_is_deleted_in_time() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    schema.advance(DAY * 30).await; // nobody has maintained for a month
    accept(&store).await;
    assert_eq!(places(&schema).await, "events_default");
    store.maintain().await.unwrap(); // today's partition cannot be made, the others can
    let held =
        schema.value("select count(*)::text from event_days where day = (herald_now() at time zone 'UTC')::date");
    assert_eq!(held.await, "0");
    accept(&store).await;
    assert_eq!(places(&schema).await, "events_default events_default");
    schema.advance(DAY).await;
    accept(&store).await;
    assert!(places(&schema).await.starts_with("events_default events_default events_2"));
    schema.advance(DAY * 7).await;
    store.maintain().await.unwrap();
    assert!(places(&schema).await.starts_with("events_2"), "{}", places(&schema).await);
    schema.drop().await;
}

/// Upkeep by every process of a fleet at once, while work goes on.
#[tokio::test]
async fn upkeep_by_many_at_once_disturbs_nobody() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    schema.advance(DAY * 9).await;
    let keepers: Vec<_> = futures::future::join_all((0..4).map(|_| schema.open())).await;
    let keep = futures::future::join_all(keepers.iter().map(Events::maintain));
    let work = async {
        for _ in 0..20 {
            accept(&store).await;
            let claimed = store.claim("any", token(), 15_000).await.unwrap();
            let Claimed::Work(claim, _) = claimed else { panic!("nothing to claim") };
            let verdict = judgement(Verdict::Accepted);
            let told = store.record_verdict(claim.submission.id, claim.token, &verdict).await.unwrap();
            assert!(told.is_some());
        }
    };
    let (kept, ()) = futures::join!(keep, work);
    assert!(kept.iter().all(Result::is_ok), "{kept:?}");
    keepers[0].maintain().await.unwrap();
    let all =
        schema.value("select (max(day) = (herald_now() at time zone 'UTC')::date + 8)::text from event_days").await;
    assert_eq!(all, "true");
    assert_eq!(schema.value("select count(*)::text from events").await, "60");
    schema.drop().await;
}

/// The day was not there when the accept looked for it, and is when it may write.
#[tokio::test]
async fn an_accept_that_waits_for_the_partition_of_its_day_goes_into_it() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    accept(&store).await; // so that a connection is there
    schema.advance(DAY * 9).await;
    let mut keeper = schema.connection().await;
    let made = "begin; select herald_make_event_partition((herald_now() at time zone 'UTC')::date)";
    sqlx::raw_sql(made).execute(&mut keeper).await.unwrap();
    let waiting = format!(
        "select count(*)::text from pg_stat_activity where application_name = '{}' and wait_event_type = 'Lock'",
        schema.name
    );
    let committed = async {
        while schema.value(&waiting).await == "0" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        sqlx::raw_sql("commit").execute(&mut keeper).await.unwrap();
    };
    futures::join!(accept(&store), committed);
    let last = schema.value("select tableoid::regclass::text from events order by at desc limit 1").await;
    assert!(last.starts_with("events_2"), "{last}");
    schema.drop().await;
}
