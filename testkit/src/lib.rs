//! What tests share: the contract suites of the ports, builders, a clock that a test moves, servers and wires to break.
//! Development only: no other crate may depend on it outside of `[dev-dependencies]`.

pub mod broker_contract;
pub mod build;
pub mod clock;
pub mod own_server;
pub mod postgres_node;
pub mod proxy;
pub mod rabbit_node;
pub mod smtp_catcher;
pub mod store_contract;
pub mod webhook_receiver;
