//! The hub over a real store and the in-process broker, seen as its subscribers see it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod away;
mod resume;
mod stream;
mod user;
mod world;
