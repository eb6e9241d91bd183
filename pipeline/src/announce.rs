//! Live announcements: a hint to whoever watches now. Never awaited, never retried (rule R3).

use herald_domain::broker::Broker;
use herald_domain::event::{LiveMessage, Progress, StoredEvent};

/// Tells the hubs of a committed event. If the broker does not take it, they find it in the store within seconds.
pub fn announce(broker: &dyn Broker, event: &StoredEvent) {
    let taken = broker.publish_live(&LiveMessage::Event(event.clone()));
    tracing::debug!(channel = %event.channel, event.offset = event.offset, event.name = %event.name, taken, "event announced");
}

/// Tells the hubs of a passing state.
pub fn announce_progress(broker: &dyn Broker, progress: Progress) {
    broker.publish_live(&LiveMessage::Progress(progress));
}
