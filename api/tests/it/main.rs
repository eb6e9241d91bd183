//! The API as a client sees it: the real router over the real SQLite store, the in-process broker, intake, relay and hub.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

mod admin;
mod app;
mod bad_input;
mod documents;
mod errors;
mod idempotency;
mod lists;
mod observing;
mod origins;
mod status;
mod submitting;
mod tickets;
mod who;
