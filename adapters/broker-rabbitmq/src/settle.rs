//! The right to settle one delivery.

use lapin::Acker;
use lapin::options::{BasicAckOptions, BasicNackOptions, BasicRejectOptions};

use herald_domain::broker::{BrokerError, Result};

use crate::session::SharedChannel;
use crate::tasks::Tasks;

/// Used up by settling; dropped unused, the message goes back to its queue.
pub(crate) struct Settlement {
    /// `None` once used.
    acker: Option<Acker>,
    /// Deliveries can only be settled on the channel that they came by, so it stays open for them.
    channel: SharedChannel,
    tasks: Tasks,
    handed_out: bool,
}

impl Settlement {
    pub(crate) fn new(acker: Acker, channel: SharedChannel, tasks: Tasks) -> Self {
        Self { acker: Some(acker), channel, tasks, handed_out: false }
    }

    /// Somebody works on it from now on: giving it back counts against the broker's delivery limit.
    pub(crate) fn hand_out(&mut self) {
        self.handed_out = true;
    }

    /// Whether it can still be settled, as far as is known.
    pub(crate) fn is_usable(&self) -> bool {
        self.acker.as_ref().is_some_and(Acker::usable)
    }

    /// lapin says `Ok(false)`, not an error, where the delivery's channel is gone.
    pub(crate) async fn ack(mut self) -> Result<()> {
        let Some(acker) = self.acker.take() else { return Err(BrokerError::Stale) };
        match self.channel.answered("ack", acker.ack(BasicAckOptions::default())).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(BrokerError::Stale),
        }
    }

    /// To the dead queue.
    pub(crate) async fn give_up(mut self) {
        if let Some(acker) = self.acker.take() {
            // If it fails, the message is delivered again and given up then.
            let _ = self.channel.answered("reject", acker.reject(BasicRejectOptions { requeue: false })).await;
        }
    }
}

impl Drop for Settlement {
    fn drop(&mut self) {
        let Some(acker) = self.acker.take().filter(Acker::usable) else { return };
        let (channel, handed_out) = (self.channel.clone(), self.handed_out);
        self.tasks.spawn(async move {
            // A failure means that the channel is gone, and then the broker has taken the message back already.
            let _ = if handed_out {
                channel.answered("reject", acker.reject(BasicRejectOptions { requeue: true })).await
            } else {
                channel.answered("nack", acker.nack(BasicNackOptions { requeue: true, multiple: false })).await
            };
        });
    }
}
