//! What a store is opened with.

use std::sync::Arc;

use crate::engine::Engine;
use crate::vault::Kek;

/// Units in one transaction at most. Measured: throughput grows little beyond, latency does.
const MAX_BATCH: usize = 256;
/// Units that wait in one lane at most; then the caller is told to come back. About a second of work at 4,000 a second.
const QUEUE: usize = 4096;
/// Shards of a new store: one for each lane of PostgreSQL; one on SQLite, which has one writer and where rows of one shard
/// lie side by side, so that a batch writes fewer pages.
pub(crate) fn default_shards(engine: Engine) -> u16 {
    match engine {
        Engine::Sqlite => 1,
        Engine::Postgres => 4,
    }
}

/// How a store is opened. Start from [`StoreConfig::new`].
#[derive(Clone)]
pub struct StoreConfig {
    /// `sqlite://path?mode=rwc` or `postgres://user:password@host/database`.
    pub url: String,
    /// Shards of a new store, 1 to 256; `None`: as many as the store was created with, for a new one 1 on SQLite and 4 on
    /// PostgreSQL.
    pub shards: Option<u16>,
    /// Connections that write, 1 to 64. SQLite has one writer whatever this says.
    pub lanes: u16,
    /// Units in one transaction at most; 1 gives one transaction a unit, the baseline of the benchmarks.
    pub max_batch: usize,
    /// Units that wait in one lane at most; above, `commit` answers busy.
    pub queue: usize,
    /// Connections that read.
    pub readers: u32,
    /// The key that wraps people's keys.
    pub kek: Arc<dyn Kek>,
}

impl StoreConfig {
    /// The settings for production.
    pub fn new(url: impl Into<String>, kek: Arc<dyn Kek>) -> Self {
        Self { url: url.into(), shards: None, lanes: 4, max_batch: MAX_BATCH, queue: QUEUE, readers: 4, kek }
    }
}
