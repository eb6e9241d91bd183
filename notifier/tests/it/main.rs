//! The notifier on a real port over a real store, spoken to by stock clients.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asyncapi;
mod door;
mod drain;
mod sse;
mod websocket;
mod world;
