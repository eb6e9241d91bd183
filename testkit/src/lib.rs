//! What tests share: the contract suites of the ports, builders, and a clock that a test moves. Development only: no other
//! crate may depend on it outside of `[dev-dependencies]`.

pub mod broker_contract;
pub mod build;
pub mod clock;
pub mod rabbit_node;
pub mod store_contract;
