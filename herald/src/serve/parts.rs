//! The parts that serving processes are put together from. `up` has them all, each of a fleet's processes its own.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use herald_api::{Api, Mode};
use herald_boot::{Adapters, Lifecycle, serve};
use herald_domain::id::ProcessId;
use herald_notifier::{Notifier, Origins};
use herald_pipeline::{Bookings, Deps as Pipeline, Intake, Relay};
use herald_push::{Hub, HubConfig};
use herald_sandbox::{Sandbox, SandboxError};
use herald_services::webhook::Sender;
use herald_services::{fraud, webhook};
use herald_worker::Programs;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::services::bad_rules;

/// The process's hub.
pub fn hub(adapters: &Adapters, config: HubConfig, life: &Lifecycle) -> Hub {
    let deps = herald_push::Deps {
        store: adapters.store.clone(),
        broker: adapters.broker.clone(),
        clock: adapters.clock.clone(),
    };
    Hub::start_with(config, deps, &life.tasks, life.stop.clone())
}

/// Intake and bookings, and the API over them.
pub async fn api(
    adapters: &Adapters,
    hub: Hub,
    config: &herald_api::Config,
    relay: Relay,
    (fraud, webhook): (&fraud::Config, &webhook::Config),
    mode: Mode,
    life: &Lifecycle,
) -> anyhow::Result<Api> {
    let pipeline = pipeline(adapters);
    let limit = config.max_open_per_user;
    let bookings = Bookings::start(pipeline.clone(), relay.clone(), &life.tasks, life.stop.clone());
    let intake = Intake::start(pipeline, relay.clone(), limit, &life.tasks, life.stop.clone());
    let deps = herald_api::Deps {
        store: adapters.store.clone(),
        broker: adapters.broker.clone(),
        clock: adapters.clock.clone(),
        intake,
        bookings,
        relay,
        hub,
        fraud: Arc::new(fraud.rules().map_err(bad_rules)?),
        webhooks: Sender::new(webhook, adapters.store.clone(), adapters.clock.clone()),
        signing_key: adapters.store.signing_key().await?,
        packages: super::problems::read,
    };
    Ok(Api::new(deps, config, mode, &life.tasks, life.shutdown.clone()))
}

pub async fn notifier(
    adapters: &Adapters,
    hub: Hub,
    config: &herald_notifier::Config,
    origins: Origins,
    life: &Lifecycle,
) -> anyhow::Result<Notifier> {
    let deps = herald_notifier::Deps {
        hub,
        store: adapters.store.clone(),
        clock: adapters.clock.clone(),
        signing_key: adapters.store.signing_key().await?,
        origins,
    };
    Ok(Notifier::new(deps, config.clone(), &life.tasks, life.stop.clone()))
}

pub fn pipeline(adapters: &Adapters) -> Pipeline {
    Pipeline { store: adapters.store.clone(), broker: adapters.broker.clone() }
}

/// The sandbox, started, and the worker over it as a future; it yields whether nothing had to be given back.
pub async fn worker(
    adapters: &Adapters,
    config: &herald_worker::Config,
    programs: Programs,
    grace: Duration,
    life: &Lifecycle,
) -> anyhow::Result<impl Future<Output = bool> + use<>> {
    let settings = config.sandbox(programs);
    let sandbox = match Sandbox::start(settings.clone()).await {
        Err(SandboxError::Setup(missing)) if !settings.allow_weak => anyhow::bail!(
            "the sandbox is not whole: {missing}. herald doctor says what to do about it, and --allow-weak-sandbox starts \
             although a layer is missing (never without namespaces, seccomp and no_new_privs)"
        ),
        started => started?,
    };
    for layer in sandbox.layers().iter().filter(|layer| !layer.live) {
        tracing::warn!(layer = %layer.name, note = layer.note.as_deref().unwrap_or(""), "a sandbox layer is missing");
    }
    let deps = herald_worker::Deps {
        store: adapters.store.clone(),
        broker: adapters.broker.clone(),
        clock: adapters.clock.clone(),
        sandbox,
        process: ProcessId(Uuid::now_v7()),
        grace,
    };
    let (config, shutdown) = (config.clone(), life.shutdown.clone());
    Ok(async move {
        match herald_worker::run(deps, config, shutdown.clone()).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(error = %error, "the worker ended");
                shutdown.cancel();
                false
            }
        }
    })
}

/// Serves until shutdown; then lets the balancer notice, closes the sockets in batches, and finishes open requests.
pub async fn serve_and_drain(
    listener: TcpListener,
    router: Router,
    notifier: &Notifier,
    config: &herald_notifier::Config,
    grace: Duration,
    life: &Lifecycle,
) -> anyhow::Result<bool> {
    let closed = CancellationToken::new();
    let drain = async {
        life.shutdown.cancelled().await;
        tokio::time::sleep(config.drain_wait()).await;
        let left = notifier.drain().await;
        closed.cancel();
        left
    };
    let (served, left) = tokio::join!(serve::serve(listener, router, closed.clone(), grace), drain);
    Ok(served? && left == 0)
}
