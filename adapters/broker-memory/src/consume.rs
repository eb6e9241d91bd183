//! Work and steps of transfers as the port has them, over a [`Taker`].

use async_trait::async_trait;
use herald_domain::broker::{
    Delivery, Result, ServiceConsumer, TransferBatch, TransferMessage, WorkConsumer, WorkMessage,
};

use crate::queue::{Held, Taker};

pub(crate) struct WorkTaker(pub(crate) Taker<WorkMessage>);

#[async_trait]
impl WorkConsumer for WorkTaker {
    async fn next(&mut self) -> Option<Box<dyn Delivery>> {
        let held = self.0.next(1).await?;
        Some(Box::new(HeldDelivery(held)))
    }

    async fn close(&mut self) {
        self.0.close();
    }
}

/// Holds one message.
struct HeldDelivery(Held<WorkMessage>);

#[async_trait]
impl Delivery for HeldDelivery {
    fn message(&self) -> &WorkMessage {
        &self.0.messages()[0]
    }

    fn redelivered(&self) -> bool {
        self.0.redelivered()
    }

    async fn ack(self: Box<Self>) -> Result<()> {
        self.0.settle();
        Ok(())
    }
}

pub(crate) struct ServiceTaker(pub(crate) Taker<TransferMessage>);

#[async_trait]
impl ServiceConsumer for ServiceTaker {
    async fn next(&mut self, most: usize) -> Option<Box<dyn TransferBatch>> {
        let held = self.0.next(most).await?;
        Some(Box::new(HeldBatch(held)))
    }

    async fn close(&mut self) {
        self.0.close();
    }
}

struct HeldBatch(Held<TransferMessage>);

#[async_trait]
impl TransferBatch for HeldBatch {
    fn messages(&self) -> &[TransferMessage] {
        self.0.messages()
    }

    async fn ack(self: Box<Self>) -> Result<()> {
        self.0.settle();
        Ok(())
    }
}
