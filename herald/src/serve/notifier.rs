//! `herald notifier`: the WebSockets and event streams of a fleet.

use clap::Args;
use herald_boot::fleet::{self, keep_row};
use herald_boot::{AdapterOptions, Alone, Lifecycle, LogOptions, ServeOptions, metrics, serve};
use herald_domain::origin::Origin;
use herald_notifier::Origins;

use super::parts;

#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    pub log: LogOptions,
    #[command(flatten)]
    adapters: AdapterOptions,
    #[command(flatten)]
    serve: ServeOptions,
    #[command(flatten)]
    notifier: herald_notifier::Config,
    /// Origins of other sites whose pages may connect, comma-separated, e.g. `https://app.example.org`. The server's
    /// own origin always may.
    #[arg(long, env = "HERALD_ALLOWED_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
    allowed_origins: Vec<Origin>,
}

/// Serves until shutdown; whether everything was drained.
pub async fn run(options: Options, life: Lifecycle) -> anyhow::Result<bool> {
    let recorder = metrics::install()?;
    let adapters = options.adapters.open(Alone::Never, "notifier").await?;
    let listener = serve::bind(&options.serve.listen).await?;
    life.tasks.spawn(metrics::upkeep(recorder.clone(), life.stop.clone()));
    life.tasks.spawn(keep_row(adapters.store.clone(), fleet::row("notifier"), life.stop.clone()));
    let hub = parts::hub(&adapters, options.notifier.hub(), &life);
    let origins = Origins::new(options.allowed_origins, false);
    let notifier = parts::notifier(&adapters, hub, &options.notifier, origins, &life).await?;
    let router = notifier.router().merge(super::worker::health(&life)).merge(metrics::router(recorder));
    tracing::info!(address = %listener.local_addr()?, "the notifier is ready");
    let drained = parts::serve_and_drain(listener, router, &notifier, &options.notifier, options.serve.grace(), &life);
    let drained = drained.await?;
    adapters.broker.close().await;
    Ok(drained)
}
