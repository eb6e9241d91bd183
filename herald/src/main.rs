//! `herald`: serves, or asks a server. Reads top to bottom: settings, arguments, run.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use herald::{cli, serve};

/// Judges code, and pushes what happens to whoever waits.
#[derive(Parser, Debug)]
#[command(name = "herald", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    #[command(flatten)]
    Serve(serve::Command),
    #[command(flatten)]
    Ask(cli::Command),
}

fn main() -> ExitCode {
    herald_sandbox::launcher_main_if_asked();
    let names = std::env::vars_os().map(|(name, _)| name);
    if let Err(unknown) = cli::env::check(&Arguments::command(), names) {
        eprintln!("error: {unknown}");
        return ExitCode::from(cli::EX_USAGE);
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; a closed pipe is nobody's concern.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { cli::EX_USAGE } else { 0 });
        }
    };
    match arguments.command {
        Command::Serve(command) => serve::run(command),
        Command::Ask(command) => ask(command),
    }
}

/// A client needs one thread.
fn ask(command: cli::Command) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(cli::run(command, Arguments::command())),
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            ExitCode::from(cli::EX_FAILED)
        }
    }
}
