//! The worker: takes submissions, compiles and runs them in the sandbox, compares what they print, and says the verdict.
//!
//! Leases, retries, recording and events are the pipeline's ([`herald_pipeline::work`]); this crate is its judge. It also
//! reads problem packages ([`package`]) and knows languages ([`languages`]).
//!
//! It never starts a process itself (the sandbox's launcher does), never builds a shell command, and stores no output of
//! a program that is judged by a problem's secret cases.

mod artefacts;
mod check;
mod checker;
mod config;
mod grading;
mod judge;
mod natural;
mod presence;
mod problems;
mod program;
mod runner;

pub mod languages;
pub mod package;

use std::sync::Arc;
use std::time::Duration;

use herald_domain::broker::Broker;
use herald_domain::clock::Clock;
use herald_domain::id::ProcessId;
use herald_domain::language::LanguageInfo;
use herald_domain::store::Store;
use herald_pipeline::work::{Judge, WorkConfig, run_worker};
use herald_sandbox::Sandbox;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use check::check_package;
pub use config::{Cgroups, Config, Programs};
pub use languages::{Languages, LanguagesError};

use judge::SandboxJudge;
use presence::Presence;
use runner::{Runner, SandboxRunner};

/// What a worker stands on.
pub struct Deps {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub clock: Arc<dyn Clock>,
    /// Started with [`Config::sandbox`].
    pub sandbox: Sandbox,
    /// Of the worker's own row in `processes`: not shared with another part of the same process.
    pub process: ProcessId,
    /// How long what is being judged may go on after `shutdown`.
    pub grace: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error(transparent)]
    Languages(#[from] LanguagesError),
    #[error("{0} submissions were given back unfinished; another worker, or this one when it is back, will judge them")]
    GaveBack(usize),
}

/// Works until `shutdown` fires and what is being judged is done, or past the grace period given back.
pub async fn run(deps: Deps, config: Config, shutdown: CancellationToken) -> Result<(), WorkerError> {
    let languages = Arc::new(Languages::load(config.languages.as_deref())?);
    let runner: Arc<dyn Runner> = Arc::new(SandboxRunner::new(deps.sandbox));
    let judge = Arc::new(SandboxJudge::new(
        deps.store.clone(),
        runner.clone(),
        languages.clone(),
        config.compile_cache_bytes(),
    ));
    let changed = Arc::new(Notify::new());
    let presence = Presence {
        store: deps.store.clone(),
        clock: deps.clock,
        process: deps.process,
        class: config.class.clone(),
        slots: config.slots(),
        languages: languages.clone(),
        judge: judge.clone(),
        changed: changed.clone(),
    };
    // The row first: what is installed can be submitted from the moment that work is taken.
    presence.refresh().await;

    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    tasks.spawn({
        let stop = stop.clone();
        async move { presence.keep(&stop).await }
    });
    tasks.spawn({
        let stop = stop.clone();
        async move { stop.run_until_cancelled(try_languages(&languages, &*runner, &changed)).await }
    });
    let work = WorkConfig { class: config.class.clone(), slots: config.slots(), grace: deps.grace };
    let ports = herald_pipeline::Deps { store: deps.store, broker: deps.broker };
    let left = run_worker(ports, work, judge, shutdown).await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    if left == 0 { Ok(()) } else { Err(WorkerError::GaveBack(left)) }
}

async fn try_languages(languages: &Languages, runner: &dyn Runner, changed: &Notify) {
    languages.probe_all(runner).await;
    changed.notify_one();
    let available = languages.infos().into_iter().filter(|info| info.available).map(|info| info.id);
    tracing::info!(languages = ?available.collect::<Vec<_>>(), "languages tried out");
}

/// The judge by itself, without the loop that brings it work.
pub fn judge(
    problems: Arc<dyn herald_domain::store::Problems + Send + Sync>,
    sandbox: Sandbox,
    languages: Arc<Languages>,
) -> Arc<dyn Judge> {
    let runner = Arc::new(SandboxRunner::new(sandbox));
    Arc::new(SandboxJudge::new(problems, runner, languages, config::COMPILE_CACHE_MIB * config::MIB))
}

/// Tries out every language of the file and says what came of it: for `herald doctor`.
pub async fn prepare(sandbox: &Sandbox, config: &Config) -> Result<Vec<LanguageInfo>, WorkerError> {
    let languages = Languages::load(config.languages.as_deref())?;
    languages.probe_all(&SandboxRunner::new(sandbox.clone())).await;
    Ok(languages.infos())
}
