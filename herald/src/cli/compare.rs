//! `herald compare`: how late does each way of waiting learn of a verdict, and what does it cost?
//!
//! Each round submits one small program and watches that one submission in all ways at once, so that what differs between
//! the rows is the way of waiting alone. The program sleeps for a random time, so that no way profits from where its
//! interval happens to fall. A delay runs from `finished_at` (the server's clock) to the moment the verdict is read here;
//! both clocks are one where server and client share a machine, and only then do the numbers mean anything.

use std::process::ExitCode;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::Result;
use crate::client::Place;

mod program;
mod round;
mod way;

use round::Round;
use way::Way;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// How many submissions.
    #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// Print the rows as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// A row of the result: figures per submission, submitting not included.
#[derive(Serialize, Debug, PartialEq)]
struct Row {
    transport: &'static str,
    median_ms: f64,
    p99_ms: f64,
    requests: f64,
    bytes: f64,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let client = super::connect(&args.place)?;
    let program = program::choose(&client).await?;
    // Uncounted: opens connections, wakes workers, and fails early if something is amiss.
    round::submit_and_wait(&client, &program).await?;
    let mut watchers = Way::ALL.map(|way| way::Watcher::new(&client, way));
    let progress = Rounds::new(args.rounds);
    for n in 0..args.rounds {
        Round { client: &client, program: &program }.run(&mut watchers).await?;
        progress.done(n + 1);
    }
    progress.clear();
    let rows: Vec<Row> = watchers.iter().map(|watcher| row(watcher, args.rounds)).collect();
    if args.json {
        super::print_json(&rows)?;
    } else {
        super::print(&table(&rows, args.rounds))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(watcher: &way::Watcher, rounds: u32) -> Row {
    let mut delays = watcher.delays_ms.clone();
    delays.sort_by(f64::total_cmp);
    let each = |count: u64| round_to(count as f64 / f64::from(rounds), 10.0);
    Row {
        transport: watcher.way.name(),
        median_ms: round_to(percentile(&delays, 50.0), 1000.0),
        p99_ms: round_to(percentile(&delays, 99.0), 1000.0),
        requests: each(watcher.meter().requests()),
        bytes: each(watcher.meter().bytes()),
    }
}

/// Nearest rank, of sorted values.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

fn round_to(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

fn table(rows: &[Row], rounds: u32) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["transport", "median delay", "p99 delay", "requests", "bytes"]);
    for row in rows {
        let delay = |ms: f64| format!("{ms:.1} ms");
        table.add_row([
            row.transport.to_owned(),
            delay(row.median_ms),
            delay(row.p99_ms),
            format!("{:.1}", row.requests),
            format!("{:.0}", row.bytes),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!(
        "{table}\n{rounds} submissions; delay = verdict committed to verdict seen; requests and bytes per submission"
    )
}

/// Progress over the rounds, on stderr.
enum Rounds {
    Live(indicatif::ProgressBar),
    Plain(u32),
}

impl Rounds {
    fn new(rounds: u32) -> Self {
        if super::progress::may_draw() {
            Self::Live(indicatif::ProgressBar::new(rounds.into()))
        } else {
            Self::Plain(rounds)
        }
    }

    fn done(&self, n: u32) {
        match self {
            Self::Live(bar) => bar.set_position(n.into()),
            Self::Plain(rounds) if n.is_multiple_of(10) || n == *rounds => eprintln!("{n} of {rounds} submissions"),
            Self::Plain(_) => {}
        }
    }

    fn clear(&self) {
        if let Self::Live(bar) = self {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let delays: Vec<f64> = (1..=50).map(f64::from).collect();
        assert_eq!((percentile(&delays, 50.0), percentile(&delays, 99.0)), (25.0, 50.0));
        assert_eq!(percentile(&[7.0], 99.0), 7.0);
    }

    #[test]
    fn a_row_reads_the_same_in_both_forms() {
        let rows = [Row { transport: "websocket", median_ms: 1.234, p99_ms: 5.0, requests: 1.0, bytes: 1500.5 }];
        let json = serde_json::to_value(&rows).unwrap();
        assert_eq!(
            json,
            serde_json::json!([{"transport": "websocket", "median_ms": 1.234, "p99_ms": 5.0, "requests": 1.0, "bytes": 1500.5}])
        );
        let table = table(&rows, 50);
        assert!(table.contains("websocket") && table.contains("1.2 ms") && table.contains("50 submissions"), "{table}");
    }
}
