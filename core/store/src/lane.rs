//! Lanes: the tasks that write. A lane takes whatever arrived while its last transaction ran and commits it as one.
//!
//! No timer, so that a unit that comes alone never waits. No transaction in a caller's future, so that a caller that
//! gives up leaves no half-begun transaction behind.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tebura_hub::ports::{CommitError, Committed, Unit};
use tebura_ledger::{Shard, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};

use crate::batch::Writer;
use crate::durable::Durable;
use crate::engine::{Engine, Failure};

/// Tries of one batch before it is taken apart.
const TRIES: u32 = 8;
/// What a caller is told to wait when a lane's queue is full: about what a full queue takes to drain.
const RETRY_AFTER_MS: u32 = 500;

/// A unit's answer.
pub(crate) type Answer = Result<Committed, CommitError>;

/// A unit that waits for its transaction.
pub(crate) struct Job {
    pub(crate) shard: Shard,
    /// Where the unit's key is kept; its own shard when it has none.
    pub(crate) home: Shard,
    pub(crate) now: Timestamp,
    pub(crate) unit: Unit,
    answer: oneshot::Sender<Answer>,
}

impl Job {
    /// A job, and where its answer comes.
    pub(crate) fn new(shard: Shard, home: Shard, now: Timestamp, unit: Unit) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        (Self { shard, home, now, unit, answer }, answered)
    }
}

/// All lanes of a store.
pub(crate) struct Lanes {
    senders: Vec<mpsc::Sender<Job>>,
    stop: watch::Sender<bool>,
    ended: Mutex<Vec<oneshot::Receiver<()>>>,
}

impl Lanes {
    /// Starts the lanes of a database that exists.
    pub(crate) fn start(writer: Arc<Writer>, lanes: usize, max_batch: usize, queue: usize) -> io::Result<Self> {
        let (stop, _) = watch::channel(false);
        let mut senders = Vec::new();
        let mut ended = Vec::new();
        for _ in 0..lanes {
            let (sender, jobs) = mpsc::channel(queue.max(1));
            let durable = writer.synced_apart().map(|file| Durable::start(file.path())).transpose()?;
            let (writer, max_batch) = (Arc::clone(&writer), max_batch.max(1));
            let lane = Lane { writer, durable, max_batch, turn: AtomicU32::new(0) };
            ended.push(start(lane, jobs, stop.subscribe()));
            senders.push(sender);
        }
        Ok(Self { senders, stop, ended: Mutex::new(ended) })
    }

    /// Hands a unit to its lane and waits until it is durable or refused.
    pub(crate) async fn commit(&self, shard: Shard, home: Shard, now: Timestamp, unit: Unit) -> Answer {
        let (job, answered) = Job::new(shard, home, now, unit);
        let lane = usize::from(shard.number()) % self.senders.len();
        match self.senders[lane].try_send(job) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                return Err(CommitError::Busy { retry_after_ms: RETRY_AFTER_MS });
            }
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(closing()),
        }
        answered.await.unwrap_or_else(|_| Err(closing()))
    }

    /// Finishes what was accepted and ends the tasks.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        let ended = std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner));
        for lane in ended {
            if lane.await.is_err() {
                tracing::error!("a writer ended by itself");
            }
        }
    }
}

/// Runs a lane until its queue is closed; then the receiver is told. SQLite's calls block, so its lane has a thread of
/// its own and never holds up a request.
fn start(lane: Lane, jobs: mpsc::Receiver<Job>, stop: watch::Receiver<bool>) -> oneshot::Receiver<()> {
    let (end, ended) = oneshot::channel();
    let blocks = lane.writer.engine() == Engine::Sqlite;
    let run = async move {
        lane.run(jobs, stop).await;
        let _ = end.send(());
    };
    if blocks {
        let runtime = tokio::runtime::Handle::current();
        std::thread::spawn(move || runtime.block_on(run));
    } else {
        tokio::spawn(run);
    }
    ended
}

fn closing() -> CommitError {
    CommitError::Unavailable { reason: "the store is closing".to_owned() }
}

struct Lane {
    writer: Arc<Writer>,
    /// Set where a commit is not durable yet.
    durable: Option<Durable>,
    max_batch: usize,
    turn: AtomicU32,
}

