//! The hub: partition subscription, catch-up, table of subscribers, and the session state machine.
//! Rule R3: live push is a hint; the events table decides. Frames of a channel go out in offset order, once each.

use std::sync::Arc;

use herald_domain::{broker::Broker, channel::Channel, clock::Clock, owner::Owner, store::Store};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

#[derive(Clone)]
pub struct Deps {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub clock: Arc<dyn Clock>,
}

/// A handle on the process's one hub; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    _private: (),
}

impl Hub {
    /// Starts the hub's task. It stops when `shutdown` fires.
    pub fn start(_deps: Deps, _tasks: &TaskTracker, _shutdown: CancellationToken) -> Self {
        Self { _private: () }
    }

    /// For a long-poll: returns as soon as an event with a greater offset than `offset` is known to be committed on the
    /// channel (also if it was before the call). The caller bounds the wait and then reads the store.
    pub async fn wait_beyond(&self, _channel: &Channel, _owner: &Owner, _offset: u64) {}
}
