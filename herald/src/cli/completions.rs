//! `herald completions SHELL`.

use std::process::ExitCode;

use super::Result;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Shell to complete in.
    shell: clap_complete::Shell,
}

pub fn run(args: &Args, mut whole: clap::Command) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut whole, "herald", &mut script);
    std::io::Write::write_all(&mut std::io::stdout(), &script)?;
    Ok(ExitCode::SUCCESS)
}
