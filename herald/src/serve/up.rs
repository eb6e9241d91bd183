//! `herald up`: API, worker, services, notifier and page in one process, on SQLite and an in-process broker unless told otherwise.
//! The parts are the same as in a fleet and meet in the same store; only the port is shared.

pub(super) mod keys;
mod seed;

use std::net::SocketAddr;

use axum::Router;
use clap::Args;
use herald_api::Mode;
use herald_boot::fleet::{self, keep_row};
use herald_boot::{
    AdapterOptions, Adapters, Alone, Lifecycle, LogOptions, ServeOptions, SweepOptions, background, metrics, serve,
};
use herald_notifier::{Notifier, Origins};
use herald_pipeline::Relay;
use herald_worker::Programs;

use super::parts;
use super::problems::{self, ProblemOptions};
use super::services::{self, ServiceOptions};
use crate::page;

#[derive(Args, Debug)]
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
    notifier: herald_notifier::Config,
    #[command(flatten)]
    worker: herald_worker::Config,
    #[command(flatten)]
    services: ServiceOptions,
    #[command(flatten)]
    problems: ProblemOptions,
}

/// Serves until shutdown; whether everything was drained.
pub async fn run(options: Options, life: Lifecycle) -> anyhow::Result<bool> {
    let recorder = metrics::install()?;
    let adapters = options.adapters.open(Alone::May, "up").await?;
    let listener = serve::bind(&options.serve.listen).await?;
    let address = listener.local_addr()?;
    for line in problems::import(&*adapters.store, &options.problems).await? {
        tracing::info!("{line}");
    }
    seed::seed(&*adapters.store).await?;
    life.tasks.spawn(metrics::upkeep(recorder.clone(), life.stop.clone()));
    life.tasks.spawn(keep_row(adapters.store.clone(), fleet::row("up"), life.stop.clone()));
    let grace = options.serve.grace();
    // Behind a port that others can reach are strangers.
    let programs = if address.ip().is_loopback() { Programs::OfItsUser } else { Programs::OfStrangers };
    let worker = parts::worker(&adapters, &options.worker, programs, grace, &life).await?;
    let relay = background::start(&adapters, &options.sweep, &life);
    let (names, data) = (&options.adapters.services, &options.adapters.data);
    let services = services::start(&adapters, &options.services, names, data, &relay, grace, &life)?;
    let metrics = metrics::router(recorder);
    let (router, notifier) = routes(&options, &adapters, address, metrics, relay, &life).await?;
    welcome(&options, &adapters, address).await?;
    let served = parts::serve_and_drain(listener, router, &notifier, &options.notifier, grace, &life);
    let (served, worked, drained) = tokio::join!(served, worker, services);
    adapters.broker.close().await;
    Ok(served? & worked & drained)
}

/// API, page, sockets and streams on one port.
async fn routes(
    options: &Options,
    adapters: &Adapters,
    address: SocketAddr,
    metrics: Router,
    relay: Relay,
    life: &Lifecycle,
) -> anyhow::Result<(Router, Notifier)> {
    let services = &options.services.services;
    let loopback = address.ip().is_loopback();
    let mode = if loopback { Mode::Loopback { port: address.port() } } else { Mode::Keyed };
    let hub = parts::hub(adapters, options.notifier.hub(), life);
    let api = parts::api(adapters, hub.clone(), &options.api, relay, (&services.fraud, &services.webhook), mode, life)
        .await?;
    let origins = Origins::new(options.api.allowed_origins.clone(), loopback);
    let notifier = parts::notifier(adapters, hub, &options.notifier, origins, life).await?;
    let page = page::router(options.api.public_url.as_ref().map(herald_api::config::PublicUrl::as_str));
    let sockets = notifier.router();
    Ok((api.router().merge(api.guard(page.merge(metrics))).merge(sockets), notifier))
}

/// Leaves the address and the admin key for the command line, and says where the page is.
async fn welcome(options: &Options, adapters: &Adapters, address: SocketAddr) -> anyhow::Result<()> {
    let data = &options.adapters.data;
    let url =
        options.api.public_url.as_ref().map_or_else(|| format!("http://{address}"), |url| url.as_str().to_owned());
    keys::leave(adapters, data, &url).await?;
    tracing::info!(store = %adapters.store.describe().await?, data = %data.display(), "everything in one process");
    eprintln!("\n  Herald is at {url}\n  From another terminal: herald submit FILE --problem hello --watch\n");
    Ok(())
}
