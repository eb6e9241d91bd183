//! `herald-notifier`: a notifier of a fleet as a program of its own; the same as `herald notifier`.

use std::process::ExitCode;

use herald::serve::notifier;
use herald_boot::process;

#[derive(clap::Parser)]
#[command(name = "herald-notifier", version, about = "A notifier of a Herald fleet.")]
struct Arguments {
    #[command(flatten)]
    options: notifier::Options,
}

fn main() -> ExitCode {
    match herald::arguments::read::<Arguments>() {
        Ok(Arguments { options }) => process::run(&options.log.clone(), |life| notifier::run(options, life)),
        Err(code) => code,
    }
}
