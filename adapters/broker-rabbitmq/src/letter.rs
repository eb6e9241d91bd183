//! A message on its way out: where it goes, and what it says.

use herald_domain::broker::{TransferMessage, WorkMessage};
use herald_domain::money::Service;
use lapin::BasicProperties;
use lapin::types::ShortString;

use crate::config::is_name;
use crate::topology::Topology;
use crate::wire;

pub(crate) struct Letter {
    pub(crate) exchange: ShortString,
    pub(crate) key: ShortString,
    /// Somebody must get it: the broker gives it back where no queue takes it.
    pub(crate) mandatory: bool,
    /// The queue is this process's to declare if it is not there.
    pub(crate) ours: bool,
    pub(crate) properties: BasicProperties,
    pub(crate) body: Vec<u8>,
}

impl Letter {
    /// For the class's queue. `None` if the class's name cannot be part of a queue's.
    pub(crate) fn work(topology: &Topology, message: &WorkMessage) -> Option<Self> {
        let class = is_name(&message.class).then_some(&message.class)?;
        let (properties, body) = wire::encode_work(message);
        Some(Self {
            exchange: topology.work_exchange(),
            key: Topology::work_key(class),
            mandatory: true,
            ours: topology.knows(class),
            properties,
            body,
        })
    }

    /// For all whom the step concerns. It is published also where that is nobody whom we know of: somebody else may have bound
    /// a queue of their own.
    pub(crate) fn step(topology: &Topology, message: &TransferMessage) -> Self {
        let (properties, body) = wire::encode_transfer(message);
        let expected = topology.concerns_somebody(&message.step);
        Self {
            exchange: topology.transfers_exchange(),
            key: Topology::step_key(message.step.kind, message.step.state),
            mandatory: expected,
            ours: expected,
            properties,
            body,
        }
    }

    /// For the service's queue alone: by the default exchange, which has every queue under its name.
    pub(crate) fn wake(topology: &Topology, service: Service, message: &TransferMessage) -> Self {
        let (properties, body) = wire::encode_transfer(message);
        Self {
            exchange: "".into(),
            key: topology.service_queue(service),
            mandatory: true,
            ours: topology.serves(service),
            properties,
            body,
        }
    }
}
