//! Checks tickets, and knows which keys were revoked.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use herald_domain::clock::Clock;
use herald_domain::id::KeyId;
use herald_domain::store::Store;
use herald_domain::ticket::{Grant, SigningKey};
use herald_push::session::{TicketRefusal, Tickets};
use tokio_util::sync::CancellationToken;

use crate::connections::Connections;

/// How often the store is asked for revoked keys.
const EVERY: Duration = Duration::from_secs(5);

pub(crate) struct TicketBook {
    key: SigningKey,
    clock: Arc<dyn Clock>,
    revoked: RwLock<HashSet<KeyId>>,
}

impl TicketBook {
    pub(crate) fn new(key: SigningKey, clock: Arc<dyn Clock>) -> Self {
        Self { key, clock, revoked: RwLock::default() }
    }

    /// Takes in the keys revoked of late; those that were not known before.
    fn note(&self, revoked: Vec<KeyId>) -> Vec<KeyId> {
        let mut known = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        let new = revoked.iter().copied().filter(|key| !known.contains(key)).collect();
        *known = revoked.into_iter().collect();
        new
    }

    /// Asks the store for revoked keys, refuses their tickets from then on, and closes their connections.
    pub(crate) async fn watch(
        self: Arc<Self>,
        store: Arc<dyn Store>,
        connections: Arc<Connections>,
        shutdown: CancellationToken,
    ) {
        let _vital = shutdown.clone().drop_guard();
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = every.tick() => {}
            }
            match store.revoked_keys().await {
                Ok(revoked) => connections.revoke(&self.note(revoked)),
                Err(error) => tracing::warn!(%error, "revoked keys cannot be read; it is tried again"),
            }
        }
    }
}

impl Tickets for TicketBook {
    fn check(&self, ticket: &str) -> Result<Grant, TicketRefusal> {
        let grant = self.key.verify(ticket, self.clock.now().unix_timestamp())?;
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        if grant.key.is_some_and(|key| revoked.contains(&key)) { Err(TicketRefusal::Revoked) } else { Ok(grant) }
    }
}
