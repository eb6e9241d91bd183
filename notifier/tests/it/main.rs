//! The notifier on a real port over real stores and brokers, spoken to by stock clients.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asyncapi;
#[path = "../../../push/tests/it/backend.rs"]
mod backend;
#[path = "../../../push/tests/it/bank.rs"]
mod bank;
mod counters;
mod door;
mod drain;
mod money;
#[path = "../../../push/tests/it/recorder.rs"]
mod recorder;
mod sse;
mod websocket;
mod world;
