//! What the sandbox promises, on real programs. Everything runs three times: as root with a uid per slot, as an ordinary
//! user with user namespaces, and as root with the few capabilities of a container. Without root there is only the
//! second; that is said, not hidden.
//!
//! This has a `main` of its own (`harness = false`), because the launcher is this executable started again.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod attacks;
mod basics;
mod bench;
mod boxes;
mod cgroups;
mod files;
mod hostile;
mod languages;
mod lifecycle;
mod limits;
mod pool;
mod runner;
mod streams;

fn main() {
    herald_sandbox::launcher_main_if_asked();
    std::process::exit(runner::run());
}
