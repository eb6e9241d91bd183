//! Reliable work over the ports: group-committed intake, outbox relay, worker loop under leases, sweeper.
//!
//! The three rules: R1 the obligation is a row, a message only wakes; R2 the entity's own row is its channel's head; R3 live
//! push is a hint, the events table decides. Nothing here knows RabbitMQ or SQL.

pub mod work;
