//! From the commit of a verdict to its frame at a client of a real notifier, over PostgreSQL and RabbitMQ, while nothing else
//! happens; against one transient message over bare AMQP. The two alternate, one every 10 ms, so that both meet the same machine.
//!
//! The committing side is what a worker does: `record_verdict`, then `announce`. The clock starts when the former has returned.
//!
//! Then the same for one socket that has been open for a while and watches a user, and a verdict that follows close on another
//! step, as with every short program: what holds a small segment back until the one before is acknowledged would show here.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use herald_broker_rabbitmq::{RabbitBroker, RabbitConfig};
use herald_domain::broker::Broker;
use herald_domain::channel::Channel;
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
/// Of one round, close on another step.
const CLOSE_VERDICTS: usize = 100;
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
    close: [Vec<f64>; 2],
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
        let (mut watcher, claimed) = worker.prepare_user(notifier).await?;
        tokio::time::sleep(SETTLE).await;
        rounds.disturbed += usize::from(!machine::is_quiet().await);
        let (frame, bare) = worker.round(watched).await?;
        let close = worker.close_round(&mut watcher, claimed).await?;
        for (n, percent) in PERCENTILES.into_iter().enumerate() {
            rounds.frame[n].push(percentile(&frame, percent));
            rounds.close[n].push(percentile(&close, percent));
            rounds.bare[n].push(percentile(&bare, percent));
        }
        let last = |figures: &[Vec<f64>; 2]| figures.each_ref().map(|rounds| rounds[round - 1]);
        let (frame, close, bare) = (last(&rounds.frame), last(&rounds.close), last(&rounds.bare));
        eprintln!(
            "  round {round}: p50 and p99 in ms: frame {frame:.2?}, close on another {close:.2?}, bare {bare:.2?}"
        );
    }
    worker.broker.close().await;
    Ok(rounds)
}

fn rows(rounds: &Rounds) -> Vec<Row> {
    let row = |name, what, frames: &[f64], bare: &[f64], goal| Row {
        name,
        what,
        unit: "×",
        figure: Spread::ratio(frames, bare),
        goal,
        later: false,
        beside: vec![Beside::new("frame", "ms", frames), Beside::new("bare", "ms", bare)],
        disturbed: rounds.disturbed,
    };
    let Rounds { frame, close, bare, .. } = rounds;
    let goal = Some(Goal::AtMost(3.0));
    vec![
        row("push_p50", "verdict committed → frame at the client, p50 ÷ bare round trip", &frame[0], &bare[0], goal),
        row("push_p99", "verdict committed → frame at the client, p99 ÷ bare round trip", &frame[1], &bare[1], goal),
        row("push_close_p50", "the same, close on another step, p50", &close[0], &bare[0], None),
        row("push_close_p99", "the same, close on another step, p99", &close[1], &bare[1], None),
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
        let created = seed::submissions(&self.store, VERDICTS, 0..USERS).await?;
        let tickets: HashMap<_, _> =
            created.iter().map(|created| (created.submission.id, seed::ticket(&signing_key, created))).collect();
        let mut all = Vec::with_capacity(VERDICTS);
        for _ in 0..VERDICTS {
            let (id, token) = self.claim().await?;
            self.store.start_running(id, token, Some(1)).await?.context("the lease is gone")?;
            let ticket = tickets.get(&id).context("a submission of somebody else was claimed")?;
            all.push(Watched { id, token, watcher: Watcher::connect(notifier, ticket).await? });
        }
        Ok(all)
    }

    /// Claimed submissions of one more user, and a client of the user's channel that has seen as many frames as it takes for its
    /// kernel to stop acknowledging each at once.
    async fn prepare_user(&self, notifier: SocketAddr) -> anyhow::Result<(Watcher, Vec<(SubmissionId, LeaseToken)>)> {
        let created = seed::submissions(&self.store, CLOSE_VERDICTS, USERS..USERS + 1).await?;
        let owner = &created.first().context("there are submissions")?.submission.owner;
        let ticket = seed::ticket_for(&self.store.signing_key().await?, owner, Channel::User(owner.clone()));
        let mut watcher = Watcher::connect(notifier, &ticket).await?;
        let mut claimed = Vec::with_capacity(CLOSE_VERDICTS);
        for _ in 0..CLOSE_VERDICTS {
            let (id, token) = self.claim().await?;
            watcher.until("submission.compiling", id).await?;
            claimed.push((id, token));
        }
        Ok((watcher, claimed))
    }

    async fn claim(&self) -> anyhow::Result<(SubmissionId, LeaseToken)> {
        let token = seed::lease();
        let Claimed::Work(claim, event) = self.store.claim("any", token, LEASE_MS).await? else {
            bail!("there is nothing to claim")
        };
        announce(&self.broker, &event);
        Ok((claim.submission.id, token))
    }

    /// Milliseconds of each verdict's way when its `submission.running` has just gone out.
    async fn close_round(
        &self,
        watcher: &mut Watcher,
        claimed: Vec<(SubmissionId, LeaseToken)>,
    ) -> anyhow::Result<Vec<f64>> {
        let mut ticks = tokio::time::interval(SPACING * 2);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut close = Vec::with_capacity(claimed.len());
        for (id, token) in claimed {
            ticks.tick().await;
            let running = self.store.start_running(id, token, Some(1)).await?.context("the lease is gone")?;
            announce(&self.broker, &running);
            let finished = self.store.record_verdict(id, token, &seed::accepted()).await?;
            let committed = Instant::now();
            announce(&self.broker, &finished.context("the lease is gone")?);
            watcher.until("submission.finished", id).await?;
            close.push(committed.elapsed().as_secs_f64() * 1e3);
        }
        Ok(close)
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
            watched.watcher.until("submission.finished", watched.id).await?;
            frame.push(committed.elapsed().as_secs_f64() * 1e3);
            let body = LiveMessage::Event(event).to_json();
            ticks.tick().await;
            bare.push(self.bare.once(&body).await?.as_secs_f64() * 1e3);
        }
        Ok((frame, bare))
    }
}
