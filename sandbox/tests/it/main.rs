//! What the sandbox promises, on real programs. Everything runs twice: as root with a uid per slot, and as an ordinary
//! user with user namespaces. Without root there is only the second; that is said, not hidden.
//!
//! This has a `main` of its own (`harness = false`), because the launcher is this executable started again.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod basics;
mod bench;
mod runner;

fn main() {
    herald_sandbox::launcher_main_if_asked();
    std::process::exit(runner::run());
}
