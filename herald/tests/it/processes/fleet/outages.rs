//! Servers that go away for a while, and come back: no accepted submission is lost, and nobody has to do anything.

use std::time::Duration;

use herald_testkit::postgres_node::PostgresNode;
use herald_testkit::proxy::Proxy;
use herald_testkit::rabbit_node::RabbitNode;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::processes::client::{Accepted, Client, accepted};
use crate::processes::database::Database;
use crate::processes::kills::{Tally, tally};
use crate::processes::program::{ONE_CASE, SMALL};
use crate::processes::scale::{Scale, room};
use crate::processes::site::{Plan, Site, judging, setting, shared_broker};
use crate::processes::watcher::Watcher;

/// POSTs go on at 10/s.
const BETWEEN_POSTS: Duration = Duration::from_millis(100);
/// A while of POSTs before the outage, and after it.
const AROUND: Duration = Duration::from_secs(2);
/// All is done by then, once the server is back.
const DONE_WITHIN: Duration = Duration::from_secs(60);

/// One process of each kind is enough here.
fn small(database: Database, broker_url: String) -> Plan {
    let settings = vec![setting("HERALD_WORKER_SLOTS", "2")];
    Plan { database, broker_url, notifier_broker_url: None, settings, kinds: judging(1) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_away_fails_no_post() {
    let _room = room().await;
    let away = Scale::get().broker_away;
    let mut node = RabbitNode::start().await.unwrap();
    let site = Site::fleet_on(small(Database::shared(), node.url())).await;
    let client = site.client();
    let enough = CancellationToken::new();
    let posts = tokio::spawn(post_steadily(client.clone(), enough.clone(), once));
    tokio::time::sleep(AROUND).await;
    node.kill().unwrap();
    let gone = Instant::now();
    tokio::time::sleep(away).await;
    node.start_again().await.unwrap();
    let back = Instant::now();
    tokio::time::sleep(AROUND).await;
    enough.cancel();
    let posted = posts.await.unwrap();
    let count = posted.len();
    finish("RabbitMQ away", &client, posted, count, back).await;
    println!("the broker was away for {:.1} s", (back - gone).as_secs_f64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_is_told_and_nothing_is_half_done() {
    let _room = room().await;
    let away = Scale::get().store_away;
    let mut node = PostgresNode::start().await.unwrap();
    let site = Site::fleet_on(small(Database::on(&node.url()), shared_broker())).await;
    let client = site.client();
    let enough = CancellationToken::new();
    let posts = tokio::spawn(post_steadily(client.clone(), enough.clone(), until_accepted));
    tokio::time::sleep(AROUND).await;
    node.stop().unwrap();
    let gone = Instant::now();
    let refused = client.try_submit(ONE_CASE, &Uuid::new_v4().to_string()).await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key(RETRY_AFTER));
    tokio::time::sleep_until(gone + away).await;
    node.start_again().await.unwrap();
    let back = Instant::now();
    tokio::time::sleep(AROUND).await;
    enough.cancel();
    let posted = posts.await.unwrap();
    let count = posted.len();
    finish("PostgreSQL away", &client, posted, count, back).await;
}

/// A POST at each tick until it is enough, each watched; returns when all are answered.
async fn post_steadily<F>(client: Client, enough: CancellationToken, post: fn(Client) -> F) -> Vec<Watcher>
where
    F: Future<Output = Accepted> + Send + 'static,
{
    let mut ticks = tokio::time::interval(BETWEEN_POSTS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut posts = JoinSet::new();
    while !enough.is_cancelled() {
        ticks.tick().await;
        let client = client.clone();
        posts.spawn(async move { Watcher::start(&client, post(client.clone()).await, 0) });
    }
    posts.join_all().await
}

/// Must be accepted at once.
async fn once(client: Client) -> Accepted {
    let since = Instant::now();
    let answer = client.try_submit(ONE_CASE, &Uuid::new_v4().to_string()).await.expect("every POST is answered");
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    accepted(&answer.json().await.unwrap(), ONE_CASE, since.elapsed())
}

/// May be refused, but only by a 503 that says when to try again.
async fn until_accepted(client: Client) -> Accepted {
    let (since, key) = (Instant::now(), Uuid::new_v4().to_string());
    loop {
        let answer = client.try_submit(ONE_CASE, &key).await.expect("every POST is answered");
        if answer.status() == StatusCode::ACCEPTED {
            return accepted(&answer.json().await.unwrap(), ONE_CASE, since.elapsed());
        }
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text().await.unwrap());
        let seconds = answer.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

/// Everything ends in one verdict, told and stored, soon after the server is back.
async fn finish(fault: &str, client: &Client, posted: Vec<Watcher>, count: usize, back: Instant) {
    let mut tally: Tally = tally(client, posted).await;
    let took = back.elapsed();
    tally.surplus(client.count().await, count);
    tally.row(fault, 1, count, Some(took)).print();
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert!(took <= DONE_WITHIN, "all was done {took:?} after the server was back");
}

/// The others go on meanwhile: what they announce does not reach this notifier, and it finds everything in the store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notifier_without_its_broker_delivers_every_verdict() {
    let _room = room().await;
    let (mut wire, url) = Proxy::before(&shared_broker()).await;
    let plan = Plan { notifier_broker_url: Some(url), ..small(Database::shared(), shared_broker()) };
    let site = Site::fleet_on(plan).await;
    let client = site.client();
    let watch = async |n: usize| Watcher::start(&client, client.submit(SMALL[n % SMALL.len()]).await, 0);
    let mut watchers = vec![watch(0).await];
    watchers[0].until("finished", |story| story.is_over()).await;
    assert!(wire.connections() > 0, "the notifier goes by the wire");

    // Some are being watched when it is cut, the others come while it is.
    watchers.push(watch(1).await);
    wire.cut().await;
    let cut = Instant::now();
    let mut slowest = Duration::ZERO;
    while cut.elapsed() < Duration::from_secs(5) {
        let began = Instant::now();
        let mut watcher = watch(watchers.len()).await;
        watcher.until("finished", |story| story.is_over()).await;
        slowest = slowest.max(began.elapsed());
        watchers.push(watcher);
    }
    wire.mend().await;
    watchers.push(watch(2).await);
    let count = watchers.len();
    let mut tally = tally(&client, watchers).await;
    tally.surplus(client.count().await, count);
    tally.row("notifier cut off", 1, count, Some(slowest)).print();
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert!(count > 4, "verdicts arrived while it was cut off: {count}");
}
