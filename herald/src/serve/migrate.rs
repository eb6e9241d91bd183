//! `herald migrate`: the schema, the first admin key if asked for, and the problems.

use std::path::PathBuf;

use clap::Args;
use herald_boot::{AdapterOptions, Alone, LogOptions};

use super::problems::{self, ProblemOptions};
use super::up::keys;

#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub log: LogOptions,
    #[command(flatten)]
    adapters: AdapterOptions,
    #[command(flatten)]
    problems: ProblemOptions,
    /// File whose content becomes a key of scope admin, unless the store has it already
    #[arg(long, env = "HERALD_ADMIN_KEY_FILE", value_name = "FILE")]
    admin_key_file: Option<PathBuf>,
}

pub async fn run(options: Options) -> anyhow::Result<bool> {
    println!("{}", options.adapters.migrate().await?);
    // The broker is not needed here, and need not be there.
    let adapters = AdapterOptions { broker_url: "memory:".to_owned(), broker_url_file: None, ..options.adapters };
    let adapters = adapters.open(Alone::May, "migrate").await?;
    if let Some(file) = &options.admin_key_file {
        keys::add_admin(&adapters, file, keys::ADMIN).await?;
    }
    for line in problems::import(&*adapters.store, &options.problems).await? {
        println!("{line}");
    }
    Ok(true)
}
