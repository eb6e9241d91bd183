//! Measures Herald against a peer or a limit in the same run, on the same machine: ratios, which mean something elsewhere, with
//! absolute figures beside them, which do not.
//!
//! Invariants:
//! * a measure and its peer alternate, round by round, and nothing else of ours runs meanwhile;
//! * a figure is the median of its rounds, shown with the least and the greatest; a round that began while others used the
//!   machine is counted as disturbed, never left out;
//! * what is measured is the product: release binaries with their defaults, in processes of their own, wherever the measure
//!   does not need a part by itself.
//!
//! It never judges: a missed goal is printed as missed and the exit code is still 0, for a busy machine misses goals too.

mod amqp;
mod database;
mod http;
mod machine;
mod measure;
mod payments;
mod process;
mod report;
mod seed;
mod spawner;
mod stats;
mod watcher;

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use tempfile::TempDir;

use database::Servers;
use measure::Measure;
use report::{Report, Row};

/// Measures Herald and prints ratios
#[derive(Parser, Debug)]
#[command(name = "herald-bench", version)]
pub struct Options {
    /// Measure only these, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAMES")]
    only: Vec<Measure>,
    /// Measure the flow of money instead of that of submissions
    #[arg(long, conflicts_with = "only")]
    money: bool,
    /// Measure the judge: the sandbox, and verdicts of trivial programs
    #[arg(long, conflicts_with_all = ["only", "money"])]
    judge: bool,
    /// Rounds of each measure
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// Also write the figures, with every round, to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What every measure works with.
struct Bench {
    servers: Servers,
    /// For logs and data of the processes that are measured.
    folder: TempDir,
    rounds: usize,
}

/// Runs the measures and prints their table.
pub async fn run(options: &Options) -> anyhow::Result<()> {
    machine::allow_open_files().context("the limit of open files cannot be raised")?;
    let bench = Bench {
        servers: Servers::from_env()?,
        folder: tempfile::Builder::new().prefix("herald-bench-").tempdir()?,
        rounds: options.rounds.into(),
    };
    let chosen = match options.only.as_slice() {
        _ if options.money => Measure::MONEY,
        _ if options.judge => Measure::JUDGE,
        [] => Measure::JUDGING,
        only => only,
    };
    let mut rows: Vec<Row> = Vec::new();
    for measure in chosen {
        eprintln!("{measure:?}: {}", measure.title());
        rows.extend(measure.run(&bench).await.with_context(|| format!("the measure {measure:?} failed"))?);
    }
    let report = Report::new(machine::describe(), bench.servers.describe().await?, rows);
    if let Some(file) = &options.json {
        std::fs::write(file, report.json()?).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    print!("{}", report.markdown());
    Ok(())
}
