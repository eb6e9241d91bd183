//! The command line as a user runs it, against a server that plays a script ([`stub`]): what it prints, how it exits, and
//! that nothing is lost or shown twice when connections break.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod command;
mod money;
mod processes;
mod stub;
mod watching;
