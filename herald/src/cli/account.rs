//! `herald account`: what one has, and where it came from.

use std::process::ExitCode;

use comfy_table::{CellAlignment, Table, presets};
use herald_domain::money::AccountName;
use herald_domain::money::view::{AccountView, StatementLineView};
use serde::Serialize;

use super::{Error, Result};
use crate::client::Place;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Handle or id of an account [default: all of yours].
    name: Option<String>,
    /// Show every movement of the account, newest first.
    #[arg(long, requires = "name")]
    statement: bool,
    /// Print it as JSON, with amounts in minor units.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let name: Option<AccountName> = args.name.as_deref().map(read).transpose()?;
    let client = super::connect(&args.place)?;
    let Some(name) = name else {
        let accounts: Vec<AccountView> = client.list("/accounts").await?;
        return show(args.json, &accounts, || balances(&accounts));
    };
    let account: AccountView = client.get(&format!("/accounts/{name}")).await?;
    if args.statement {
        let lines: Vec<StatementLineView> = client.list(&format!("/accounts/{}/statement", account.id)).await?;
        return show(args.json, &lines, || statement(&account, &lines));
    }
    show(args.json, &account, || balances(std::slice::from_ref(&account)))
}

fn read(name: &str) -> Result<AccountName> {
    name.parse().map_err(|error| Error::Use(format!("'{name}': {error}")))
}

fn show(json: bool, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<ExitCode> {
    if json {
        super::print_json(value)?;
    } else {
        super::print(&text())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn balances(accounts: &[AccountView]) -> String {
    if accounts.is_empty() {
        return "no accounts; POST /accounts opens one".to_owned();
    }
    let rows = accounts.iter().map(|account| {
        let amount = |minor: i64| account.currency.format(minor);
        let held = amount(i64::try_from(account.held).unwrap_or(i64::MAX));
        let (handle, kind) = (account.handle.to_string(), account.kind.to_string());
        [handle, kind, account.currency.to_string(), amount(account.available), held, amount(account.balance)]
    });
    table(["account", "kind", "currency", "available", "held", "balance"], rows, &[3, 4, 5])
}

fn statement(account: &AccountView, lines: &[StatementLineView]) -> String {
    let rows = lines.iter().map(|line| {
        let amount = |minor: i64| account.currency.format(minor);
        let reference = line.reference.clone().unwrap_or_default();
        let (n, kind, other) = (line.n.to_string(), line.kind.to_string(), line.other.to_string());
        [n, line.at.date().to_string(), kind, other, amount(line.amount), amount(line.balance), reference]
    });
    table(["n", "date", "kind", "other", "amount", "balance", "reference"], rows, &[0, 4, 5])
}

/// Aligned columns without lines; numbers to the right.
fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>, numbers: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(head);
    table.add_rows(rows);
    for number in numbers {
        if let Some(column) = table.column_mut(*number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    // Padding on the right is nothing to read.
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_stand_under_one_another() {
        let account = |handle: &str, balance: i64| {
            serde_json::from_value::<AccountView>(
                json!({"id": "0190a6f0-0000-7000-8000-000000000001", "handle": handle,
                "currency": "INR", "kind": "user", "balance": balance, "available": balance - 50, "held": 50,
                "created_at": "2026-01-01T00:00:00Z"}),
            )
            .unwrap()
        };
        let shown = balances(&[account("alice", 1_000_000), account("bob", 50)]);
        let told = " account  kind  currency  available  held   balance\n \
                    alice    user  INR         9999.50  0.50  10000.00\n \
                    bob      user  INR            0.00  0.50      0.50";
        assert_eq!(shown, told);
    }
}
