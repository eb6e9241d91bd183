//! The commands that serve, and those that open a store: everything else is an HTTP client ([`crate::cli`]).

pub mod api;
mod doctor;
mod migrate;
pub mod notifier;
mod parts;
pub mod problems;
pub mod service;
mod services;
mod up;
pub mod worker;

use std::process::ExitCode;

use herald_boot::process;

#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Serve everything in one process: API, worker, services, notifier and page
    Up(Box<up::Options>),
    /// Serve the HTTP API of a fleet
    Api(Box<api::Options>),
    /// Judge submissions of a fleet
    Worker(Box<worker::Options>),
    /// Make one service's effects of a fleet's transfers
    Service(Box<service::Options>),
    /// Serve the WebSockets and event streams of a fleet
    Notifier(Box<notifier::Options>),
    /// Make or update the store's schema, and import the problems
    Migrate(Box<migrate::Options>),
    /// Check what a server would find here: store, broker, sandbox, languages
    Doctor(Box<doctor::Options>),
}

/// Runs the command to its exit code.
pub fn run(command: Command) -> ExitCode {
    match command {
        Command::Up(options) => process::run(&options.log.clone(), |life| up::run(*options, life)),
        Command::Api(options) => process::run(&options.log.clone(), |life| api::run(*options, life)),
        Command::Worker(options) => process::run(&options.log.clone(), |life| worker::run(*options, life)),
        Command::Service(options) => process::run(&options.log.clone(), |life| service::run(*options, life)),
        Command::Notifier(options) => process::run(&options.log.clone(), |life| notifier::run(*options, life)),
        Command::Migrate(options) => process::run(&options.log.clone(), |_| migrate::run(*options)),
        Command::Doctor(options) => process::run(&options.log.clone(), |_| doctor::run(*options)),
    }
}
