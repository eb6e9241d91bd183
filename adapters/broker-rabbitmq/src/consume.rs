//! Work, steps of transfers and dead letters as the port has them, over an [`Intake`].

use async_trait::async_trait;
use herald_domain::broker::{
    Delivery, Fallen, Result, ServiceConsumer, TransferBatch, TransferMessage, WorkConsumer, WorkMessage,
};

use crate::intake::{Intake, Taken};
use crate::settle::{Settlement, ack_all};
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
                Err(error) => give_up(&delivery, settlement, &error),
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

pub(crate) struct BatchConsumer {
    intake: Intake,
}

impl BatchConsumer {
    pub(crate) fn new(intake: Intake) -> Self {
        Self { intake }
    }
}

#[async_trait]
impl ServiceConsumer for BatchConsumer {
    /// Waits for the first and takes what is there with it: nothing is held while it waits.
    async fn next(&mut self, most: usize) -> Option<Box<dyn TransferBatch>> {
        let mut batch = HeldBatch::default();
        while batch.messages.is_empty() {
            batch.add(self.intake.next().await?);
            while batch.messages.len() < most
                && let Some(taken) = self.intake.next_now()
            {
                batch.add(taken);
            }
        }
        Some(Box::new(batch))
    }

    async fn close(&mut self) {
        self.intake.close().await;
    }
}

#[derive(Default)]
struct HeldBatch {
    messages: Vec<TransferMessage>,
    settlements: Vec<Settlement>,
}

impl HeldBatch {
    /// Or gives it up, if it cannot be read.
    fn add(&mut self, taken: Taken) {
        let Taken { delivery, settlement } = taken;
        match wire::decode_transfer(&delivery) {
            Ok(message) => {
                self.messages.push(message);
                self.settlements.push(settlement);
            }
            Err(error) => give_up(&delivery, settlement, &error),
        }
    }
}

#[async_trait]
impl TransferBatch for HeldBatch {
    fn messages(&self) -> &[TransferMessage] {
        &self.messages
    }

    async fn ack(self: Box<Self>) -> Result<()> {
        ack_all(self.settlements).await
    }
}

fn give_up(delivery: &lapin::message::Delivery, settlement: Settlement, error: &serde_json::Error) {
    tracing::warn!(queue.key = %delivery.routing_key, error = %error, "a message cannot be read: to the dead queue");
    settlement.give_up();
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
