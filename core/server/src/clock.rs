//! The real clock and the real source of ids: the only place that reads either.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tebura_hub::ports::{Clock, Ids};
use tebura_ledger::{Shard, Timestamp};
use uuid::Uuid;

/// Wall-clock time that never goes backwards within the process.
#[derive(Debug, Default)]
pub struct SystemClock {
    latest: AtomicI64,
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the Clock port's adapter")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let read = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.latest.fetch_max(read, Ordering::Relaxed).max(read))
    }

    async fn wait_until(&self, at: Timestamp) {
        while let Ok(rest @ 1..) = u64::try_from(at.since_ms(self.now())) {
            #[expect(clippy::disallowed_methods, reason = "this is the Clock port's adapter")]
            tokio::time::sleep(std::time::Duration::from_millis(rest)).await;
        }
    }
}

/// UUIDv7 and secrets from the operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn next(&self, shard: Shard) -> Uuid {
        #[expect(clippy::disallowed_methods, reason = "this is the Ids port's adapter")]
        let mut bytes = *Uuid::now_v7().as_bytes();
        bytes[15] = shard.number();
        Uuid::from_bytes(bytes)
    }

    #[expect(clippy::expect_used, reason = "without randomness no key is safe: better to stop")]
    fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_carries_its_shard_in_the_last_byte() {
        let id = SystemIds.next(Shard::new(7));
        assert_eq!((id.as_bytes()[15], id.get_version_num()), (7, 7));
        assert_ne!(id, SystemIds.next(Shard::new(7)));
    }

    #[test]
    fn time_does_not_go_back() {
        let clock = SystemClock::default();
        let first = clock.now();
        assert!(first.millis() > 1_700_000_000_000);
        assert!(clock.now() >= first);
    }
}
