//! Makes SQLite's commits durable while the next batch is decided.
//!
//! A commit writes to the write-ahead log and returns; the log is synced here, by a thread that waits for the disk, and
//! only then are the callers answered. Whatever was committed while the disk was busy is made durable by the next sync.
//! A power cut can take away commits that nobody was told of, never one that was answered: frames of the log are
//! checked in order, so what is lost is always the end. Absent: transactions, and copying the log back into the
//! database (`checkpoint.rs`).

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tebura_hub::ports::CommitError;
use tokio::runtime::Handle;

use crate::lane::{Answer, Job, answer};

/// What is said once the log could not be synced: what the disk holds is not known, and a second sync that succeeds
/// proves nothing.
const LOST: &str = "the disk did not keep what was written: look after it and start the hub again";

/// A batch whose answers wait for the disk.
struct Waiting {
    batch: Vec<Job>,
    answers: Vec<Answer>,
    wrote: bool,
}

/// The thread that syncs, as the lane sees it.
pub(crate) struct Durable {
    sender: Option<SyncSender<Waiting>>,
    thread: Option<std::thread::JoinHandle<()>>,
    is_lost: Arc<AtomicBool>,
}

impl Durable {
    /// Starts for the database at `path`, whose log exists, on the current tokio runtime.
    pub(crate) fn start(path: &Path) -> io::Result<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = File::options().read(true).write(true).open(log)?;
        // No room: with one batch on its way to the disk and one committed behind it the writer waits, so that batches stay deep.
        let (sender, waiting) = sync_channel(0);
        let is_lost = Arc::new(AtomicBool::new(false));
        let lost = Arc::clone(&is_lost);
        let runtime = Handle::current();
        let thread = std::thread::Builder::new()
            .name("tebura-sync".to_owned())
            .spawn(move || run(&log, &waiting, &lost, &runtime))?;
        Ok(Self { sender: Some(sender), thread: Some(thread), is_lost })
    }

    /// Answers a batch once everything that was committed so far is on the disk; also one that wrote nothing, since it
    /// may tell of what an earlier one wrote.
    pub(crate) fn answer(&self, batch: Vec<Job>, answers: Vec<Answer>, wrote: bool) {
        let Some(sender) = &self.sender else { return };
        if let Err(unsent) = sender.send(Waiting { batch, answers, wrote }) {
            answer_lost(vec![unsent.0]);
        }
    }

    /// Whether nothing may be written any more.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    /// What a batch is told that comes afterwards.
    pub(crate) fn refuse(batch: Vec<Job>) {
        answer_lost(vec![Waiting { batch, answers: Vec::new(), wrote: false }]);
    }
}

impl Drop for Durable {
    /// Waits until everybody is answered.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that syncs ended by itself");
        }
    }
}

fn run(log: &File, waiting: &Receiver<Waiting>, is_lost: &AtomicBool, runtime: &Handle) {
    while let Ok(first) = waiting.recv() {
        let batches: Vec<Waiting> = std::iter::once(first).chain(waiting.try_iter()).collect();
        if is_lost.load(Ordering::Acquire) {
            answer_lost(batches);
            continue;
        }
        if batches.iter().any(|of| of.wrote)
            && let Err(error) = log.sync_data()
        {
            tracing::error!(%error, "the write-ahead log could not be synced; nothing is written any more");
            is_lost.store(true, Ordering::Release);
            answer_lost(batches);
            continue;
        }
        // Told by one task: from this thread each of the callers would have to be woken by a call to the system.
        runtime.spawn(async move { batches.into_iter().for_each(|of| answer(of.batch, of.answers)) });
    }
}

fn answer_lost(batches: Vec<Waiting>) {
    for Waiting { batch, .. } in batches {
        let answers = batch.iter().map(|_| Err(CommitError::Unavailable { reason: LOST.to_owned() })).collect();
        answer(batch, answers);
    }
}

#[cfg(test)]
mod tests {
    use tebura_hub::ports::{Committed, Unit};
    use tebura_ledger::{Shard, Timestamp};

    use super::*;

    /// What a unit is told that was committed and has to be synced.
    async fn told(durable: &Durable, wrote: bool) -> Answer {
        let (job, answered) = Job::new(Shard::new(0), Shard::new(0), Timestamp::from_millis(0), Unit::default());
        durable.answer(vec![job], vec![Ok(Committed::Done(Vec::new()))], wrote);
        answered.await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_comes_after_the_sync() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.sqlite-wal"), b"frames").unwrap();
        let durable = Durable::start(&folder.path().join("a.sqlite")).unwrap();
        assert!(told(&durable, true).await.is_ok());
        assert!(told(&durable, false).await.is_ok());
        assert!(!durable.is_lost());
    }

    #[tokio::test]
    async fn nothing_is_acknowledged_once_a_sync_failed() {
        let folder = tempfile::tempdir().unwrap();
        // A device that takes bytes and cannot be synced.
        std::os::unix::fs::symlink("/dev/null", folder.path().join("a.sqlite-wal")).unwrap();
        let durable = Durable::start(&folder.path().join("a.sqlite")).unwrap();
        assert!(told(&durable, false).await.is_ok(), "nothing was written, so there is nothing to sync");
        let lost = |answer| matches!(answer, Err(CommitError::Unavailable { reason }) if reason == LOST);
        assert!(lost(told(&durable, true).await));
        assert!(durable.is_lost());
        assert!(lost(told(&durable, false).await), "a repeat of what may be lost must not be told that it is done");
    }

    #[tokio::test]
    async fn who_waits_is_answered_when_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.sqlite-wal"), b"frames").unwrap();
        let durable = Durable::start(&folder.path().join("a.sqlite")).unwrap();
        let (job, answered) = Job::new(Shard::new(0), Shard::new(0), Timestamp::from_millis(0), Unit::default());
        durable.answer(vec![job], vec![Ok(Committed::Done(Vec::new()))], true);
        drop(durable);
        assert!(answered.await.unwrap().is_ok());
    }
}
