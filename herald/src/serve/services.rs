//! The services of transfers: some of them together, which `up` does, or one alone as `herald service NAME`.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures::FutureExt;
use herald_boot::{Adapters, ConfigError, Lifecycle};
use herald_domain::money::{MAX_EFFECT_BATCH, Service};
use herald_pipeline::{Relay, Servant, reconcile, serve_notices};
use herald_services::{BadMail, BadRulesFile, Fraud, Notification, Rewards, Statement, Webhook};

use super::parts;

#[derive(Args, Clone, Debug)]
pub struct ServiceOptions {
    #[command(flatten)]
    pub services: herald_services::Config,
    /// Batches of at most 64 transfers that each service works on at once (webhook: as many submissions besides)
    #[arg(
        long = "service-batches",
        env = "HERALD_SERVICE_BATCHES",
        default_value_t = 8,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=256),
        help_heading = "Services"
    )]
    pub batches: u16,
}

/// Starts the services; the future yields whether nothing that they had begun was left.
pub fn start(
    adapters: &Adapters,
    options: &ServiceOptions,
    names: &[Service],
    data: &Path,
    relay: &Relay,
    grace: Duration,
    life: &Lifecycle,
) -> anyhow::Result<impl Future<Output = bool> + use<>> {
    let mut serving = Vec::new();
    if names.contains(&Service::Webhook) {
        let at_once = usize::from(options.batches) * MAX_EFFECT_BATCH;
        let webhook = Arc::new(webhook(adapters, &options.services));
        serving.push(serve_notices(parts::pipeline(adapters), webhook, at_once, grace, life.shutdown.clone()).boxed());
    }
    for name in names {
        let servant = servant(adapters, &options.services, *name, data)?;
        let deps = parts::pipeline(adapters);
        life.tasks.spawn(reconcile(deps.clone(), *name, life.stop.clone()));
        let shutdown = life.shutdown.clone();
        serving.push(herald_pipeline::serve(deps, relay.clone(), servant, options.batches, grace, shutdown).boxed());
    }
    Ok(async move { futures::future::join_all(serving).await.iter().sum::<usize>() == 0 })
}

fn servant(
    adapters: &Adapters,
    config: &herald_services::Config,
    name: Service,
    data: &Path,
) -> anyhow::Result<Arc<dyn Servant>> {
    let store = adapters.store.clone();
    Ok(match name {
        Service::Notification => Arc::new(Notification::open(&config.notification, data, store).map_err(bad_mail)?),
        Service::Fraud => Arc::new(Fraud::open(&config.fraud, store).map_err(bad_rules)?),
        Service::Statement => Arc::new(Statement),
        Service::Rewards => Arc::new(Rewards::open(&config.rewards, store).map_err(bad_rules)?),
        Service::Webhook => Arc::new(webhook(adapters, config)),
    })
}

fn webhook(adapters: &Adapters, config: &herald_services::Config) -> Webhook {
    Webhook::new(&config.webhook, adapters.store.clone(), adapters.clock.clone())
}

pub fn bad_rules(BadRulesFile { setting, file, why }: BadRulesFile) -> ConfigError {
    ConfigError::new(setting, file, why)
}

fn bad_mail(error: BadMail) -> anyhow::Error {
    match error {
        BadMail::Folder { .. } => error.into(),
        wrong => ConfigError::of(&wrong).into(),
    }
}
