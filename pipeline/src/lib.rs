//! Reliable work over the ports: group-committed intake, outbox relay, worker loop under leases, sweeper, dead letters.
//!
//! The three rules that everything here keeps:
//! * R1 the obligation is a row, a message only wakes: nothing is requeued by nack, retries and attempts live in the store;
//! * R2 the entity's own row is its channel's head: writers never queue behind one another;
//! * R3 live push is a hint, the events table decides: [`announce`] never waits and may lose.
//!
//! A background task ends only when `stop` fires. Should one panic, its drop guard fires `stop`, and the process ends with it:
//! the next one takes over within seconds, where a process without its relay would look well and do nothing.
//!
//! Nothing here knows RabbitMQ or SQL.

mod announce;
mod batch;
mod booking;
mod fallen;
mod funding;
mod group_commit;
mod holds;
mod intake;
mod notices;
mod patience;
mod reconcile;
mod relay;
mod serving;
mod sweeper;
pub mod work;

use std::sync::Arc;

pub use announce::{announce, announce_progress};
pub use batch::MAX_BATCH;
pub use booking::Bookings;
pub use fallen::record_fallen;
pub use funding::{funding_account, open_budget_account};
pub use holds::expire_holds;
pub use intake::Intake;
pub use notices::{Teller, serve_notices};
pub use patience::{insist_for, retry_delay_ms};
pub use reconcile::{reconcile, wake_missing};
pub use relay::Relay;
pub use serving::{Servant, serve};
pub use sweeper::{SweepConfig, Sweeper};

use herald_domain::broker::Broker;
use herald_domain::store::Store;

/// What every part of the pipeline stands on.
#[derive(Clone)]
pub struct Deps {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
}
