//! The right to settle deliveries, one by one or many by one ack.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use herald_domain::broker::{BrokerError, Result};
use lapin::Acker;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions, BasicRejectOptions};
use lapin::types::DeliveryTag;

use crate::session::OwnChannel;
use crate::tasks::Tasks;

/// The channel that deliveries come by. They can be settled on no other, so it stays open for them.
///
/// Invariant: a tag is open from before its delivery can be settled until after the broker was told what became of it. A
/// multiple ack settles everything below its tag as well, so it may only go as far as all open tags are of those who ack.
pub(crate) struct Inbound {
    pub(crate) channel: OwnChannel,
    open: Mutex<BTreeSet<DeliveryTag>>,
}

impl Inbound {
    pub(crate) fn new(channel: OwnChannel) -> Self {
        Self { channel, open: Mutex::default() }
    }

    /// How many of these tags, from the first, are the lowest open ones. They must be in order.
    fn lowest(&self, tags: impl Iterator<Item = DeliveryTag>) -> usize {
        self.open().iter().zip(tags).take_while(|(open, tag)| *open == tag).count()
    }

    fn open(&self) -> MutexGuard<'_, BTreeSet<DeliveryTag>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Used up by settling; dropped unused, the message goes back to its queue.
pub(crate) struct Settlement {
    /// `None` once used.
    acker: Option<Acker>,
    tag: DeliveryTag,
    inbound: Arc<Inbound>,
    tasks: Tasks,
    handed_out: bool,
}

impl Settlement {
    pub(crate) fn new(delivery: &Delivery, inbound: Arc<Inbound>, tasks: Tasks) -> Self {
        inbound.open().insert(delivery.delivery_tag);
        Self { acker: Some(delivery.acker.clone()), tag: delivery.delivery_tag, inbound, tasks, handed_out: false }
    }

    /// Somebody works on it from now on: giving it back counts against the broker's delivery limit.
    pub(crate) fn hand_out(&mut self) {
        self.handed_out = true;
    }

    /// Whether it can still be settled, as far as is known.
    pub(crate) fn is_usable(&self) -> bool {
        self.acker.as_ref().is_some_and(Acker::usable)
    }

    pub(crate) async fn ack(mut self) -> Result<()> {
        ack(std::slice::from_mut(&mut self)).await
    }

    /// To the dead queue.
    pub(crate) fn give_up(mut self) {
        self.reject(false);
    }

    /// Needs no waiting for: if it fails, the channel is gone, and the broker has taken the message back already.
    fn reject(&mut self, requeue: bool) {
        let Some(acker) = self.acker.take().filter(Acker::usable) else { return };
        let (inbound, tag, counts) = (self.inbound.clone(), self.tag, self.handed_out || !requeue);
        self.tasks.spawn(async move {
            let told = if counts {
                inbound.channel.answered("reject", acker.reject(BasicRejectOptions { requeue })).await
            } else {
                inbound.channel.answered("nack", acker.nack(BasicNackOptions { requeue, multiple: false })).await
            };
            if told == Ok(true) {
                inbound.open().remove(&tag);
            }
        });
    }
}

impl Drop for Settlement {
    fn drop(&mut self) {
        self.reject(true);
    }
}

/// Acks deliveries of one consumer, in the order in which they came: together as far as it goes. Where it was reconnected in
/// between, those of each channel. `Stale` if any was not acked.
pub(crate) async fn ack_all(mut settlements: Vec<Settlement>) -> Result<()> {
    let mut outcome = Ok(());
    for group in settlements.chunk_by_mut(|one, next| Arc::ptr_eq(&one.inbound, &next.inbound)) {
        let together = group[0].inbound.lowest(group.iter().map(|settlement| settlement.tag));
        let (together, apart) = group.split_at_mut(together);
        let parts = apart.chunks_mut(1).chain((!together.is_empty()).then_some(together));
        let acked = futures::future::join_all(parts.map(ack)).await;
        outcome = acked.into_iter().fold(outcome, Result::and);
    }
    outcome
}

/// Acks them by one ack, of the last one's tag. lapin says `Ok(false)`, not an error, where the channel is gone.
async fn ack(settlements: &mut [Settlement]) -> Result<()> {
    let ackers: Vec<_> = settlements.iter_mut().map(|settlement| settlement.acker.take()).collect();
    let (Some(Some(acker)), Some(last)) = (ackers.last(), settlements.last()) else { return Err(BrokerError::Stale) };
    let options = BasicAckOptions { multiple: settlements.len() > 1 };
    match last.inbound.channel.answered("ack", acker.ack(options)).await {
        Ok(true) => {
            let mut open = last.inbound.open();
            for settlement in settlements.iter() {
                open.remove(&settlement.tag);
            }
            Ok(())
        }
        Ok(false) | Err(_) => Err(BrokerError::Stale),
    }
}
