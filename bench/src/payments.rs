//! Payments over HTTP: an api with payers and merchants, and clients that pay as fast as they are answered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::future::try_join_all;
use herald_domain::store::Outbox;
use herald_store_postgres::PostgresStore;
use hyper::header::HeaderValue;

use crate::database::Database;
use crate::http::Client;
use crate::process::Process;
use crate::stats::percentile;
use crate::{Bench, amqp, seed};

/// Payers, each a user with a key and an account.
pub const PAYERS: usize = 256;
const MERCHANTS: usize = 256;
const WARM_UP: usize = 500;
const DRAIN_WITHIN: Duration = Duration::from_secs(120);

/// Whom payments go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum To {
    /// All merchants in turn.
    All,
    /// One merchant.
    One,
}

/// An api, and what is needed to pay through it.
pub struct Market<'a> {
    bench: &'a Bench,
    pub database: &'a Database,
    pub store: PostgresStore,
    pub keys: Vec<HeaderValue>,
    pub prefix: String,
    pub api: Process,
}

impl<'a> Market<'a> {
    pub async fn open(bench: &'a Bench, database: &'a Database, purpose: &str) -> anyhow::Result<Self> {
        let store = database.store(1).await?;
        let keys = seed::keys(&store, PAYERS).await?;
        seed::accounts(&store, PAYERS, MERCHANTS).await?;
        database.clear_transfers().await?;
        let prefix = format!("bench-{purpose}-{}", std::process::id());
        let api = start(bench, database, &prefix, "api").await?;
        Ok(Self { bench, database, store, keys, prefix, api })
    }

    /// Pays for a while, so that connections, caches and plans are there.
    pub async fn warm_up(&self, clients: usize) -> anyhow::Result<()> {
        self.payers(clients).await?.pay(WARM_UP, To::All).await?;
        self.forget().await
    }

    pub async fn payers(&self, clients: usize) -> anyhow::Result<Payers<'_>> {
        let clients = try_join_all((0..clients).map(|_| Client::connect(self.api.address))).await?;
        Ok(Payers { clients, keys: &self.keys })
    }

    /// Another process over the same database and broker.
    pub async fn start(&self, command: &str) -> anyhow::Result<Process> {
        start(self.bench, self.database, &self.prefix, command).await
    }

    /// Waits until the relay has nothing to do, which it would do during what comes next, and forgets all transfers and messages.
    pub async fn forget(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        while self.store.count_outbox().await? > 0 {
            ensure!(began.elapsed() < DRAIN_WITHIN, "the relay does not empty the outbox");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        amqp::purge_services(&self.bench.servers.broker_url, &self.prefix).await?;
        self.database.clear_transfers().await
    }

    pub async fn close(self) -> anyhow::Result<()> {
        self.api.kill().await?;
        amqp::remove(&self.bench.servers.broker_url, &self.prefix).await
    }
}

/// With its data, such as mails, in the bench's folder.
async fn start(bench: &Bench, database: &Database, prefix: &str, command: &str) -> anyhow::Result<Process> {
    let data = bench.folder.path().to_string_lossy();
    let settings = [
        ("HERALD_STORE_URL", database.url.as_str()),
        ("HERALD_BROKER_URL", &bench.servers.broker_url),
        ("HERALD_BROKER_PREFIX", prefix),
        ("HERALD_DATA", &data),
    ];
    Process::start(command, &settings, bench.folder.path()).await
}

/// Clients, each on a connection of its own and with payers of its own.
pub struct Payers<'a> {
    clients: Vec<Client>,
    keys: &'a [HeaderValue],
}

/// What came of a load.
pub struct Paid {
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Payers<'_> {
    /// So many payments.
    pub async fn pay(&mut self, count: usize, to: To) -> anyhow::Result<Paid> {
        let left = AtomicUsize::new(count);
        let more = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        self.pay_while(to, &more).await
    }

    /// For so long.
    pub async fn pay_for(&mut self, time: Duration, to: To) -> anyhow::Result<Paid> {
        let until = Instant::now() + time;
        self.pay_while(to, &|| Instant::now() < until).await
    }

    async fn pay_while(&mut self, to: To, more: &(impl Fn() -> bool + Sync)) -> anyhow::Result<Paid> {
        let (all, keys) = (self.clients.len(), self.keys);
        let began = Instant::now();
        let clients = self.clients.iter_mut().enumerate().map(|(n, client)| async move {
            let mut times = Vec::new();
            // Each client has payers of its own and goes round them, and through the merchants in strides of its own.
            let mut mine = keys.iter().enumerate().skip(n).step_by(all).cycle();
            while more()
                && let Some((payer, key)) = mine.next()
            {
                let merchant = match to {
                    To::All => (n * 17 + times.len() * 61) % MERCHANTS,
                    To::One => 0,
                };
                let began = Instant::now();
                client.pay(key, seed::payment_body(payer, merchant)).await?;
                times.push(began.elapsed().as_secs_f64() * 1e3);
            }
            anyhow::Ok(times)
        });
        let times = try_join_all(clients).await?.concat();
        let per_second = times.len() as f64 / began.elapsed().as_secs_f64();
        Ok(Paid { per_second, p50_ms: percentile(&times, 50.0), p99_ms: percentile(&times, 99.0) })
    }
}
