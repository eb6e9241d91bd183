//! Submissions per second from the first POST to the last recorded verdict, with a judge that has nothing to do: API, relay, broker,
//! worker loop and store together, on PostgreSQL and RabbitMQ and on SQLite and the in-process broker; against the same pgbench
//! as `submit`. API and worker are in this process: the parts and their composition are those of the binary, but the judge is not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use async_trait::async_trait;
use herald_api::{Api, Mode};
use herald_boot::{Adapters, Lifecycle, SweepOptions, background, serve};
use herald_broker_memory::{MemoryBroker, MemoryConfig};
use herald_broker_rabbitmq::{RabbitBroker, RabbitConfig};
use herald_domain::clock::SystemClock;
use herald_domain::submission::{Claim, Judgement};
use herald_pipeline::work::{AttemptFailed, Judge, Steps, WorkConfig, run_worker};
use herald_pipeline::{Bookings, Deps, Intake};
use herald_push::Hub;
use herald_store_sqlite::SqliteStore;
use hyper::header::HeaderValue;

use super::submit::{Load, SECONDS};
use crate::database::Database;
use crate::report::{Beside, Row};
use crate::stats::Spread;
use crate::{Bench, amqp, machine, seed};

/// Of one round.
const SUBMISSIONS: usize = 5_000;
const USERS: usize = 64;
const WARM_UP: usize = 500;
/// Submissions in work at once.
const SLOTS: u16 = 16;
const LOOK_EVERY: Duration = Duration::from_millis(5);
const DONE_WITHIN: Duration = Duration::from_secs(120);

pub async fn measure(bench: &Bench, database: &Database) -> anyhow::Result<Vec<Row>> {
    let prefix = format!("bench-noop-{}", std::process::id());
    let fleet = Pipeline::start(fleet(bench, database, &prefix).await?).await?;
    let embedded = Pipeline::start(embedded(bench).await?).await?;
    let (mut on_servers, mut on_file, mut inserts, mut disturbed) = (Vec::new(), Vec::new(), Vec::new(), 0);
    fleet.run(WARM_UP).await?;
    embedded.run(WARM_UP).await?;
    let row_bytes = database.row_bytes().await?;
    for round in 1..=bench.rounds {
        database.clear().await?;
        disturbed += usize::from(!machine::is_quiet().await);
        inserts.push(database.pgbench(row_bytes, SECONDS).await?);
        on_servers.push(fleet.run(SUBMISSIONS).await?);
        on_file.push(embedded.run(SUBMISSIONS).await?);
        let n = round - 1;
        eprintln!(
            "  round {round}: {:.0}/s on PostgreSQL + RabbitMQ, {:.0}/s on SQLite + in-process, {:.0} INSERTs/s",
            on_servers[n], on_file[n], inserts[n]
        );
    }
    fleet.end().await?;
    embedded.end().await?;
    amqp::remove(&bench.servers.broker_url, &prefix).await?;
    let row = |name, what, rates: &[f64]| Row {
        name,
        what,
        unit: "×",
        figure: Spread::ratio(rates, &inserts),
        goal: None,
        later: false,
        beside: vec![Beside::new("submissions", "/s", rates), Beside::new("INSERTs", "/s", &inserts)],
        disturbed,
    };
    Ok(vec![
        row(
            "noop_servers",
            "POST → verdict with nothing to judge, PostgreSQL + RabbitMQ ÷ pgbench INSERT",
            &on_servers,
        ),
        row("noop_embedded", "POST → verdict with nothing to judge, SQLite + in-process ÷ pgbench INSERT", &on_file),
    ])
}

async fn fleet(bench: &Bench, database: &Database, prefix: &str) -> anyhow::Result<Adapters> {
    let config = RabbitConfig { prefix: prefix.to_owned(), ..RabbitConfig::default() };
    Ok(Adapters {
        // As many connections as an api and a worker have.
        store: Arc::new(database.store(12).await?),
        broker: Arc::new(RabbitBroker::connect(&bench.servers.broker_url, config)?),
        clock: Arc::new(SystemClock),
        embedded: false,
    })
}

async fn embedded(bench: &Bench) -> anyhow::Result<Adapters> {
    let file = bench.folder.path().join("noop.db");
    let clock = Arc::new(SystemClock);
    SqliteStore::migrate(&file, &*clock).await?;
    Ok(Adapters {
        store: Arc::new(SqliteStore::open(&file, clock.clone()).await?),
        broker: Arc::new(MemoryBroker::new(MemoryConfig::default())),
        clock,
        embedded: true,
    })
}

