//! What the five services make of payments, each service a real process beside `herald api` and `herald notifier` on PostgreSQL and
//! RabbitMQ. Each payment goes to a merchant and earns a reward, which is a transfer more, for the services too. Mails become
//! files, and nobody has a webhook, so that service has nothing to do and says so. The files stay until the end: ext4 searches long
//! for the inode of a new file while there are many that were deleted in the last minutes.
//!
//! First a burst: payments by 16 clients, from the first booking to the last effect, both by the database's clock; against the
//! rate at which payments are accepted while no service runs. Then one payment at a time, the next after a pause: from the answer
//! to the POST to the frame of the last service at a client that watches the payer's channel, in one process, so by one clock.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use herald_domain::channel::Channel;
use herald_domain::id::TransferId;
use herald_domain::money::Service;
use herald_domain::store::Identity;
use serde::Deserialize;

use crate::database::{CLIENTS, Database};
use crate::http::Client;
use crate::payments::{Market, PAYERS, To};
use crate::process::Process;
use crate::report::{Beside, Goal, Row};
use crate::stats::{Spread, percentile};
use crate::watcher::Watcher;
use crate::{Bench, machine, seed};

/// How long payments are accepted without services.
const ACCEPT: Duration = Duration::from_secs(4);
/// Payments of a burst.
const BURST: usize = 3_000;
const WARM_UP: usize = 300;
const LOOK_EVERY: Duration = Duration::from_millis(500);
const DONE_WITHIN: Duration = Duration::from_secs(120);
/// Payments of a round, one at a time.
const SINGLE: usize = 200;
/// After a payment has been served: its reward is served, too, before the next.
const PAUSE: Duration = Duration::from_millis(40);
/// By then the hub has caught up after its first binds and is idle.
const SETTLE: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Rounds {
    accepted: Vec<f64>,
    accepted_in_burst: Vec<f64>,
    served: Vec<f64>,
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    disturbed: usize,
}

pub async fn measure(bench: &Bench, database: &Database) -> anyhow::Result<Vec<Row>> {
    let market = Market::open(bench, database, "fanout").await?;
    let rounds = run(bench, &market).await;
    market.close().await?;
    Ok(rows(&rounds?))
}

fn rows(rounds: &Rounds) -> Vec<Row> {
    let effects: Vec<_> = rounds.served.iter().map(|served| served * Service::ALL.len() as f64).collect();
    let row = |name, what, unit, figure, goal, beside| Row {
        name,
        what,
        unit,
        figure,
        goal,
        later: false,
        beside,
        disturbed: rounds.disturbed,
    };
    vec![
        row(
            "fanout_rate",
            "payments with all five services done, per second of a burst ÷ accepted without services",
            "×",
            Spread::ratio(&rounds.served, &rounds.accepted),
            Some(Goal::AtLeast(0.2)),
            vec![
                Beside::new("done", "/s", &rounds.served),
                Beside::new("effects", "/s", &effects),
                Beside::new("accepted meanwhile", "/s", &rounds.accepted_in_burst),
                Beside::new("accepted without services", "/s", &rounds.accepted),
            ],
        ),
        row(
            "fanout_p50",
            "payment committed → frame of the last of five services, idle, p50",
            "ms",
            Spread::of(rounds.p50_ms.clone()),
            None,
            Vec::new(),
        ),
        row(
            "fanout_p99",
            "payment committed → frame of the last of five services, idle, p99",
            "ms",
            Spread::of(rounds.p99_ms.clone()),
            Some(Goal::AtMost(50.0)),
            Vec::new(),
        ),
    ]
}

