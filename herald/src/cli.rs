//! The commands that speak HTTP to a running server. Results go to stdout, steps and errors to stderr.
//!
//! Exit codes: 0 done (for `submit`: accepted), 1 any other verdict (for `pay`: not paid, or a service failed; for `ledger check` and
//! `reconcile`: the books do not agree; for `health`: not ready), 2 it could not be done, 64 wrong use.

use std::process::ExitCode;

use crate::client::{self, Client, Place};

pub mod account;
pub mod compare;
pub mod completions;
pub mod dead_letters;
pub mod env;
pub mod health;
pub mod ledger;
pub mod outcome;
pub mod pay;
pub mod problem;
pub mod progress;
pub mod rejudge;
pub mod status;
pub mod submit;
pub mod token;

/// Wrong use of the command line or of a setting (sysexits.h EX_USAGE).
pub const EX_USAGE: u8 = 64;
/// It could not be done; for `submit`: not judged; for `pay`: refused.
pub const EX_FAILED: u8 = 2;

#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Submit source code and wait for the verdict.
    Submit(submit::Args),
    /// Show how a submission stands.
    Status(status::Args),
    /// Pay from one account into another.
    Pay(Box<pay::Args>),
    /// Show your accounts, or the statement of one.
    Account(account::Args),
    /// Look after the ledger.
    Ledger(ledger::LedgerArgs),
    /// Look for what was left undone with transfers, and have it done.
    Reconcile(ledger::Output),
    /// Create, list and revoke API keys.
    Token(token::Args),
    /// Check and import problem packages.
    Problem(problem::Args),
    /// Judge a problem's submissions again, by its current version.
    Rejudge(rejudge::Args),
    /// List what could not be done (dead letters).
    Dlq(dead_letters::ListArgs),
    /// Do the work of dead letters again.
    Redrive(dead_letters::RedriveArgs),
    /// Measure how late each way of waiting learns of a verdict, and what it costs.
    Compare(compare::Args),
    /// Exit 0 if the server at an address is ready.
    Health(health::Args),
    /// Print a completion script for a shell.
    Completions(completions::Args),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Client(#[from] client::Error),
    #[error("{0}")]
    Use(String),
    #[error("cannot read {0}: {1}")]
    Read(String, #[source] std::io::Error),
    #[error("cannot write the result: {0}")]
    Write(#[from] std::io::Error),
}

pub type Result<T> = std::result::Result<T, Error>;

/// Runs one command; `whole` is the command tree, for completions.
pub async fn run(command: Command, whole: clap::Command) -> ExitCode {
    let done = match command {
        Command::Submit(args) => submit::run(args).await,
        Command::Status(args) => status::run(args).await,
        Command::Pay(args) => pay::run(*args).await,
        Command::Account(args) => account::run(args).await,
        Command::Ledger(args) => ledger::run(args).await,
        Command::Reconcile(args) => ledger::reconcile(args).await,
        Command::Token(args) => token::run(args).await,
        Command::Problem(args) => problem::run(args).await,
        Command::Rejudge(args) => rejudge::run(args).await,
        Command::Dlq(args) => dead_letters::list(args).await,
        Command::Redrive(args) => dead_letters::redrive(args).await,
        Command::Compare(args) => compare::run(args).await,
        Command::Health(args) => health::run(args).await,
        Command::Completions(args) => completions::run(&args, whole),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(if matches!(error, Error::Use(_)) { EX_USAGE } else { EX_FAILED })
        }
    }
}

/// A client for the server that the arguments and the environment name.
fn connect(place: &Place) -> Result<Client> {
    let (address, token) = place.find()?;
    Ok(Client::new(address, token))
}

/// Prints a value as JSON, for machines.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(&serde_json::to_string_pretty(value).map_err(|error| Error::Use(error.to_string()))?)
}

/// Prints lines. Whoever closes our output early has heard enough: the exit code still tells.
fn print(text: &str) -> Result<()> {
    use std::io::Write;
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