/// Judges nothing, and counts.
#[derive(Default)]
struct Nothing {
    judged: AtomicUsize,
}

#[async_trait]
impl Judge for Nothing {
    async fn judge(&self, _: &Claim, _: &Steps) -> Result<Judgement, AttemptFailed> {
        self.judged.fetch_add(1, Ordering::Relaxed);
        Ok(seed::accepted())
    }
}

/// API, relay, sweeper and worker over one pair of adapters.
struct Pipeline {
    adapters: Adapters,
    life: Lifecycle,
    address: SocketAddr,
    keys: Vec<HeaderValue>,
    judge: Arc<Nothing>,
}

impl Pipeline {
    async fn start(adapters: Adapters) -> anyhow::Result<Self> {
        let life = Lifecycle::default();
        let keys = seed::keys(&*adapters.store, USERS).await?;
        let deps = Deps { store: adapters.store.clone(), broker: adapters.broker.clone() };
        let config = WorkConfig { class: "any".to_owned(), slots: SLOTS, grace: Duration::ZERO };
        let judge = Arc::new(Nothing::default());
        let worker = run_worker(deps, config, judge.clone(), life.shutdown.clone());
        life.tasks.spawn(async move {
            let _ = worker.await;
        });
        let listener = serve::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = api(&adapters, &life).await?.router();
        let served = serve::serve(listener, router, life.shutdown.clone(), Duration::ZERO);
        life.tasks.spawn(async move {
            let _ = served.await;
        });
        Ok(Self { adapters, life, address, keys, judge })
    }

    /// Submissions per second.
    async fn run(&self, count: usize) -> anyhow::Result<f64> {
        let mut load = Load::connect_to(self.address, &self.keys).await?;
        let all = self.judge.judged.load(Ordering::Relaxed) + count;
        let began = Instant::now();
        load.post(count).await?;
        // Counting rows costs the store something, so it is done only once all have been judged.
        while self.judge.judged.load(Ordering::Relaxed) < all || self.adapters.store.count_open().await? > 0 {
            ensure!(began.elapsed() < DONE_WITHIN, "submissions are left without a verdict");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(count as f64 / began.elapsed().as_secs_f64())
    }

    async fn end(self) -> anyhow::Result<()> {
        self.life.shutdown.cancel();
        ensure!(self.life.finish().await, "the pipeline does not end");
        self.adapters.broker.close().await;
        Ok(())
    }
}

/// As the binary composes it.
async fn api(adapters: &Adapters, life: &Lifecycle) -> anyhow::Result<Api> {
    let (store, broker) = (adapters.store.clone(), adapters.broker.clone());
    let relay = background::start(adapters, &SweepOptions { max_queue_age_secs: 3_600 }, life);
    let pipeline = Deps { store: store.clone(), broker: broker.clone() };
    let bookings = Bookings::start(pipeline.clone(), relay.clone(), &life.tasks, life.stop.clone());
    let intake = Intake::start(pipeline, relay.clone(), seed::NO_LIMIT, &life.tasks, life.stop.clone());
    let hub_deps = herald_push::Deps { store: store.clone(), broker: broker.clone(), clock: adapters.clock.clone() };
    let deps = herald_api::Deps {
        signing_key: store.signing_key().await?,
        store,
        broker,
        clock: adapters.clock.clone(),
        intake,
        bookings,
        relay,
        fraud: Arc::new(herald_services::fraud::Config::default().rules()?),
        webhooks: herald_services::webhook::Sender::new(
            &Default::default(),
            adapters.store.clone(),
            adapters.clock.clone(),
        ),
        hub: Hub::start(hub_deps, &life.tasks, life.stop.clone()),
        packages: |_, _| {
            let what = "no problem is imported here".into();
            Err(herald_api::Flaw { file: String::new(), what })
        },
    };
    let config = herald_api::Config {
        max_queued: seed::NO_LIMIT,
        max_open_per_user: seed::NO_LIMIT,
        ..herald_api::Config::default()
    };
    Ok(Api::new(deps, &config, Mode::Keyed, &life.tasks, life.shutdown.clone()))
}
