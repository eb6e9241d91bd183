//! The hub: partition subscription, catch-up, table of subscribers, and the session state machine.
//!
//! Rule R3: live push is a hint; the events table decides. The hub subscribes to the live partitions of those who are
//! connected here, reads snapshots and missing events from the store, and gives each subscriber its channel's frames in
//! offset order, once each ([`Hub::subscribe`]). A resume never lies: `recovered` is true only if nothing is missing.
//!
//! What is absent: sockets and HTTP (the notifier moves bytes), any state that a restart would lose (each process has a
//! hub of its own, and a client resumes at any of them), and any promise that depends on a live message's arrival.
//!
//! Inside: [`hub`] is the handle, `worker` the one task that owns everything, `table` (with `log`, `order`, `watchers`)
//! the pure state, `partitions` and `feed` the live side, `reads`, `row` and `catch_up` the store side, `queue` what waits
//! for a subscriber, [`frame`] what it receives, [`session`] what a client may say.

mod catch_up;
pub mod close;
mod feed;
pub mod frame;
pub mod hub;
mod log;
mod order;
mod partitions;
mod queue;
mod reads;
mod row;
pub mod session;
mod table;
mod watchers;
mod worker;

pub use frame::{Frame, FrameKind, NotRecovered};
pub use hub::{Deps, Hub, HubConfig, SubscribeError};
pub use queue::{End, Landed, Subscription};
