//! What ten thousand idle WebSockets cost a real notifier: resident memory each, and how fast they are taken in, against a bare
//! HTTP request on a fresh connection to the same process.
//!
//! The memory is what the process has resident with all of them, after what it takes to take them in, less what it had before the
//! first; buffers of the kernel, about 4 KB a socket, are in neither.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::{StreamExt, TryStreamExt};
use herald_domain::store::Identity;
use tokio::task::JoinSet;

use crate::database::Database;
use crate::http::Client;
use crate::process::Process;
use crate::report::{Beside, Goal, Row};
use crate::stats::Spread;
use crate::watcher::Watcher;
use crate::{Bench, amqp, machine, seed};

const SOCKETS: usize = 10_000;
/// Channels that the sockets share in the second measure.
const FEW: usize = 100;
const USERS: usize = 200;
/// Fresh connections for the peer's rate.
const REQUESTS: usize = 3_000;
/// Connects under way at once.
const AT_ONCE: usize = 64;
/// For buffers of the handshake to be given back.
const SETTLE: Duration = Duration::from_secs(3);
/// Each round is ten thousand samples of memory.
const MOST_ROUNDS: usize = 3;

#[derive(Default)]
struct Rounds {
    kb: Vec<f64>,
    kb_few: Vec<f64>,
    total_mib: Vec<f64>,
    connects: Vec<f64>,
    requests: Vec<f64>,
    disturbed: usize,
}

pub async fn measure(bench: &Bench, database: &Database) -> anyhow::Result<Vec<Row>> {
    let store = database.store(4).await?;
    let signing_key = store.signing_key().await?;
    let created = seed::submissions(&store, SOCKETS, 0..USERS).await?;
    let tickets: Vec<String> = created.iter().map(|created| seed::ticket(&signing_key, created)).collect();
    let few: Vec<String> = tickets.iter().take(FEW).cycle().take(SOCKETS).cloned().collect();
    let (tickets, few) = (Arc::new(tickets), Arc::new(few));
    let mut rounds = Rounds::default();
    for round in 1..=bench.rounds.min(MOST_ROUNDS) {
        rounds.disturbed += usize::from(!machine::is_quiet().await);
        let one = round_of(bench, database, &tickets).await?;
        rounds.kb.push(one.kb);
        rounds.total_mib.push(one.total_mib);
        rounds.connects.push(one.connects);
        rounds.requests.push(one.requests);
        let shared = round_of(bench, database, &few).await?;
        rounds.kb_few.push(shared.kb);
        eprintln!(
            "  round {round}: {:.2} KB each ({:.2} on {FEW} channels); {:.0} connects/s, {:.0} bare requests/s",
            one.kb, shared.kb, one.connects, one.requests
        );
    }
    Ok(rows(&rounds))
}

fn rows(rounds: &Rounds) -> Vec<Row> {
    let memory = Row {
        name: "socket_memory",
        what: "idle WebSocket in the notifier, resident (10,000 sockets on 10,000 channels)",
        unit: "KB",
        figure: Spread::of(rounds.kb.clone()),
        goal: Some(Goal::AtMost(6.0)),
        later: false,
        beside: vec![
            Beside::new("on 100 channels", "KB", &rounds.kb_few),
            Beside::new("notifier with all of them", "MiB", &rounds.total_mib),
        ],
        disturbed: rounds.disturbed,
    };
    let connects = Row {
        name: "socket_connects",
        what: "WebSockets connected up to their snapshot, per second ÷ bare HTTP requests on fresh connections",
        unit: "×",
        figure: Spread::ratio(&rounds.connects, &rounds.requests),
        goal: None,
        beside: vec![
            Beside::new("WebSockets", "/s", &rounds.connects),
            Beside::new("requests", "/s", &rounds.requests),
        ],
        ..memory.clone()
    };
    vec![memory, connects]
}

struct Round {
    kb: f64,
    total_mib: f64,
    connects: f64,
    requests: f64,
}

/// With a fresh notifier: what another round has left in its allocator would flatter this one.
async fn round_of(bench: &Bench, database: &Database, tickets: &Arc<Vec<String>>) -> anyhow::Result<Round> {
    let prefix = format!("bench-sockets-{}", std::process::id());
    let settings = [
        ("HERALD_STORE_URL", database.url.as_str()),
        ("HERALD_BROKER_URL", &bench.servers.broker_url),
        ("HERALD_BROKER_PREFIX", &prefix),
    ];
    let notifier = Process::start("notifier", &settings, bench.folder.path()).await?;
    let requests = request(&notifier, REQUESTS).await?;
    let before = notifier.resident_kib()?;
    let began = Instant::now();
    let mut idle = connect(&notifier, tickets).await?;
    let connects = tickets.len() as f64 / began.elapsed().as_secs_f64();
    tokio::time::sleep(SETTLE).await;
    let after = notifier.resident_kib()?;
    ensure!(idle.try_join_next().is_none(), "the notifier closed a socket that was to be idle");
    notifier.kill().await?;
    drop(idle);
    amqp::remove(&bench.servers.broker_url, &prefix).await?;
    let kb = (after - before) * 1.024 / tickets.len() as f64;
    Ok(Round { kb, total_mib: after / 1024.0, connects, requests })
}

/// Connects one socket a ticket; each answers pings by a task of its own.
async fn connect(notifier: &Process, tickets: &[String]) -> anyhow::Result<JoinSet<()>> {
    let coming = tickets.iter().map(|ticket| Watcher::connect(notifier.address, ticket));
    let mut coming = futures::stream::iter(coming).buffer_unordered(AT_ONCE);
    let mut idle = JoinSet::new();
    while let Some(watcher) = coming.try_next().await? {
        idle.spawn(watcher.idle());
    }
    Ok(idle)
}

/// Requests per second, each on a fresh connection.
async fn request(notifier: &Process, count: usize) -> anyhow::Result<f64> {
    let began = Instant::now();
    let request = |_| async { Client::connect(notifier.address).await?.get("/livez").await.map(drop) };
    futures::stream::iter(0..count).map(request).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    Ok(count as f64 / began.elapsed().as_secs_f64())
}
