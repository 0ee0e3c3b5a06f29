//! Deletes what has outlived its time, and says how much.
//!
//! A rule names how long something is kept after its own trigger; what has no rule is kept. Absent: what other rules
//! delete by themselves (proofs end, service requests are the services').

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use tebura_ledger::Timestamp;

use super::{ANSWER_DAYS, DAY_MS, RightsRequest};
use crate::hub::Hub;
use crate::ports::{CommitError, ReadError, Unit, Write};
use crate::privacy::{Kept, Outlived, PrivacyWrite};

/// Rows of a kind that one look deletes; the next look goes on.
const BATCH: u16 = 200;
/// How often a process looks.
const EVERY_MS: i64 = 60_000;

/// How long things are kept, and how soon people are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Milliseconds after the trigger of the kind.
    pub kept_ms: BTreeMap<Kept, i64>,
    /// Days in which a request about somebody's data is answered.
    pub answer_days: u32,
}

impl Default for Retention {
    /// Sessions and tickets are of no use to anybody once they are over; a day lets staff look after what went wrong.
    fn default() -> Self {
        let kept_ms = BTreeMap::from([(Kept::CaptureSession, DAY_MS), (Kept::Enrolment, DAY_MS)]);
        Retention { kept_ms, answer_days: ANSWER_DAYS }
    }
}

/// What this process has deleted since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub deleted: BTreeMap<Kept, u64>,
    /// The last look; `None`: there was none yet.
    pub at: Option<Timestamp>,
}

/// The rules and what came of them.
pub struct Sweeper {
    retention: RwLock<Retention>,
    swept: Mutex<Swept>,
    next_ms: AtomicI64,
}

impl Default for Sweeper {
    fn default() -> Self {
        Sweeper { retention: RwLock::default(), swept: Mutex::default(), next_ms: AtomicI64::new(i64::MIN) }
    }
}

impl Sweeper {
    /// The rules.
    pub fn retention(&self) -> Retention {
        self.retention.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Rules in place of those before.
    pub fn set(&self, retention: Retention) {
        *self.retention.write().unwrap_or_else(PoisonError::into_inner) = retention;
    }

    /// What was deleted so far.
    pub fn swept(&self) -> Swept {
        self.swept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, kept: Kept, rows: usize, at: Timestamp) {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        *swept.deleted.entry(kept).or_default() += rows as u64;
        swept.at = Some(at);
    }
}

impl Hub {
    /// How long things are kept, and what was deleted.
    pub fn sweeper(&self) -> &Sweeper {
        &self.sweeper
    }

    /// Looks once a minute. Returns how many rows were deleted.
    pub(crate) async fn sweep_outlived(&self) -> Result<usize, ReadError> {
        let now = self.now();
        let next = self.sweeper.next_ms.load(Ordering::Relaxed);
        if now.millis() < next {
            return Ok(0);
        }
        self.sweeper.next_ms.store(now.plus_ms(EVERY_MS).millis(), Ordering::Relaxed);
        self.warn_of_overdue(now).await?;
        let mut deleted = 0;
        for (kept, kept_ms) in self.sweeper.retention().kept_ms {
            let rows = self.store.outlived(kept, now.plus_ms(-kept_ms), BATCH).await?;
            let mut gone = 0;
            for row in rows {
                match self.delete_outlived(row).await {
                    Ok(()) => gone += 1,
                    Err(error) => tracing::warn!(kind = kept.name(), %error, "a row stays past its time"),
                }
            }
            if gone > 0 {
                tracing::info!(kind = kept.name(), gone, "deleted what was kept long enough");
            }
            self.sweeper.add(kept, gone, now);
            deleted += gone;
        }
        Ok(deleted)
    }

    async fn delete_outlived(&self, row: Outlived) -> Result<(), CommitError> {
        let shard = match row {
            Outlived::CaptureSession(id) => id.shard(),
            Outlived::Enrolment(id) => id.shard(),
            Outlived::Template { person, .. } => person.shard(),
        };
        let writes = vec![Write::Privacy(PrivacyWrite::Forget(row))];
        self.store.commit(shard, self.now(), Unit { writes, ..Unit::default() }).await?;
        if let Outlived::Template { person, .. } = row {
            self.galleries.forget(person);
        }
        Ok(())
    }

    async fn warn_of_overdue(&self, now: Timestamp) -> Result<(), ReadError> {
        let open = self.store.open_rights_requests(BATCH).await?;
        let overdue: Vec<&RightsRequest> = open.iter().filter(|row| row.due_at <= now).collect();
        if let Some(first) = overdue.first() {
            tracing::warn!(count = overdue.len(), first = %first.id, "requests of people are past their deadline");
        }
        Ok(())
    }
}
