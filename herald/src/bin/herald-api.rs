//! `herald-api`: the HTTP API of a fleet as a program of its own; the same as `herald api`.

use std::process::ExitCode;

use herald::serve::api;
use herald_boot::process;

#[derive(clap::Parser)]
#[command(name = "herald-api", version, about = "The HTTP API of a Herald fleet.")]
struct Arguments {
    #[command(flatten)]
    options: api::Options,
}

fn main() -> ExitCode {
    match herald::arguments::read::<Arguments>() {
        Ok(Arguments { options }) => process::run(&options.log.clone(), |life| api::run(options, life)),
        Err(code) => code,
    }
}
