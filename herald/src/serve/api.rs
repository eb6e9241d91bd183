//! `herald api`: the HTTP API of a fleet, with the page.

use clap::Args;
use herald_api::Mode;
use herald_boot::fleet::{self, keep_row};
use herald_boot::{
    AdapterOptions, Alone, Lifecycle, LogOptions, ServeOptions, SweepOptions, background, metrics, serve,
};

use herald_push::HubConfig;

use super::parts;
use crate::page;

#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    pub log: LogOptions,
    #[command(flatten)]
    adapters: AdapterOptions,
    #[command(flatten)]
    serve: ServeOptions,
    #[command(flatten)]
    sweep: SweepOptions,
    #[command(flatten)]
    api: herald_api::Config,
    #[command(flatten)]
    fraud: herald_services::fraud::Config,
    #[command(flatten)]
    webhook: herald_services::webhook::Config,
}

/// Serves until shutdown; whether everything was drained.
pub async fn run(options: Options, life: Lifecycle) -> anyhow::Result<bool> {
    let recorder = metrics::install()?;
    let adapters = options.adapters.open(Alone::Never, "api").await?;
    let listener = serve::bind(&options.serve.listen).await?;
    life.tasks.spawn(metrics::upkeep(recorder.clone(), life.stop.clone()));
    life.tasks.spawn(keep_row(adapters.store.clone(), fleet::row("api"), life.stop.clone()));
    let hub = parts::hub(&adapters, HubConfig::default(), &life);
    let relay = background::start(&adapters, &options.sweep, &life);
    let api =
        parts::api(&adapters, hub, &options.api, relay, (&options.fraud, &options.webhook), Mode::Keyed, &life).await?;
    let page = page::router(options.api.public_url.as_ref().map(herald_api::config::PublicUrl::as_str));
    let router = api.router().merge(api.guard(page.merge(metrics::router(recorder))));
    tracing::info!(address = %listener.local_addr()?, "the api is ready");
    let drained = serve::serve(listener, router, life.shutdown.clone(), options.serve.grace()).await?;
    adapters.broker.close().await;
    Ok(drained)
}
