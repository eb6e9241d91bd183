//! Boot shared by every Herald process: settings, adapters by URL scheme, logs and metrics, signals and drain, the fleet row.
//!
//! The order is written once, here: settings (exit 64 before a port is bound) → telemetry → adapters → run → drain.

pub mod adapters;
pub mod background;
pub mod exit;
pub mod fleet;
pub mod lifecycle;
pub mod metrics;
pub mod process;
pub mod serve;
pub mod telemetry;

pub use adapters::{AdapterOptions, Adapters, Alone};
pub use background::SweepOptions;
pub use exit::ConfigError;
pub use lifecycle::Lifecycle;
pub use process::ServeOptions;
pub use telemetry::LogOptions;

/// What this build calls itself.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
