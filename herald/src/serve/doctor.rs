//! `herald doctor`: what a server would find here, what to do about what is missing, and whether programs of strangers may
//! be run. Exit code 0: every layer of the sandbox is there, the self-attack was held, store and broker answer; 1: not so,
//! whatever `--allow-weak-sandbox` says.

mod table;

use clap::Args;
use herald_boot::adapters::why_closed;
use herald_boot::{AdapterOptions, LogOptions};
use herald_domain::broker::Broker;
use herald_domain::store::Store;
use herald_sandbox::{Layer, MemorySource, Sandbox, SelfAttack};
use herald_worker::Programs;

use table::{Check, Findings, Section, Standing};

#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub log: LogOptions,
    #[command(flatten)]
    adapters: AdapterOptions,
    #[command(flatten)]
    worker: herald_worker::Config,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Whether a worker would be safe here, and a server could work.
pub async fn run(options: Options) -> anyhow::Result<bool> {
    let mut checks = Vec::new();
    let source = check_sandbox(&options.worker, &mut checks).await;
    check_servers(&options.adapters, &mut checks).await;
    let version = source.and_then(|source| match source {
        MemorySource::CgroupV2 => Some(2),
        MemorySource::CgroupV1 => Some(1),
        MemorySource::Rusage => None,
    });
    let findings = Findings::of(checks, version, source.map(|source| name_of(source).to_owned()));
    if options.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        println!("{}", findings.text());
    }
    Ok(findings.safe && findings.ready)
}

/// Layers, self-attack and languages; by what the memory of a run is measured, if there could be one.
async fn check_sandbox(config: &herald_worker::Config, checks: &mut Vec<Check>) -> Option<MemorySource> {
    // As weak as it may be, to see which layers are missing.
    let sandbox = match Sandbox::start(config.sandbox(Programs::OfItsUser)).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            checks.push(Check::new(Section::Sandbox, "sandbox", Standing::Failed, error.to_string()));
            return None;
        }
    };
    let attack = sandbox.attack_itself().await;
    let source = attack.as_ref().ok().map(|attack| attack.memory_source);
    checks.extend(sandbox.layers().into_iter().map(|layer| of_layer(layer, source)));
    match attack {
        Ok(SelfAttack { attempts, .. }) => checks.extend(attempts.into_iter().map(|attempt| {
            let standing = if attempt.held { Standing::Held } else { Standing::Failed };
            Check::new(Section::SelfAttack, attempt.name, standing, attempt.detail)
        })),
        Err(error) => checks.push(Check::new(Section::SelfAttack, "self-attack", Standing::Failed, error.to_string())),
    }
    check_languages(&sandbox, config, checks).await;
    source
}

fn of_layer(layer: Layer, source: Option<MemorySource>) -> Check {
    let (standing, detail) = match (layer.live, layer.note) {
        (true, None) => (Standing::On, String::new()),
        (true, Some(note)) => (Standing::Degraded, note),
        (false, note) => (Standing::Off, note.unwrap_or_default()),
    };
    let detail = match (layer.name.as_str(), standing, source) {
        ("cgroup", Standing::On, Some(source)) => {
            let version = if source == MemorySource::CgroupV2 { 2 } else { 1 };
            format!("version {version}, memory_source {}", name_of(source))
        }
        ("cgroup", Standing::Off, _) => format!("{detail} (memory_source rusage). {CGROUP_ADVICE}"),
        _ => detail,
    };
    Check::new(Section::Sandbox, layer.name, standing, detail)
}

const CGROUP_ADVICE: &str = "Run as root, or give this user a cgroup: a systemd unit with Delegate=yes, or a group made \
                             for it, named by --sandbox-cgroup-parent, in which the worker is started (docs/SECURITY.md)";

fn name_of(source: MemorySource) -> &'static str {
    match source {
        MemorySource::CgroupV2 => "cgroup_v2",
        MemorySource::CgroupV1 => "cgroup_v1",
        MemorySource::Rusage => "rusage",
    }
}

async fn check_languages(sandbox: &Sandbox, config: &herald_worker::Config, checks: &mut Vec<Check>) {
    let languages = match herald_worker::prepare(sandbox, config).await {
        Ok(languages) => languages,
        Err(error) => {
            checks.push(Check::new(Section::Languages, "languages", Standing::Failed, error.to_string()));
            return;
        }
    };
    checks.extend(languages.into_iter().map(|language| match language.reason {
        None => Check::new(Section::Languages, language.id, Standing::On, language.version.unwrap_or(language.name)),
        Some(reason) => Check::new(Section::Languages, language.id, Standing::Off, reason),
    }));
}

async fn check_servers(adapters: &AdapterOptions, checks: &mut Vec<Check>) {
    let (store, broker) = adapters.look("doctor").await;
    match store {
        Ok(store) => check_store(&*store, checks).await,
        Err(error) => {
            let outcome = why_closed(&error).ok_or_else(|| format!("{error:#}"));
            checks.push(Check::server("store", outcome));
        }
    }
    match broker {
        Ok(broker) => check_broker(&*broker, checks).await,
        Err(error) => checks.push(Check::server("broker", Err(format!("{error:#}")))),
    }
}

async fn check_store(store: &dyn Store, checks: &mut Vec<Check>) {
    checks.push(Check::server("store", store.describe().await.map_err(|error| error.to_string())));
    let outbox = store.count_outbox().await.map_err(|error| error.to_string());
    checks.push(Check::server("outbox", outbox.map(|rows| format!("{rows} messages waiting to be published"))));
    let processes = store.list_processes().await.map_err(|error| error.to_string());
    let processes = processes.map(|processes| {
        let kinds: Vec<_> = processes.iter().map(|process| process.kind.as_str()).collect();
        if kinds.is_empty() { "none seen in the last 15 s".to_owned() } else { kinds.join(", ") }
    });
    checks.push(Check::server("processes", processes));
}

async fn check_broker(broker: &dyn Broker, checks: &mut Vec<Check>) {
    let outcome = match (broker.describe().await, broker.work_depth("any").await) {
        (Ok(version), Ok(ready)) => Ok(format!("{version}, {ready} messages ready for class any")),
        (Err(error), _) | (_, Err(error)) => Err(format!("{error}; POSTs go on, work waits")),
    };
    checks.push(Check::server("broker", outcome));
}
