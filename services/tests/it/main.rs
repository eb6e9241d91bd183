//! The services over a real store, a real mail server and real receivers of webhooks.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod all;
mod fraud;
mod notices;
mod notification;
mod rewards;
mod statement;
mod webhook;
mod world;
