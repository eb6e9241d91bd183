//! `herald`: serves, or asks a server. Reads top to bottom: settings, arguments, run.

use std::process::ExitCode;

use clap::CommandFactory;
use herald::arguments::{self, Arguments, Command};
use herald::{cli, serve};

fn main() -> ExitCode {
    herald_sandbox::launcher_main_if_asked();
    match arguments::read::<Arguments>() {
        Ok(Arguments { command: Command::Serve(command) }) => serve::run(command),
        Ok(Arguments { command: Command::Ask(command) }) => ask(*command),
        Err(code) => code,
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
