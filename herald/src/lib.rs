//! The `herald` program as a library: the command line, its client, and the first page.
//!
//! What serves (`up`, `api`, `worker`, `notifier`) joins the crates of the workspace; what asks ([`cli`]) is an HTTP client
//! and never opens a store.

pub mod arguments;
pub mod cli;
pub mod client;
pub mod page;
pub mod serve;
