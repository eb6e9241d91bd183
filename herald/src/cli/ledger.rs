//! `herald ledger check` and `herald reconcile`: whether the books agree, and what was left undone, through the admin routes.

use std::process::ExitCode;

use herald_api::views::{LedgerCheckView, ReconcileView};

use super::Result;
use crate::client::Place;
use crate::client::http::Call;

#[derive(clap::Args, Debug)]
pub struct LedgerArgs {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(clap::Subcommand, Debug)]
enum LedgerCommand {
    /// Look at every invariant, while the system runs; exit 1 if one is broken.
    Check(Output),
}

#[derive(clap::Args, Debug)]
pub struct Output {
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

pub async fn run(args: LedgerArgs) -> Result<ExitCode> {
    let LedgerCommand::Check(output) = args.command;
    let found: LedgerCheckView = super::connect(&output.place)?.get("/admin/ledger/check").await?;
    if output.json {
        super::print_json(&found)?;
    } else {
        let LedgerCheckView { accounts, transfers, entries, breaches, .. } = &found;
        super::print(&format!("{accounts} accounts, {transfers} transfers, {entries} entries: {}", verdict(breaches)))?;
    }
    Ok(told(&found.breaches))
}

pub async fn reconcile(output: Output) -> Result<ExitCode> {
    let found: ReconcileView = super::connect(&output.place)?.call(Call::post_nothing("/admin/reconcile")).await?;
    if output.json {
        super::print_json(&found)?;
    } else {
        let missing = found.missing.iter().map(|(service, count)| format!("{service} {count}"));
        super::print(&format!("holds past their time, ended: {}", found.expired_holds))?;
        super::print(&format!("transfers without an effect, told again: {}", missing.collect::<Vec<_>>().join(", ")))?;
        super::print(&format!("ledger: {}", verdict(&found.breaches)))?;
    }
    Ok(told(&found.breaches))
}

fn verdict(breaches: &[String]) -> &'static str {
    if breaches.is_empty() { "all agree" } else { "NOT in order" }
}

/// Names what is broken on stderr, whatever the form of the result.
fn told(breaches: &[String]) -> ExitCode {
    for breach in breaches {
        eprintln!("breach: {breach}");
    }
    if breaches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
