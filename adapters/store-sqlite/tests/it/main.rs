//! The SQLite store against the contract suite, and what is SQLite's own: the file, its lock, its schema, its statements.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod full_disk;
mod opening;
mod statements;
