//! The measures, each a module.

mod cycle;
mod fanout;
mod noop;
mod push;
mod relay;
mod sockets;
mod submit;
mod transfers;
mod up;
mod verdict;

use clap::ValueEnum;

use crate::Bench;
use crate::database::Database;
use crate::report::Row;

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Measure {
    Push,
    Sockets,
    Up,
    Submit,
    Relay,
    Noop,
    Transfers,
    Fanout,
    Cycle,
    Verdict,
}

impl Measure {
    pub const JUDGING: &'static [Self] = &[Self::Push, Self::Sockets, Self::Up, Self::Submit, Self::Relay, Self::Noop];
    pub const JUDGE: &'static [Self] = &[Self::Cycle, Self::Verdict];
    pub const MONEY: &'static [Self] = &[Self::Transfers, Self::Fanout];

    pub fn title(self) -> &'static str {
        match self {
            Self::Push => "verdict committed → frame at the client, against a bare round trip",
            Self::Sockets => "what an idle WebSocket costs the notifier",
            Self::Up => "what `herald up` costs after its start",
            Self::Submit => "accepted POST /submit, against pgbench",
            Self::Relay => "the outbox relay, against a bare pipelined publish",
            Self::Noop => "submissions from POST to verdict with nothing to judge",
            Self::Transfers => "accepted POST /transactions, against pgbench's TPC-B",
            Self::Fanout => "what the five services make of transfers, and how soon",
            Self::Cycle => "what one run in the sandbox costs, against a fork and exec, bubblewrap and nsjail",
            Self::Verdict => "from POST to the pushed verdict of trivial programs",
        }
    }

    pub async fn run(self, bench: &Bench) -> anyhow::Result<Vec<Row>> {
        match self {
            Self::Push => on_database(bench, "push", push::measure).await,
            Self::Sockets => on_database(bench, "sockets", sockets::measure).await,
            Self::Up => up::measure(bench).await,
            Self::Submit => submit::measure(bench).await,
            Self::Relay => on_database(bench, "relay", relay::measure).await,
            Self::Noop => on_database(bench, "noop", noop::measure).await,
            Self::Transfers => on_database(bench, "transfers", transfers::measure).await,
            Self::Fanout => on_database(bench, "fanout", fanout::measure).await,
            Self::Cycle => cycle::measure(bench).await,
            Self::Verdict => verdict::measure(bench).await,
        }
    }
}

/// Runs a measure on a database of its own, which is removed afterwards, also if it failed.
async fn on_database(
    bench: &Bench,
    purpose: &str,
    measure: impl AsyncFnOnce(&Bench, &Database) -> anyhow::Result<Vec<Row>>,
) -> anyhow::Result<Vec<Row>> {
    let database = bench.servers.database(purpose).await?;
    let rows = measure(bench, &database).await;
    database.remove().await?;
    rows
}
