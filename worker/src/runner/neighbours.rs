//! Whether a program has neighbours: any number run at once, or one alone on the worker, for a time that nobody else takes
//! part in.
//!
//! Nobody stands still for ever: whoever holds a place takes no second one, whoever waits for one holds at most a box of the
//! sandbox, whoever is alone needs at most two, and there are two for each submission and one more (`Config::sandbox`).

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

#[derive(Default)]
pub(crate) struct Neighbours(RwLock<()>);

impl Neighbours {
    /// Held while programs run that may have others beside them. Waits for whoever is alone, or asked for that before.
    pub(crate) async fn beside(&self) -> RwLockReadGuard<'_, ()> {
        self.0.read().await
    }

    /// Held while a program has the worker to itself. Waits until everything that runs has ended; nothing new begins.
    pub(crate) async fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.0.write().await
    }
}
