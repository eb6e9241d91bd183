//! The hub over real stores and brokers, seen as its subscribers see it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod away;
mod backend;
mod bank;
mod money;
mod recorder;
mod resume;
mod stream;
mod user;
mod world;