async fn run(bench: &Bench, market: &Market<'_>) -> anyhow::Result<Rounds> {
    market.warm_up(CLIENTS).await?;
    let mut rounds = Rounds::default();
    for round in 1..=bench.rounds {
        rounds.disturbed += usize::from(!machine::is_quiet().await);
        let accepted = market.payers(CLIENTS).await?.pay_for(ACCEPT, To::All).await?.per_second;
        market.forget().await?;
        let services = services(market).await?;
        burst(market, WARM_UP).await?;
        let (taken, served) = burst(market, BURST).await?;
        let single = one_by_one(market).await?;
        try_join_all(services.into_iter().map(Process::end)).await?;
        market.forget().await?;
        rounds.accepted.push(accepted);
        rounds.accepted_in_burst.push(taken);
        rounds.served.push(served);
        rounds.p50_ms.push(percentile(&single, 50.0));
        rounds.p99_ms.push(percentile(&single, 99.0));
        let n = round - 1;
        eprintln!(
            "  round {round}: {served:.0} payments/s served, {taken:.0}/s accepted meanwhile, {accepted:.0}/s without services; \
             one at a time p50 {:.1} ms, p99 {:.1} ms",
            rounds.p50_ms[n], rounds.p99_ms[n]
        );
    }
    Ok(rounds)
}

async fn services(market: &Market<'_>) -> anyhow::Result<Vec<Process>> {
    let commands = Service::ALL.iter().map(|service| format!("service {service}"));
    try_join_all(commands.map(|command| async move { market.start(&command).await })).await
}

/// So many payments at once; how many were accepted a second, and with how many all services were done a second.
async fn burst(market: &Market<'_>, payments: usize) -> anyhow::Result<(f64, f64)> {
    let since = market.database.sql("select clock_timestamp()").await?;
    let accepted = market.payers(CLIENTS).await?.pay(payments, To::All).await?.per_second;
    let began = Instant::now();
    loop {
        let Effects { ended, failed, seconds } = effects(market.database, since.trim()).await?;
        ensure!(failed == 0, "{failed} effects failed");
        if ended == payments * Service::ALL.len() {
            return Ok((accepted, payments as f64 / seconds));
        }
        ensure!(began.elapsed() < DONE_WITHIN, "services are not done: {ended} effects");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What was made of payments since some time, and from the first booking to the last effect.
struct Effects {
    ended: usize,
    failed: usize,
    seconds: f64,
}

async fn effects(database: &Database, since: &str) -> anyhow::Result<Effects> {
    let query = format!(
        "select count(*), count(*) filter (where e.state = 'failed'),
            coalesce(extract(epoch from max(e.changed_at) - min(t.created_at)), 0)
        from effects e join transfers t on t.id = e.transfer_id
        where t.kind = 'payment' and t.created_at >= '{since}' and e.state <> 'pending'"
    );
    let row = database.sql(&query).await?;
    let mut columns = row.trim().split('|');
    let mut next = || columns.next().with_context(|| format!("not three figures: {row}"));
    Ok(Effects { ended: next()?.parse()?, failed: next()?.parse()?, seconds: next()?.parse()? })
}

#[derive(Deserialize)]
struct Booked {
    id: TransferId,
}

/// Milliseconds from each payment's answer to the frame of its last service.
async fn one_by_one(market: &Market<'_>) -> anyhow::Result<Vec<f64>> {
    let notifier = market.start("notifier").await?;
    let signing_key = market.store.signing_key().await?;
    // The last payer of all, whose past the burst has made no longer than anybody's.
    let payer = PAYERS - 1;
    let owner = seed::owner(payer)?;
    let ticket = seed::ticket_for(&signing_key, &owner, Channel::User(owner.clone()));
    let mut watcher = Watcher::connect(notifier.address, &ticket).await?;
    let mut client = Client::connect(market.api.address).await?;
    tokio::time::sleep(SETTLE).await;
    let mut all = Vec::with_capacity(SINGLE);
    for n in 0..SINGLE {
        let answer = client.pay(&market.keys[payer], seed::payment_body(payer, n)).await?;
        let committed = Instant::now();
        let Booked { id } = serde_json::from_slice(&answer)?;
        watcher.until_served(id).await?;
        all.push(committed.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(PAUSE).await;
    }
    notifier.kill().await?;
    Ok(all)
}
