//! `herald doctor`: what a server would find here, and what to do about what is missing.

use clap::Args;
use comfy_table::{Table, presets};
use herald_boot::adapters::why_closed;
use herald_boot::{AdapterOptions, LogOptions};
use herald_domain::broker::Broker;
use herald_domain::store::Store;
use herald_sandbox::Sandbox;
use serde::Serialize;

#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub log: LogOptions,
    #[command(flatten)]
    adapters: AdapterOptions,
    #[command(flatten)]
    worker: herald_worker::Config,
    /// Print the checks as JSON
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
#[derive(Serialize, Debug)]
struct Check {
    name: String,
    ok: bool,
    /// A server can do without it.
    optional: bool,
    detail: String,
}

impl Check {
    fn new(name: impl Into<String>, outcome: Result<String, String>) -> Self {
        let (ok, detail) = outcome.map_or_else(|problem| (false, problem), |detail| (true, detail));
        Self { name: name.into(), ok, optional: false, detail }
    }

    fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// Whether everything that a server needs is there.
pub async fn run(options: Options) -> anyhow::Result<bool> {
    let mut checks = Vec::new();
    let (store, broker) = options.adapters.look("doctor").await;
    match store {
        Ok(store) => check_store(&*store, &mut checks).await,
        Err(error) => {
            let outcome = why_closed(&error).ok_or_else(|| format!("{error:#}"));
            checks.push(Check::new("store", outcome));
        }
    }
    match broker {
        Ok(broker) => checks.push(Check::new("broker", depth(&*broker).await)),
        Err(error) => checks.push(Check::new("broker", Err(format!("{error:#}")))),
    }
    check_sandbox(&options.worker, &mut checks).await;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&checks)?);
    } else {
        println!("{}", table(&checks));
    }
    Ok(checks.iter().all(|check| check.ok || check.optional))
}

async fn depth(broker: &dyn Broker) -> Result<String, String> {
    match broker.work_depth("any").await {
        Ok(ready) => Ok(format!("{ready} messages ready for class any")),
        Err(error) => Err(format!("{error}; POSTs go on, work waits")),
    }
}

async fn check_store(store: &dyn Store, checks: &mut Vec<Check>) {
    checks.push(Check::new("store", store.describe().await.map_err(|error| error.to_string())));
    let outbox = store.count_outbox().await.map_err(|error| error.to_string());
    checks.push(Check::new("outbox", outbox.map(|rows| format!("{rows} messages waiting to be published"))));
    match store.list_processes().await {
        Ok(processes) => {
            let kinds: Vec<_> = processes.iter().map(|process| process.kind.as_str()).collect();
            let seen = if kinds.is_empty() { "none seen in the last 15 s".to_owned() } else { kinds.join(", ") };
            checks.push(Check::new("processes", Ok(seen)));
        }
        Err(error) => checks.push(Check::new("processes", Err(error.to_string()))),
    }
}

async fn check_sandbox(config: &herald_worker::Config, checks: &mut Vec<Check>) {
    let sandbox = match Sandbox::start(config.sandbox()).await {
        Ok(sandbox) => sandbox,
        Err(error) => return checks.push(Check::new("sandbox", Err(error.to_string()))),
    };
    for layer in sandbox.layers() {
        let note = layer.note.unwrap_or_default();
        let outcome = if layer.live { Ok(note) } else { Err(note) };
        checks.push(Check::new(format!("sandbox: {}", layer.name), outcome).optional());
    }
    match herald_worker::prepare(&sandbox, config).await {
        Ok(languages) => {
            for language in languages {
                let outcome = match language.reason {
                    None => Ok(language.version.unwrap_or(language.name)),
                    Some(reason) => Err(reason),
                };
                checks.push(Check::new(format!("language: {}", language.id), outcome).optional());
            }
        }
        Err(error) => checks.push(Check::new("languages", Err(error.to_string()))),
    }
}

fn table(checks: &[Check]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for check in checks {
        let mark = match (check.ok, check.optional) {
            (true, _) => "ok",
            (false, true) => "missing",
            (false, false) => "FAILED",
        };
        table.add_row([mark, &check.name, &check.detail]);
    }
    table
}