impl Lane {
    async fn run(self, mut jobs: mpsc::Receiver<Job>, mut stop: watch::Receiver<bool>) {
        let mut waiting = Vec::with_capacity(self.max_batch);
        let mut closing = false;
        loop {
            tokio::select! {
                biased;
                _ = stop.changed(), if !closing => {
                    // Also when the store was dropped: then the queue closes by itself.
                    jobs.close();
                    closing = true;
                }
                taken = jobs.recv_many(&mut waiting, self.max_batch) => {
                    if taken == 0 {
                        return;
                    }
                    for batch in self.batches(std::mem::take(&mut waiting)) {
                        self.commit(batch).await;
                    }
                }
            }
        }
    }

    /// One shard a batch on PostgreSQL, so that the same statements run where shards live on several machines; SQLite
    /// has one writer for all shards.
    fn batches(&self, jobs: Vec<Job>) -> Vec<Vec<Job>> {
        match self.writer.engine() {
            Engine::Sqlite => vec![jobs],
            Engine::Postgres => {
                let mut by_shard: Vec<Vec<Job>> = Vec::new();
                for job in jobs {
                    match by_shard.iter_mut().find(|batch| batch[0].shard == job.shard) {
                        Some(batch) => batch.push(job),
                        None => by_shard.push(vec![job]),
                    }
                }
                by_shard
            }
        }
    }

    async fn commit(&self, batch: Vec<Job>) {
        if self.durable.as_ref().is_some_and(Durable::is_lost) {
            return Durable::refuse(batch);
        }
        match self.attempt(&batch).await {
            Ok((answers, wrote)) => self.answer(batch, answers, wrote),
            Err(Failure::Broken { reason } | Failure::Conflict { reason }) if batch.len() > 1 => {
                tracing::warn!(units = batch.len(), reason, "a batch failed, its units go one by one");
                for job in batch {
                    let alone = vec![job];
                    let refused = |failure| (vec![Err(refusal(failure))], false);
                    let (answers, wrote) = self.attempt(&alone).await.unwrap_or_else(refused);
                    self.answer(alone, answers, wrote);
                }
            }
            Err(failure) => {
                tracing::warn!(units = batch.len(), ?failure, "a batch failed");
                let answers = batch.iter().map(|_| Err(refusal(failure.clone()))).collect();
                self.answer(batch, answers, false);
            }
        }
    }

    fn answer(&self, batch: Vec<Job>, answers: Vec<Answer>, wrote: bool) {
        match &self.durable {
            Some(durable) => durable.answer(batch, answers, wrote),
            None => answer(batch, answers),
        }
    }

    async fn attempt(&self, batch: &[Job]) -> Result<(Vec<Answer>, bool), Failure> {
        let mut tries = 1;
        loop {
            match self.writer.transact(batch).await {
                Err(Failure::Conflict { reason } | Failure::Lost { reason }) if tries < TRIES => {
                    tracing::debug!(units = batch.len(), tries, reason, "a batch is tried again");
                    self.step_aside(tries).await;
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    /// Two lanes that collided must not collide again: each waits a little longer every time, and never the same.
    #[expect(
        clippy::disallowed_methods,
        reason = "there is no event to wait for: the other writer may be another node"
    )]
    async fn step_aside(&self, tries: u32) {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id());
        let jitter_ms = turn.wrapping_mul(0x9E37_79B9) >> 29;
        tokio::time::sleep(Duration::from_millis(u64::from(tries + jitter_ms))).await;
    }
}

/// Tells each caller what became of its unit.
pub(crate) fn answer(batch: Vec<Job>, answers: Vec<Answer>) {
    for (job, answer) in batch.into_iter().zip(answers) {
        // The caller may have given up; the unit is committed or refused all the same.
        let _ = job.answer.send(answer);
    }
}

fn refusal(failure: Failure) -> CommitError {
    match failure {
        Failure::Conflict { .. } => CommitError::Busy { retry_after_ms: RETRY_AFTER_MS },
        Failure::Broken { reason } => CommitError::Rejected { reason },
        Failure::Lost { reason } | Failure::Unknown { reason } => CommitError::Unavailable { reason },
    }
}
