//! The independent consumers of a transfer: notification, fraud, statement, rewards, webhook. Each is a module with a
//! [`herald_pipeline::Servant`] that makes the effects of its service; [`herald_pipeline::serve`] runs one.
//!
//! Invariants:
//! * no module knows another: one that is down, slow or wrong is no other's business;
//! * an effect that is made again comes to the same: mails and webhooks bear ids that are made of the transfer's, a reward is
//!   the same transfer, and what the store keeps (receipts, decisions) is written with the effect;
//! * what leaves Herald names nobody's address or URL to the other party.
//!
//! What is absent: attempts, leases and dead letters, which the store and the pipeline have.

mod config;
pub mod fraud;
pub mod notification;
mod outcome;
mod retry;
pub mod rewards;
mod rules_file;
#[cfg(test)]
mod sample;
pub mod statement;
pub mod webhook;

pub use config::Config;
pub use fraud::Fraud;
pub use notification::{BadMail, Notification};
pub use rewards::Rewards;
pub use rules_file::BadRulesFile;
pub use statement::Statement;
pub use webhook::Webhook;
