//! Work and dead letters as the port has them, over an [`Intake`].

use async_trait::async_trait;
use herald_domain::broker::{Delivery, Fallen, Result, WorkConsumer, WorkMessage};

use crate::intake::{Intake, Taken};
use crate::settle::Settlement;
use crate::wire;

pub(crate) struct Consumer {
    intake: Intake,
}

impl Consumer {
    pub(crate) fn new(intake: Intake) -> Self {
        Self { intake }
    }
}

#[async_trait]
impl WorkConsumer for Consumer {
    async fn next(&mut self) -> Option<Box<dyn Delivery>> {
        loop {
            let Taken { delivery, settlement } = self.intake.next().await?;
            match wire::decode_work(&delivery) {
                Ok(message) => {
                    return Some(Box::new(HeldDelivery { message, redelivered: delivery.redelivered, settlement }));
                }
                Err(error) => {
                    // No cancellation can lose it: dropped here, it comes again and is given up then.
                    tracing::warn!(queue.key = %delivery.routing_key, error = %error, "a message cannot be read: to the dead queue");
                    settlement.give_up().await;
                }
            }
        }
    }

    async fn close(&mut self) {
        self.intake.close().await;
    }
}

struct HeldDelivery {
    message: WorkMessage,
    redelivered: bool,
    settlement: Settlement,
}

#[async_trait]
impl Delivery for HeldDelivery {
    fn message(&self) -> &WorkMessage {
        &self.message
    }

    fn redelivered(&self) -> bool {
        self.redelivered
    }

    async fn ack(self: Box<Self>) -> Result<()> {
        self.settlement.ack().await
    }
}

pub(crate) struct FallenMessage {
    queue: String,
    body: Vec<u8>,
    settlement: Settlement,
}

impl FallenMessage {
    pub(crate) fn new(taken: Taken) -> Self {
        let Taken { delivery, settlement } = taken;
        // Without the broker's record somebody put it into the dead queue by hand.
        let queue = wire::fell_from(&delivery).unwrap_or_else(|| delivery.routing_key.to_string());
        Self { queue, body: delivery.data, settlement }
    }
}

#[async_trait]
impl Fallen for FallenMessage {
    fn queue(&self) -> &str {
        &self.queue
    }

    fn body(&self) -> &[u8] {
        &self.body
    }

    async fn taken(self: Box<Self>) -> Result<()> {
        self.settlement.ack().await
    }
}
