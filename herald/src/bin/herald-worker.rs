//! `herald-worker`: a worker of a fleet as a program of its own; the same as `herald worker`.

use std::process::ExitCode;

use herald::serve::worker;
use herald_boot::process;

#[derive(clap::Parser)]
#[command(name = "herald-worker", version, about = "A worker of a Herald fleet.")]
struct Arguments {
    #[command(flatten)]
    options: worker::Options,
}

fn main() -> ExitCode {
    herald_sandbox::launcher_main_if_asked();
    match herald::arguments::read::<Arguments>() {
        Ok(Arguments { options }) => process::run(&options.log.clone(), |life| worker::run(options, life)),
        Err(code) => code,
    }
}
