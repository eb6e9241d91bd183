//! `herald worker`: judges the submissions of one class.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use clap::Args;
use herald_boot::{
    AdapterOptions, Alone, Lifecycle, LogOptions, ServeOptions, SweepOptions, background, metrics, serve,
};
use herald_worker::Programs;

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
    sweep: SweepOptions,
    #[command(flatten)]
    worker: herald_worker::Config,
}

/// Judges until shutdown; whether everything was drained. The port has health and metrics only.
pub async fn run(options: Options, life: Lifecycle) -> anyhow::Result<bool> {
    let recorder = metrics::install()?;
    let adapters = options.adapters.open(Alone::Never, "worker").await?;
    let listener = serve::bind(&options.serve.listen).await?;
    life.tasks.spawn(metrics::upkeep(recorder.clone(), life.stop.clone()));
    background::start(&adapters, &options.sweep, &life);
    let worker = parts::worker(&adapters, &options.worker, Programs::OfStrangers, options.serve.grace(), &life).await?;
    tracing::info!(class = %options.worker.class, slots = options.worker.slots(), "the worker is ready");
    let router = health(&life).merge(metrics::router(recorder));
    let served = serve::serve(listener, router, life.shutdown.clone(), options.serve.grace());
    let (served, worked) = tokio::join!(served, worker);
    adapters.broker.close().await;
    Ok(served? & worked)
}

/// A worker takes work from when it is up until it drains.
pub fn health(life: &Lifecycle) -> Router {
    let shutdown = life.shutdown.clone();
    let ready = move || {
        let draining = shutdown.is_cancelled();
        async move { if draining { (StatusCode::SERVICE_UNAVAILABLE, "draining") } else { (StatusCode::OK, "ok") } }
    };
    Router::new().route("/livez", get(|| async { "ok" })).route("/readyz", get(ready))
}
