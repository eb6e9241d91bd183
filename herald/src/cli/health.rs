//! `herald health`: for a container's health check, and for people.

use std::process::ExitCode;

use super::Result;
use crate::client::address::DEFAULT_URL;
use crate::client::http::Call;
use crate::client::{Address, Client};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Address of the server; a path asks for something else than /readyz.
    #[arg(env = "HERALD_URL", default_value = DEFAULT_URL)]
    url: String,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let (address, path) = Address::split(&args.url)?;
    let path = if path == "/" { "/readyz" } else { &path };
    match Client::new(address, None).send(Call::get(path)).await {
        Ok(reply) => {
            super::print(String::from_utf8_lossy(&reply.body).trim_end())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("not ready: {error}");
            Ok(ExitCode::from(1))
        }
    }
}
