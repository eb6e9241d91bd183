//! The command tree, and how every program of the family reads its own part of it.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::{cli, serve};

/// Judges code, and pushes what happens to whoever waits.
#[derive(Parser, Debug)]
#[command(name = "herald", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(clap::Subcommand, Debug)]
pub enum Command {
    #[command(flatten)]
    Serve(serve::Command),
    #[command(flatten)]
    Ask(Box<cli::Command>),
}

/// Reads the command line as `A`, having checked that no `HERALD_*` variable is misspelt: a setting of any program is known to
/// all, so that they can share one environment. `Err` is the exit code: what was wrong, or the help that was asked for,
/// has been printed.
pub fn read<A: Parser>() -> Result<A, ExitCode> {
    let names = std::env::vars_os().map(|(name, _)| name);
    if let Err(unknown) = cli::env::check(&Arguments::command(), names) {
        eprintln!("error: {unknown}");
        return Err(ExitCode::from(cli::EX_USAGE));
    }
    A::try_parse().map_err(|error| {
        // Help and version are no errors; a closed pipe is nobody's concern.
        let _ = error.print();
        ExitCode::from(if error.use_stderr() { cli::EX_USAGE } else { 0 })
    })
}
