//! The words and rules of Herald: ids, the state machines of submission and transfer, events and channels, tickets, and the ports
//! ([`store::Store`], [`broker::Broker`], [`clock::Clock`]) behind which every outside system stands.
//!
//! Invariant: nothing here does I/O, reads a clock or draws a random number; whatever needs one gets it as an argument
//! or through a port. Everything else in the workspace may depend on this crate, and it depends on none of them.

pub mod broker;
pub mod channel;
pub mod clock;
pub mod event;
pub mod id;
pub mod identity;
pub mod language;
pub mod money;
pub mod notice;
pub mod origin;
pub mod owner;
pub mod problem;
pub mod process;
pub mod store;
pub mod submission;
pub mod text;
pub mod ticket;
pub mod verdict;
pub mod view;
pub mod webhook;
mod words;
