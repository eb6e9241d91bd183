//! Accepted `POST /submit` over HTTP keep-alive by 16 clients, to a real `herald api` on PostgreSQL and RabbitMQ; against pgbench
//! with 16 clients that INSERT one row of the same size a transaction into the same server. Rounds alternate, and each begins
//! with empty tables. Once with the relay publishing as it goes, and once without: a broker that is away pauses it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::future::try_join_all;
use herald_domain::store::Outbox;
use hyper::header::HeaderValue;

use crate::database::{CLIENTS, Database};
use crate::http::Client;
use crate::process::Process;
use crate::report::{Beside, Goal, Row};
use crate::stats::{Spread, percentile};
use crate::{Bench, amqp, machine, seed};

pub const SECONDS: u64 = 5;
/// Users behind the clients: none of them comes near the default limit of open submissions.
const USERS: usize = 64;
const WARM_UP: usize = 500;
const DRAIN_WITHIN: Duration = Duration::from_secs(120);
/// Nobody listens there.
const AWAY: &str = "amqp://127.0.0.1:1/%2f";

#[derive(Default)]
struct Rounds {
    posts: Vec<f64>,
    inserts: Vec<f64>,
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    left: Vec<f64>,
    disturbed: usize,
}

pub async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let broker = &bench.servers.broker_url;
    let running = super::on_database(bench, "submit", async |bench, database| {
        let goal = ("submit_relay_running", "accepted POST /submit, relay running ÷ pgbench INSERT", 0.5);
        one_way(bench, database, broker, goal).await
    });
    let mut rows = running.await?;
    let paused = super::on_database(bench, "submit_paused", async |bench, database| {
        let goal = ("submit_relay_paused", "accepted POST /submit, relay paused ÷ pgbench INSERT", 1.0);
        one_way(bench, database, AWAY, goal).await
    });
    rows.extend(paused.await?);
    Ok(rows)
}

async fn one_way(
    bench: &Bench,
    database: &Database,
    broker: &str,
    (name, what, least): (&'static str, &'static str, f64),
) -> anyhow::Result<Vec<Row>> {
    let prefix = format!("bench-submit-{}", std::process::id());
    let limit = seed::NO_LIMIT.to_string();
    let settings = [
        ("HERALD_STORE_URL", database.url.as_str()),
        ("HERALD_BROKER_URL", broker),
        ("HERALD_BROKER_PREFIX", &prefix),
        ("HERALD_MAX_QUEUED", &limit),
        ("HERALD_MAX_OPEN_PER_USER", &limit),
    ];
    let keys = seed::keys(&database.store(1).await?, USERS).await?;
    let api = Process::start("api", &settings, bench.folder.path()).await?;
    let rounds = run(bench, database, &api, &keys, broker != AWAY).await;
    api.kill().await?;
    if broker != AWAY {
        amqp::remove(broker, &prefix).await?;
    }
    let rounds = rounds?;
    Ok(vec![Row {
        name,
        what,
        unit: "×",
        figure: Spread::ratio(&rounds.posts, &rounds.inserts),
        goal: Some(Goal::AtLeast(least)),
        later: true,
        beside: vec![
            Beside::new("POSTs", "/s", &rounds.posts),
            Beside::new("their p50", "ms", &rounds.p50_ms),
            Beside::new("p99", "ms", &rounds.p99_ms),
            Beside::new("INSERTs", "/s", &rounds.inserts),
            Beside::new("left in the outbox at the end", "", &rounds.left),
        ],
        disturbed: rounds.disturbed,
    }])
}

async fn run(
    bench: &Bench,
    database: &Database,
    api: &Process,
    keys: &[HeaderValue],
    publishes: bool,
) -> anyhow::Result<Rounds> {
    let mut load = Load::connect(api, keys).await?;
    load.post(WARM_UP).await?;
    let row_bytes = database.row_bytes().await?;
    let store = database.store(1).await?;
    let mut rounds = Rounds::default();
    for round in 1..=bench.rounds {
        wait_until_published(&store, publishes).await?;
        database.clear().await?;
        rounds.disturbed += usize::from(!machine::is_quiet().await);
        rounds.inserts.push(database.pgbench(row_bytes, SECONDS).await?);
        database.clear().await?;
        let posts = load.post_for(Duration::from_secs(SECONDS)).await?;
        rounds.left.push(store.count_outbox().await? as f64);
        rounds.posts.push(posts.len() as f64 / SECONDS as f64);
        rounds.p50_ms.push(percentile(&posts, 50.0));
        rounds.p99_ms.push(percentile(&posts, 99.0));
        let n = round - 1;
        eprintln!(
            "  round {round}: {:.0} POSTs/s (p50 {:.2} ms, p99 {:.2} ms, {} left), {:.0} INSERTs/s of {row_bytes} bytes",
            rounds.posts[n], rounds.p50_ms[n], rounds.p99_ms[n], rounds.left[n], rounds.inserts[n]
        );
    }
    Ok(rounds)
}

/// What the relay still has to do would be done during the peer's round.
async fn wait_until_published(store: &dyn Outbox, publishes: bool) -> anyhow::Result<()> {
    let began = Instant::now();
    while publishes && store.count_outbox().await? > 0 {
        ensure!(began.elapsed() < DRAIN_WITHIN, "the relay does not empty the outbox");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Clients that POST as fast as they are answered, each on one connection.
pub struct Load<'a> {
    clients: Vec<Client>,
    keys: &'a [HeaderValue],
}

impl<'a> Load<'a> {
    pub async fn connect(api: &Process, keys: &'a [HeaderValue]) -> anyhow::Result<Self> {
        Self::connect_to(api.address, keys).await
    }

    pub async fn connect_to(address: std::net::SocketAddr, keys: &'a [HeaderValue]) -> anyhow::Result<Self> {
        let clients = try_join_all((0..CLIENTS).map(|_| Client::connect(address))).await?;
        Ok(Self { clients, keys })
    }

    /// So many.
    pub async fn post(&mut self, count: usize) -> anyhow::Result<Vec<f64>> {
        let left = AtomicUsize::new(count);
        let more = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        self.post_while(&more).await
    }

    /// For so long.
    pub async fn post_for(&mut self, time: Duration) -> anyhow::Result<Vec<f64>> {
        let until = Instant::now() + time;
        self.post_while(&|| Instant::now() < until).await
    }

    /// How long each took, in milliseconds.
    async fn post_while(&mut self, more: &(impl Fn() -> bool + Sync)) -> anyhow::Result<Vec<f64>> {
        let body = seed::submit_body();
        let keys = self.keys;
        let clients = self.clients.iter_mut().enumerate().map(|(n, client)| {
            let body = body.clone();
            async move {
                let mut times = Vec::new();
                // Each client has users of its own and goes round them.
                let mut mine = keys.iter().skip(n).step_by(CLIENTS).cycle();
                while more()
                    && let Some(key) = mine.next()
                {
                    let began = Instant::now();
                    client.submit(key, body.clone()).await?;
                    times.push(began.elapsed().as_secs_f64() * 1e3);
                }
                anyhow::Ok(times)
            }
        });
        Ok(try_join_all(clients).await?.concat())
    }
}
