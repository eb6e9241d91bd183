//! Real processes on real input: one `herald up`, and a fleet of api, worker and notifier processes on PostgreSQL and RabbitMQ,
//! judged by what a client sees. Every process is started by its test, in a clean environment, and ends with it.
//!
//! Short counts by default; `HERALD_TEST_SOAK=1` makes them full (`make soak`). `HERALD_TEST_SEED` repeats a run's draws.

mod client;
mod database;
mod fleet;
mod judging;
mod kills;
mod kin;
mod lifecycle;
mod money;
mod problems;
mod process;
mod program;
mod rejudging;
mod scale;
mod script;
mod site;
mod stopping;
mod story;
mod up;
mod watcher;
