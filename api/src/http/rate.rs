//! The optional limit on requests per user: a token bucket, told of by the `RateLimit` and `RateLimit-Policy` fields
//! (draft-ietf-httpapi-ratelimit-headers-09). It counts in this process only: N processes allow N times as much.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue};
use herald_domain::owner::Owner;
use tokio::time::Instant;

use crate::config::RateLimit;

/// Users remembered at most; above it, those whose bucket is full again are forgotten.
const REMEMBERED: usize = 10_000;

pub(crate) struct RateLimiter {
    limit: RateLimit,
    buckets: Mutex<HashMap<Owner, Bucket>>,
}

struct Bucket {
    tokens: f64,
    at: Instant,
}

/// What became of one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Taken {
    pub allowed: bool,
    limit: RateLimit,
    /// Requests left now.
    pub remaining: u32,
    /// Seconds until at least one more is allowed (where none is left) or the bucket is full.
    pub seconds: u64,
}

impl RateLimiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, buckets: Mutex::new(HashMap::new()) }
    }

    /// Counts one request of the user.
    pub(crate) fn take(&self, owner: &Owner) -> Taken {
        let now = Instant::now();
        let full = f64::from(self.limit.requests);
        let per_second = full / f64::from(self.limit.seconds);
        let refilled = |bucket: &Bucket| (bucket.tokens + (now - bucket.at).as_secs_f64() * per_second).min(full);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| refilled(bucket) < full);
        }
        let bucket = buckets.entry(owner.clone()).or_insert(Bucket { tokens: full, at: now });
        let tokens = refilled(bucket);
        let allowed = tokens >= 1.0;
        let left = if allowed { tokens - 1.0 } else { tokens };
        *bucket = Bucket { tokens: left, at: now };
        let wanting = if left >= 1.0 { full - left } else { 1.0 - left };
        Taken { allowed, limit: self.limit, remaining: left as u32, seconds: (wanting / per_second).ceil() as u64 }
    }
}

impl Taken {
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        let policy = format!("\"default\";q={};w={}", self.limit.requests, self.limit.seconds);
        let state = format!("\"default\";r={};t={}", self.remaining, self.seconds);
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_allowed_then_the_pace_and_each_user_has_a_bucket() {
        let limiter = RateLimiter::new(RateLimit { requests: 2, seconds: 10 });
        let (alice, bob) = (Owner::user("alice").unwrap(), Owner::user("bob").unwrap());
        assert_eq!((limiter.take(&alice).allowed, limiter.take(&alice).allowed), (true, true));
        let refused = limiter.take(&alice);
        assert_eq!((refused.allowed, refused.remaining, refused.seconds), (false, 0, 5));
        assert!(limiter.take(&bob).allowed);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(limiter.take(&alice).allowed);
        assert!(!limiter.take(&alice).allowed);
    }
}
