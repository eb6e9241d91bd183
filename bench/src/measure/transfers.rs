//! Accepted `POST /transactions` over HTTP keep-alive by 16 and by 64 clients, to a real `herald api` on PostgreSQL and RabbitMQ
//! with its relay publishing and no service consuming; against pgbench's TPC-B-like transaction with as many clients on the same
//! server. Once to all merchants in turn, and once to one merchant that every payment goes to.

use std::time::Duration;

use crate::database::Database;
use crate::payments::{Market, Paid, To};
use crate::report::{Beside, Goal, Row};
use crate::stats::Spread;
use crate::{Bench, machine};

const SECONDS: u64 = 4;
/// As many branches as there are clients at most: else pgbench waits for locks on its branches and nothing else.
const SCALE: u32 = 100;

/// One count of clients, its rounds, and the names of its two rows.
struct Crowd {
    clients: usize,
    spread: [&'static str; 2],
    hot: [&'static str; 2],
    paid: Vec<Paid>,
    hot_paid: Vec<Paid>,
    tpcb: Vec<f64>,
}

pub async fn measure(bench: &Bench, database: &Database) -> anyhow::Result<Vec<Row>> {
    let peer = bench.servers.tpcb_database(SCALE).await?;
    let rows = against(bench, database, &peer).await;
    peer.remove().await?;
    rows
}

async fn against(bench: &Bench, database: &Database, peer: &Database) -> anyhow::Result<Vec<Row>> {
    let market = Market::open(bench, database, "transfers").await?;
    let mut crowds = crowds();
    let disturbed = run(bench, &market, peer, &mut crowds).await;
    market.close().await?;
    let disturbed = disturbed?;
    Ok(crowds.iter().flat_map(|crowd| crowd.rows(disturbed)).collect())
}

/// How many rounds were disturbed.
async fn run(bench: &Bench, market: &Market<'_>, peer: &Database, crowds: &mut [Crowd]) -> anyhow::Result<usize> {
    market.warm_up(64).await?;
    let mut disturbed = 0;
    for round in 1..=bench.rounds {
        disturbed += usize::from(!machine::is_quiet().await);
        for crowd in &mut *crowds {
            let mut payers = market.payers(crowd.clients).await?;
            let time = Duration::from_secs(SECONDS);
            market.forget().await?;
            crowd.tpcb.push(peer.tpcb(crowd.clients, SECONDS).await?);
            market.forget().await?;
            crowd.paid.push(payers.pay_for(time, To::All).await?);
            market.forget().await?;
            crowd.hot_paid.push(payers.pay_for(time, To::One).await?);
            let (n, clients) = (round - 1, crowd.clients);
            let (all, one) = (&crowd.paid[n], &crowd.hot_paid[n]);
            eprintln!(
                "  round {round}, {clients} clients: {:.0} payments/s (p50 {:.2} ms, p99 {:.2} ms), to one merchant {:.0}/s, TPC-B {:.0}/s",
                all.per_second, all.p50_ms, all.p99_ms, one.per_second, crowd.tpcb[n]
            );
        }
    }
    Ok(disturbed)
}

fn crowds() -> [Crowd; 2] {
    let crowd =
        |clients, spread, hot| Crowd { clients, spread, hot, paid: Vec::new(), hot_paid: Vec::new(), tpcb: Vec::new() };
    [
        crowd(
            16,
            ["transfers_16", "accepted POST /transactions, 16 clients ÷ pgbench TPC-B-like"],
            ["transfers_hot_16", "all to one merchant ÷ to many, 16 clients"],
        ),
        crowd(
            64,
            ["transfers_64", "accepted POST /transactions, 64 clients ÷ pgbench TPC-B-like"],
            ["transfers_hot_64", "all to one merchant ÷ to many, 64 clients"],
        ),
    ]
}

impl Crowd {
    fn rows(&self, disturbed: usize) -> [Row; 2] {
        let of = |all: &[Paid], figure: fn(&Paid) -> f64| all.iter().map(figure).collect::<Vec<_>>();
        let (many, one) = (of(&self.paid, |paid| paid.per_second), of(&self.hot_paid, |paid| paid.per_second));
        let row = |[name, what]: [&'static str; 2], figure, least, beside| Row {
            name,
            what,
            unit: "×",
            figure,
            goal: Some(Goal::AtLeast(least)),
            later: false,
            beside,
            disturbed,
        };
        let times = |all: &[Paid]| {
            let p50 = Beside::new("their p50", "ms", &of(all, |paid| paid.p50_ms));
            [p50, Beside::new("p99", "ms", &of(all, |paid| paid.p99_ms))]
        };
        let mut beside = vec![Beside::new("payments", "/s", &many)];
        beside.extend(times(&self.paid));
        beside.push(Beside::new("TPC-B", "/s", &self.tpcb));
        let mut beside_hot = vec![Beside::new("to one", "/s", &one)];
        beside_hot.extend(times(&self.hot_paid));
        beside_hot.push(Beside::new("to many", "/s", &many));
        [
            row(self.spread, Spread::ratio(&many, &self.tpcb), 1.0, beside),
            row(self.hot, Spread::ratio(&one, &many), 0.5, beside_hot),
        ]
    }
}
