//! A small memory of rows that rarely change. An entry lives for one second: that is how long another hub
//! process may go on with a row that was changed or revoked.

use std::future::Future;
use std::hash::Hash;

use quick_cache::sync;
use tebura_ledger::Timestamp;

use crate::ports::ReadError;

/// Rows kept at most: tills and payers of a busy minute.
const CAPACITY: usize = 100_000;
/// See the module.
const FRESH_MS: i64 = 1_000;

pub(crate) struct Cache<K, V>(sync::Cache<K, (Timestamp, V)>);

impl<K: Hash + Eq + Copy, V: Clone> Cache<K, V> {
    pub(crate) fn new() -> Self {
        Cache(sync::Cache::new(CAPACITY))
    }

    /// The remembered row, or what `read` finds. Absence is not remembered.
    pub(crate) async fn get_or_read(
        &self,
        key: K,
        now: Timestamp,
        read: impl Future<Output = Result<Option<V>, ReadError>>,
    ) -> Result<Option<V>, ReadError> {
        if let Some((at, value)) = self.0.get(&key)
            && now < at.plus_ms(FRESH_MS)
        {
            return Ok(Some(value));
        }
        let value = read.await?;
        if let Some(value) = &value {
            self.put(key, value.clone(), now);
        }
        Ok(value)
    }

    /// The remembered row whatever its age: for facts that never change.
    pub(crate) fn get(&self, key: K) -> Option<V> {
        self.0.get(&key).map(|(_, value)| value)
    }

    pub(crate) fn put(&self, key: K, value: V, now: Timestamp) {
        self.0.insert(key, (now, value));
    }
}
