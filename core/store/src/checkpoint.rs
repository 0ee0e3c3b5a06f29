//! Copies SQLite's write-ahead log back into the database, beside the writer: the copy waits for the disk twice, and a
//! batch should not.
//!
//! A thread with a connection of its own copies what is there. The log starts anew only at a moment when all of it is
//! copied, so the writer copies the last few pages itself, between two batches. Absent: durability of commits.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::engine::Failure;

/// Batches between two copies. A full batch writes some 100 pages, so that the log stays under 64 MiB; a page that
/// changes with every batch is copied once for all of them.
const BATCHES: u32 = 64;
/// Pages that the writer copies itself: a few milliseconds.
const REST: i64 = 500;
/// Tries to get the rest that small.
const TRIES: u32 = 3;

/// The thread that copies, as the writer sees it.
pub(crate) struct Checkpoint {
    asked: SyncSender<()>,
    is_nearly_done: Arc<AtomicBool>,
    batches: u32,
}

impl Checkpoint {
    /// Starts for the database at `path`. The thread ends with the value that is returned.
    pub(crate) fn start(path: &Path, busy_timeout: Duration) -> Result<Self, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(busy_timeout)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let (asked, asks) = sync_channel(1);
        let is_nearly_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_nearly_done);
        let copy = move || {
            while asks.recv().is_ok() {
                let small = (0..TRIES).any(|_| copy(&connection).is_ok_and(|rest| rest <= REST));
                done.store(small, Ordering::Release);
            }
        };
        let spawned = std::thread::Builder::new().name("tebura-checkpoint".to_owned()).spawn(copy);
        spawned.map_err(|error| Failure::Broken { reason: error.to_string() })?;
        Ok(Self { asked, is_nearly_done, batches: 0 })
    }

    /// Called by the writer between two batches.
    pub(crate) fn between_batches(&mut self, connection: &Connection) {
        if self.is_nearly_done.swap(false, Ordering::AcqRel)
            && let Err(error) = copy(connection)
        {
            tracing::warn!(%error, "the write-ahead log could not be copied back; it is tried again");
        }
        self.batches += 1;
        if self.batches >= BATCHES {
            match self.asked.try_send(()) {
                Ok(()) | Err(TrySendError::Full(())) => self.batches = 0,
                Err(TrySendError::Disconnected(())) => {
                    tracing::error!("the thread that copies the log ended by itself")
                }
            }
        }
    }
}

/// Copies what no reader needs where it is. Returns how many pages are left.
fn copy(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
}
