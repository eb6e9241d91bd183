//! The pipeline's background tasks, which api, worker and `up` run alike: relay, sweeper, dead letters, the end of holds.

use std::time::Duration;

use clap::Args;
use herald_pipeline::{Deps, Relay, SweepConfig, Sweeper, expire_holds, record_fallen};

use crate::{Adapters, Lifecycle};

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Reliable work")]
pub struct SweepOptions {
    /// Seconds after which a submission that no worker has started ends as internal_error (no_worker)
    #[arg(long = "max-queue-age", env = "HERALD_MAX_QUEUE_AGE", default_value_t = 3_600, value_name = "SECONDS")]
    pub max_queue_age_secs: u64,
}

/// Starts them; they end with the lifecycle's `stop`.
pub fn start(adapters: &Adapters, options: &SweepOptions, life: &Lifecycle) -> Relay {
    let deps = Deps { store: adapters.store.clone(), broker: adapters.broker.clone() };
    let config = SweepConfig {
        every: Duration::from_secs(1),
        max_queue_age_ms: options.max_queue_age_secs.saturating_mul(1_000),
        alone: adapters.embedded,
    };
    let relay = Relay::start(deps.clone(), &life.tasks, life.stop.clone());
    life.tasks.spawn(Sweeper::new(deps.clone(), config).run(life.stop.clone()));
    life.tasks.spawn(expire_holds(deps.clone(), relay.clone(), life.stop.clone()));
    life.tasks.spawn(record_fallen(deps, adapters.clock.clone(), life.stop.clone()));
    relay
}
