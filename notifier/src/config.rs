//! The notifier's own settings: flags, else `HERALD_*` variables, each with its default.

use std::time::Duration;

use clap::Args;

#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Push")]
pub struct Config {
    /// WebSockets and event streams open at once; above it connects are answered 503 too_many_connections
    #[arg(long, env = "HERALD_MAX_CONNECTIONS", default_value_t = 100_000, value_name = "N")]
    pub max_connections: usize,
    /// The same for one user; above it connects are answered 429 too_many_connections
    #[arg(long, env = "HERALD_MAX_CONNECTIONS_PER_USER", default_value_t = 20_000, value_name = "N")]
    pub max_connections_per_user: usize,
    /// Connects being set up at once; above it they are answered 503 overloaded
    #[arg(long, env = "HERALD_MAX_CONNECTING", default_value_t = 1_024, value_name = "N")]
    pub max_connecting: usize,
    /// Seconds of silence from a client after which it is pinged
    #[arg(long = "ping-interval", env = "HERALD_PING_INTERVAL", default_value_t = 25, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub ping_secs: u64,
    /// Seconds that a connection lives before the client is told to resume on a fresh one (10 % less at random)
    #[arg(long = "socket-lifetime", env = "HERALD_SOCKET_LIFETIME", default_value_t = 3_600, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub lifetime_secs: u64,
    /// Bytes of stored events that may wait for one slow subscriber before it is told to resume
    #[arg(long, env = "HERALD_PUSH_BUFFER", default_value_t = 262_144, value_name = "BYTES")]
    pub push_buffer: usize,
    /// Seconds between not being ready and closing connections, for a load balancer to notice
    #[arg(long = "drain-wait", env = "HERALD_DRAIN_WAIT", default_value_t = 2, value_name = "SECONDS")]
    pub drain_wait_secs: u64,
    /// Seconds over which connections are closed on shutdown, and over which clients are told to come back
    #[arg(long = "drain-spread", env = "HERALD_DRAIN_SPREAD", default_value_t = 5, value_name = "SECONDS")]
    pub drain_spread_secs: u64,
}

impl Config {
    pub(crate) fn times(&self) -> Times {
        Times {
            ping: Duration::from_secs(self.ping_secs),
            lifetime: Duration::from_secs(self.lifetime_secs),
            ..Times::default()
        }
    }

    /// How long a load balancer gets to notice that this process is not ready.
    pub fn drain_wait(&self) -> Duration {
        Duration::from_secs(self.drain_wait_secs)
    }

    pub(crate) fn drain_spread(&self) -> Duration {
        Duration::from_secs(self.drain_spread_secs)
    }

    /// The hub with this configuration's buffer.
    pub fn hub(&self) -> herald_push::HubConfig {
        herald_push::HubConfig { buffer_bytes: self.push_buffer, ..herald_push::HubConfig::default() }
    }
}

impl Default for Config {
    /// The same defaults as on the command line.
    fn default() -> Self {
        Self {
            max_connections: 100_000,
            max_connections_per_user: 20_000,
            max_connecting: 1_024,
            ping_secs: 25,
            lifetime_secs: 3_600,
            push_buffer: 256 * 1024,
            drain_wait_secs: 2,
            drain_spread_secs: 5,
        }
    }
}

/// A connection's times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Silence from the client after which it is pinged.
    pub ping: Duration,
    /// How long it has to answer.
    pub pong: Duration,
    pub lifetime: Duration,
    /// How long a write may be stuck, and a goodbye may take.
    pub patience: Duration,
    /// Silence towards an event stream's client that a comment breaks.
    pub heartbeat: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(25),
            pong: Duration::from_secs(10),
            lifetime: Duration::from_secs(3_600),
            patience: Duration::from_secs(5),
            heartbeat: Duration::from_secs(15),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn the_defaults_are_those_of_the_command_line() {
        #[derive(Parser)]
        struct Line {
            #[command(flatten)]
            config: Config,
        }
        let parsed = Line::parse_from(["x"]).config;
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Config::default()));
    }
}
