//! `herald-bench`: measures Herald on this machine and prints ratios. Progress goes to standard error, the table to standard
//! output. scripts/bench.sh builds it, starts the servers that it needs, and calls it.

use std::process::ExitCode;

use clap::Parser;
use herald_bench::{Options, run};

fn main() -> ExitCode {
    // The sandbox's launcher is this executable started again.
    herald_sandbox::launcher_main_if_asked();
    let options = Options::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
