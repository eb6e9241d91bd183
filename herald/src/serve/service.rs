//! `herald service NAME`: one service of a fleet. Any number of processes may run the same one.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use herald_boot::fleet::{self, keep_row};
use herald_boot::{
    AdapterOptions, Alone, ConfigError, Lifecycle, LogOptions, ServeOptions, SweepOptions, background, metrics, serve,
};
use herald_domain::money::Service;

use super::services::{self, ServiceOptions};
use super::worker;

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Which service
    #[arg(
        value_name = "NAME",
        value_parser = PossibleValuesParser::new(Service::ALL.iter().map(|service| service.as_str()))
            .try_map(|name| name.parse::<Service>())
    )]
    name: Service,
    #[command(flatten)]
    pub log: LogOptions,
    #[command(flatten)]
    adapters: AdapterOptions,
    #[command(flatten)]
    serve: ServeOptions,
    #[command(flatten)]
    sweep: SweepOptions,
    #[command(flatten)]
    services: ServiceOptions,
}

/// Serves until shutdown; whether everything was drained. The port has health and metrics only.
pub async fn run(options: Options, life: Lifecycle) -> anyhow::Result<bool> {
    check_told(&options)?;
    let recorder = metrics::install()?;
    let adapters = options.adapters.open(Alone::Never, "service").await?;
    let listener = serve::bind(&options.serve.listen).await?;
    life.tasks.spawn(metrics::upkeep(recorder.clone(), life.stop.clone()));
    let kind = format!("service.{}", options.name);
    life.tasks.spawn(keep_row(adapters.store.clone(), fleet::row(&kind), life.stop.clone()));
    let relay = background::start(&adapters, &options.sweep, &life);
    let (names, data, grace) = ([options.name], &options.adapters.data, options.serve.grace());
    let serving = services::start(&adapters, &options.services, &names, data, &relay, grace, &life)?;
    tracing::info!(service = %options.name, "the service is ready");
    let router = worker::health(&life).merge(metrics::router(recorder));
    let served = serve::serve(listener, router, life.shutdown.clone(), grace);
    let (served, drained) = tokio::join!(served, serving);
    adapters.broker.close().await;
    Ok(served? & drained)
}

/// A service that nobody is told to tell would wait for ever.
fn check_told(options: &Options) -> Result<(), ConfigError> {
    let told = &options.adapters.services;
    if told.contains(&options.name) {
        return Ok(());
    }
    let names: Vec<_> = told.iter().map(|service| service.as_str()).collect();
    let problem =
        format!("{} is not among the services that are told of transfers; add it, in every process", options.name);
    Err(ConfigError::new("HERALD_SERVICES", names.join(","), problem))
}
