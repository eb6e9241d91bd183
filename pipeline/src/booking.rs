//! Booking transfers: group commit, then (never before) announcement and hand-over to the relay.
//!
//! Invariant: an outcome is returned only after the transaction that decided it is durable.

use async_trait::async_trait;
use herald_domain::id::{MessageId, TransferId};
use herald_domain::money::NewTransfer;
use herald_domain::owner::Owner;
use herald_domain::store::{self, Booked, HoldChange, Moved, NewRefund, Screen, StoreError, TransferIntake};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::batch::Batcher;
use crate::group_commit::{self, GroupCommit};
use crate::holds::expire_now;
use crate::{Deps, Relay, announce};

/// A handle on the process's one booking task; cheap to clone.
#[derive(Clone)]
pub struct Bookings {
    batcher: Batcher<TransferIntake, store::Result<Moved>>,
    booker: Booker,
}

#[derive(Clone)]
struct Booker {
    deps: Deps,
    relay: Relay,
}

impl Bookings {
    /// Starts the committing task; it ends, having committed what waits, when `stop` fires.
    pub fn start(deps: Deps, relay: Relay, tasks: &TaskTracker, stop: CancellationToken) -> Self {
        let booker = Booker { deps, relay };
        let (batcher, task) = group_commit::batcher(booker.clone(), stop);
        tasks.spawn(task);
        Self { batcher, booker }
    }

    /// Books one transfer, in a commit shared with whatever else is waiting.
    pub async fn book(&self, transfer: NewTransfer) -> store::Result<Moved> {
        match self.batcher.submit(TransferIntake { transfer, message: message() }).await {
            Ok(outcome) => outcome,
            Err(overloaded) => Err(StoreError::Unavailable(Box::new(overloaded))),
        }
    }

    /// Books one payment by itself, screened in its own transaction; see [`store::Ledger::book_screened`].
    pub async fn book_screened(&self, transfer: NewTransfer, screen: Screen<'_>) -> store::Result<Moved> {
        let intake = TransferIntake { transfer, message: message() };
        let moved = self.booker.deps.store.book_screened(&intake, screen).await?;
        self.booker.tell(&moved);
        Ok(moved)
    }

    /// Captures or voids a hold; see [`store::Ledger::change_hold`] for who may.
    pub async fn change_hold(
        &self,
        id: TransferId,
        owner: Option<&Owner>,
        change: &HoldChange,
    ) -> store::Result<Moved> {
        let moved = self.booker.deps.store.change_hold(id, owner, change, message()).await?;
        self.booker.tell(&moved);
        Ok(moved)
    }

    /// Ends the holds of payers whose time is over; how many there were.
    pub async fn expire_holds(&self) -> store::Result<u64> {
        expire_now(&self.booker.deps, &self.booker.relay).await
    }

    /// Gives money back; see [`store::Ledger::refund_transfer`] for who may.
    pub async fn refund(&self, refund: &NewRefund, any: bool) -> store::Result<Moved> {
        let moved = self.booker.deps.store.refund_transfer(refund, any, message()).await?;
        self.booker.tell(&moved);
        Ok(moved)
    }
}

pub(crate) fn message() -> MessageId {
    MessageId(Uuid::now_v7())
}

/// Tells the broker and whoever watches of what was booked.
pub(crate) fn tell(deps: &Deps, relay: &Relay, booked: &Booked) {
    for row in &booked.outbox {
        relay.hand_over(row.clone());
    }
    for event in &booked.events {
        announce(&*deps.broker, &event.0);
    }
}

#[async_trait]
impl GroupCommit for Booker {
    type Item = TransferIntake;
    type Outcome = Moved;

    async fn together(&self, batch: &[TransferIntake]) -> store::Result<Vec<Moved>> {
        let outcomes = self.deps.store.book_transfers(batch).await?;
        debug_assert_eq!(outcomes.len(), batch.len());
        outcomes.iter().for_each(|moved| self.tell(moved));
        Ok(outcomes)
    }
}

impl Booker {
    fn tell(&self, moved: &Moved) {
        if let Moved::Now(booked) = moved {
            tell(&self.deps, &self.relay, booked);
        }
    }
}
