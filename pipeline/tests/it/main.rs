//! The pipeline over a real store and the in-process broker, with a judge that does as it is told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod booking;
mod faulty_broker;
mod faulty_store;
mod intake;
mod judging;
mod servant;
mod serving;
mod sweeping;
mod world;
