//! The outbox relay over the PostgreSQL and RabbitMQ adapters with many rows waiting: claimed, published with confirms, deleted;
//! against bare publishes of the like to a quorum queue, 1,000 in flight.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use herald_broker_rabbitmq::{RabbitBroker, RabbitConfig};
use herald_domain::store::Store;
use herald_pipeline::{Deps, Relay};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::database::Database;
use crate::report::{Beside, Goal, Row};
use crate::stats::Spread;
use crate::{Bench, amqp, machine, seed};

/// Of one round.
const ROWS: usize = 20_000;
const USERS: usize = 1_000;
/// Of a bare message.
const BYTES: usize = 300;
const LOOK_EVERY: Duration = Duration::from_millis(20);
const DONE_WITHIN: Duration = Duration::from_secs(120);

pub async fn measure(bench: &Bench, database: &Database) -> anyhow::Result<Vec<Row>> {
    let url = &bench.servers.broker_url;
    let prefix = format!("bench-relay-{}", std::process::id());
    let config = RabbitConfig { prefix: prefix.clone(), ..RabbitConfig::default() };
    let deps = Deps {
        // As many connections as a process of the fleet has that is no api.
        store: Arc::new(database.store(4).await?),
        broker: Arc::new(RabbitBroker::connect(url, config)?),
    };
    let (mut relayed, mut published, mut disturbed) = (Vec::new(), Vec::new(), 0);
    for round in 1..=bench.rounds {
        fill(&*deps.store, database).await?;
        disturbed += usize::from(!machine::is_quiet().await);
        published.push(amqp::publish_to_quorum_queue(url, ROWS, BYTES).await?);
        relayed.push(relay(&deps).await?);
        amqp::purge(url, &format!("{prefix}.work.judge.any")).await?;
        eprintln!("  round {round}: relayed {:.0}/s, published {:.0}/s", relayed[round - 1], published[round - 1]);
    }
    deps.broker.close().await;
    amqp::remove(url, &prefix).await?;
    Ok(vec![Row {
        name: "relay",
        what: "outbox relay, rows published and deleted per second ÷ bare pipelined publish to a quorum queue",
        unit: "×",
        figure: Spread::ratio(&relayed, &published),
        goal: Some(Goal::AtLeast(0.5)),
        later: true,
        beside: vec![Beside::new("relay", "/s", &relayed), Beside::new("bare publish", "/s", &published)],
        disturbed,
    }])
}

/// Rows that wait, as if the process that wrote them had died.
async fn fill(store: &dyn Store, database: &Database) -> anyhow::Result<()> {
    database.clear().await?;
    seed::submissions(store, ROWS, 0..USERS).await?;
    store.release_outbox().await?;
    database.sql("checkpoint").await?;
    Ok(())
}

/// Rows per second until the outbox is empty.
async fn relay(deps: &Deps) -> anyhow::Result<f64> {
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let began = Instant::now();
    let relay = Relay::start(deps.clone(), &tasks, stop.clone());
    while deps.store.count_outbox().await? > 0 {
        ensure!(began.elapsed() < DONE_WITHIN, "the relay does not empty the outbox");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let rate = ROWS as f64 / began.elapsed().as_secs_f64();
    stop.cancel();
    drop(relay);
    tasks.close();
    tasks.wait().await;
    Ok(rate)
}
