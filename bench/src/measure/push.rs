//! From the commit of a verdict to its frame at a client of a real notifier, over PostgreSQL and RabbitMQ, while nothing else
//! happens; against one transient message over bare AMQP. The two alternate, one every 10 ms, so that both meet the same machine.
//!
//! The committing side is what a worker does: `record_verdict`, then `announce`. The clock starts when the former has returned.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use herald_broker_rabbitmq::{RabbitBroker, RabbitConfig};
use herald_domain::broker::Broker;
use herald_domain::event::LiveMessage;
use herald_domain::id::{LeaseToken, SubmissionId};
use herald_domain::store::{Claimed, Identity, Work};
use herald_pipeline::announce;
use herald_store_postgres::PostgresStore;

use crate::amqp::{self, RoundTrip};
use crate::database::Database;
use crate::process::Process;
use crate::report::{Beside, Goal, Row};
use crate::seed;
use crate::stats::{Spread, percentile};
use crate::watcher::Watcher;
use crate::{Bench, machine};

/// Of one round.
const VERDICTS: usize = 300;
const USERS: usize = 32;
/// Between a verdict and a bare message, and again until the next verdict.
const SPACING: Duration = Duration::from_millis(10);
/// By then the hub has caught up after its first binds and is idle.
const SETTLE: Duration = Duration::from_secs(2);
/// No lease runs out in the course of a round.
const LEASE_MS: u64 = 600_000;

/// Percentiles of each round, in milliseconds.
#[derive(Default)]
struct Rounds {
    frame: [Vec<f64>; 2],
    bare: [Vec<f64>; 2],
    disturbed: usize,
}

const PERCENTILES: [f64; 2] = [50.0, 99.0];

pub async fn measure(bench: &Bench, database: &Database) -> anyhow::Result<Vec<Row>> {
    let prefix = format!("bench-push-{}", std::process::id());
    let settings = [
        ("HERALD_STORE_URL", database.url.as_str()),
        ("HERALD_BROKER_URL", &bench.servers.broker_url),
        ("HERALD_BROKER_PREFIX", &prefix),
    ];
    let notifier = Process::start("notifier", &settings, bench.folder.path()).await?;
    let config = RabbitConfig { prefix: prefix.clone(), ..RabbitConfig::default() };
    let worker = Worker {
        store: database.store(4).await?,
        broker: RabbitBroker::connect(&bench.servers.broker_url, config)?,
        bare: RoundTrip::connect(&bench.servers.broker_url).await?,
    };
    let rounds = run(bench, worker, notifier.address).await;
    notifier.kill().await?;
    amqp::remove(&bench.servers.broker_url, &prefix).await?;
    Ok(rows(&rounds?))
}

async fn run(bench: &Bench, mut worker: Worker, notifier: SocketAddr) -> anyhow::Result<Rounds> {
    let mut rounds = Rounds::default();
    for round in 1..=bench.rounds {
        let watched = worker.prepare(notifier).await?;
        tokio::time::sleep(SETTLE).await;
        rounds.disturbed += usize::from(!machine::is_quiet().await);
        let (frame, bare) = worker.round(watched).await?;
        for (n, percent) in PERCENTILES.into_iter().enumerate() {
            rounds.frame[n].push(percentile(&frame, percent));
            rounds.bare[n].push(percentile(&bare, percent));
        }
        let last = |figures: &[Vec<f64>; 2]| figures.each_ref().map(|rounds| rounds[round - 1]);
        eprintln!("  round {round}: frame p50, p99 {:.2?} ms; bare {:.2?} ms", last(&rounds.frame), last(&rounds.bare));
    }
    worker.broker.close().await;
    Ok(rounds)
}

fn rows(rounds: &Rounds) -> Vec<Row> {
    let row = |name, what, n: usize| Row {
        name,
        what,
        unit: "×",
        figure: Spread::ratio(&rounds.frame[n], &rounds.bare[n]),
        goal: Some(Goal::AtMost(3.0)),
        later: false,
        beside: vec![Beside::new("frame", "ms", &rounds.frame[n]), Beside::new("bare", "ms", &rounds.bare[n])],
        disturbed: rounds.disturbed,
    };
    vec![
        row("push_p50", "verdict committed → frame at the client, p50 ÷ bare round trip", 0),
        row("push_p99", "verdict committed → frame at the client, p99 ÷ bare round trip", 1),
    ]
}

struct Worker {
    store: PostgresStore,
    broker: RabbitBroker,
    bare: RoundTrip,
}

/// A submission that only lacks its verdict, and who waits for it.
struct Watched {
    id: SubmissionId,
    token: LeaseToken,
    watcher: Watcher,
}

impl Worker {
    /// Submissions in the state `running`, each with a client that has its snapshot.
    async fn prepare(&self, notifier: SocketAddr) -> anyhow::Result<Vec<Watched>> {
        let signing_key = self.store.signing_key().await?;
        let created = seed::submissions(&self.store, VERDICTS, USERS).await?;
        let tickets: HashMap<_, _> =
            created.iter().map(|created| (created.submission.id, seed::ticket(&signing_key, created))).collect();
        let mut all = Vec::with_capacity(VERDICTS);
        for _ in 0..VERDICTS {
            let token = seed::lease();
            let Claimed::Work(claim, _) = self.store.claim("any", token, LEASE_MS).await? else {
                bail!("there is nothing to claim")
            };
            let id = claim.submission.id;
            self.store.start_running(id, token, Some(1)).await?.context("the lease is gone")?;
            let ticket = tickets.get(&id).context("a submission of somebody else was claimed")?;
            all.push(Watched { id, token, watcher: Watcher::connect(notifier, ticket).await? });
        }
        Ok(all)
    }

    /// Milliseconds of each verdict's way and of each bare message's.
    async fn round(&mut self, all: Vec<Watched>) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
        let mut ticks = tokio::time::interval(SPACING);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut frame, mut bare) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
        for mut watched in all {
            ticks.tick().await;
            let event = self.store.record_verdict(watched.id, watched.token, &seed::accepted()).await?;
            let committed = Instant::now();
            let event = event.context("the lease is gone")?;
            announce(&self.broker, &event);
            watched.watcher.until("submission.finished").await?;
            frame.push(committed.elapsed().as_secs_f64() * 1e3);
            let body = LiveMessage::Event(event).to_json();
            ticks.tick().await;
            bare.push(self.bare.once(&body).await?.as_secs_f64() * 1e3);
        }
        Ok((frame, bare))
    }
}
