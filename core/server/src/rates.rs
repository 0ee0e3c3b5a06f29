//! How often one API key may call, and how often a rail may be called back: a bucket that refills, one for each.
//!
//! Asked once a request, after the key or the rail was found to be there: strangers have no bucket, so there are never more of
//! them than keys and rails. Absent: limits that several hub processes share; each process counts what it serves.

use std::hash::Hash;
use std::num::NonZeroU32;

use axum::http::StatusCode;
use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tebura_hub::ids::ApiKeyId;

use crate::problem::{Problem, Retry};

/// How fast a bucket refills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once, after a pause.
    pub burst: NonZeroU32,
}

/// The buckets.
pub struct Buckets<K: Hash + Eq + Clone>(Option<DefaultKeyedRateLimiter<K>>);

impl<K: Hash + Eq + Clone> Buckets<K> {
    /// Without a rate nobody is limited.
    pub fn new(rate: Option<Rate>) -> Buckets<K> {
        let quota = rate.map(|Rate { per_second, burst }| Quota::per_second(per_second).allow_burst(burst));
        Buckets(quota.map(RateLimiter::keyed))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The milliseconds after which there is room again.
    pub fn admit(&self, key: K) -> Result<(), u32> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check_key(&key).map_err(|early| {
            let wait = early.wait_time_from(limiter.clock().now());
            u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1)
        })
    }
}

/// A bucket for each API key.
pub struct Rates(Buckets<ApiKeyId>);

impl Rates {
    /// Without a rate nobody is limited.
    pub fn new(rate: Option<Rate>) -> Rates {
        Rates(Buckets::new(rate))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// 429 with the time after which there is room again; nothing was done.
    pub fn admit(&self, key: ApiKeyId) -> Result<(), Problem> {
        self.0.admit(key).map_err(|retry_after_ms| Problem {
            retry_after_ms: Some(retry_after_ms),
            ..Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate.limited",
                "This key calls too often. Wait for the time in Retry-After and repeat with the same key; the operator \
                 sets how often is too often.",
            )
            .retry(Retry::SameKey)
        })
    }
}
