//! Settings of the API: flags, else `HERALD_*` variables, each with its default.

use std::str::FromStr;

use clap::Args;

use herald_domain::origin::Origin;

pub use crate::gate::public_url::PublicUrl;

/// The API's own settings.
#[derive(Args, Clone, Default, Debug)]
#[group(skip)]
pub struct Config {
    /// Where users reach this server, e.g. `https://judge.example.org`; URLs in answers are made from it. Without it they
    /// are made from each request's Host header.
    #[arg(long, env = "HERALD_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,
    /// Origins of other sites whose pages may call this server, comma-separated, e.g. `https://app.example.org`. The
    /// server's own origin always may.
    #[arg(long, env = "HERALD_ALLOWED_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<Origin>,
    /// Unfinished submissions of all users; above it POSTs are answered 503 queue_full.
    #[arg(long, env = "HERALD_MAX_QUEUED", value_name = "N", default_value_t = DEFAULT_MAX_QUEUED)]
    pub max_queued: u64,
    /// Unfinished submissions of one user; above it POSTs are answered 429 too_many_open.
    #[arg(long, env = "HERALD_MAX_OPEN_PER_USER", value_name = "N", default_value_t = DEFAULT_MAX_OPEN_PER_USER)]
    pub max_open_per_user: u64,
    /// Requests that one user may make, as REQUESTS/SECONDS, e.g. 600/60. Unset: no limit.
    #[arg(long, env = "HERALD_RATE_LIMIT", value_name = "REQUESTS/SECONDS")]
    pub rate_limit: Option<RateLimit>,
}

pub const DEFAULT_MAX_QUEUED: u64 = 100_000;
pub const DEFAULT_MAX_OPEN_PER_USER: u64 = 2_000;

/// So many requests in so many seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimit {
    pub requests: u32,
    pub seconds: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a rate limit is <requests>/<seconds>, both at least 1, e.g. 600/60")]
pub struct BadRateLimit;

impl FromStr for RateLimit {
    type Err = BadRateLimit;

    fn from_str(text: &str) -> Result<Self, BadRateLimit> {
        let (requests, seconds) = text.split_once('/').ok_or(BadRateLimit)?;
        let number = |text: &str| text.trim().parse().ok().filter(|n| *n > 0).ok_or(BadRateLimit);
        Ok(Self { requests: number(requests)?, seconds: number(seconds)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_is_two_positive_numbers() {
        assert_eq!("600/60".parse(), Ok(RateLimit { requests: 600, seconds: 60 }));
        for bad in ["", "600", "0/60", "60/0", "a/b", "-1/5"] {
            assert_eq!(bad.parse::<RateLimit>(), Err(BadRateLimit), "{bad:?}");
        }
    }
}
