//! The hub's face port: a fixed number of threads with a bounded queue before them.
//!
//! Absent: waiting in line without limit. A full queue answers at once and says when to come again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use tebura_face::{Pack, Sample, SampleRefusal};
use tebura_hub::ports::FaceEngine;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::engine::NetError;
use crate::pipeline::{Examined, LoadedPack, Pipeline, StageTimings};

/// Assumed time of one picture before any was examined: both engines are faster on a slow core.
const FIRST_GUESS_MS: u64 = 100;
/// Shorter waits only make clients spin.
const LEAST_RETRY_MS: u64 = 50;

/// How many pictures are examined at once and how many may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerLimits {
    /// Threads; one picture each.
    pub workers: usize,
    /// Pictures that wait.
    pub queue: usize,
}

impl Default for WorkerLimits {
    /// As many threads as cores, and four waiting pictures for each: under half a second of work.
    fn default() -> Self {
        let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { workers, queue: workers * 4 }
    }
}

/// Sums over all pictures that were examined, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTotals {
    /// Pictures that gave a sample.
    pub samples: u64,
    /// Pictures that were refused for what is on them.
    pub refused: u64,
    /// Pictures that found the queue full.
    pub busy: u64,
    /// Sums of the stages of the pictures that gave a sample.
    pub stages: StageTimings,
}

/// The face engine of the hub.
pub struct FaceWorkers {
    pack: Pack,
    limits: WorkerLimits,
    sender: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
    totals: Arc<Mutex<StageTotals>>,
    mean_ms: Arc<AtomicU64>,
}

struct Job {
    image: Zeroizing<Vec<u8>>,
    reply: oneshot::Sender<Result<Examined, SampleRefusal>>,
}

/// Why the workers do not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// A network does not open.
    #[error("a model cannot be opened for a worker thread: {0}; run `tebura pack check`")]
    Net(#[from] NetError),
    /// The system gives no thread.
    #[error("the system gives no thread: {reason}; ask for fewer workers")]
    Thread {
        /// The system's words.
        reason: String,
    },
}

impl FaceWorkers {
    /// Opens the networks of every worker and starts the threads; at least one worker and one place.
    ///
    /// # Errors
    /// When a network does not open or the system gives no thread.
    pub fn start(pack: &Arc<LoadedPack>, limits: WorkerLimits) -> Result<Self, StartError> {
        let limits = WorkerLimits { workers: limits.workers.max(1), queue: limits.queue.max(1) };
        let (sender, receiver) = sync_channel::<Job>(limits.queue);
        let receiver = Arc::new(Mutex::new(receiver));
        let mut workers = Self {
            pack: pack.description().clone(),
            limits,
            sender: Some(sender),
            threads: Vec::with_capacity(limits.workers),
            totals: Arc::default(),
            mean_ms: Arc::new(AtomicU64::new(FIRST_GUESS_MS)),
        };
        for index in 0..limits.workers {
            let worker = Worker {
                pack: Arc::clone(pack),
                pipeline: pack.pipeline()?,
                receiver: Arc::clone(&receiver),
                totals: Arc::clone(&workers.totals),
                mean_ms: Arc::clone(&workers.mean_ms),
            };
            let thread = thread::Builder::new()
                .name(format!("tebura-face-{index}"))
                .spawn(move || worker.run())
                .map_err(|error| StartError::Thread { reason: error.to_string() })?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// Examines a picture and tells how long each stage took.
    ///
    /// # Errors
    /// As [`FaceEngine::examine`].
    pub async fn examine_timed(&self, image: Vec<u8>) -> Result<Examined, SampleRefusal> {
        let (reply, answer) = oneshot::channel();
        let job = Job { image: Zeroizing::new(image), reply };
        let stopped = || SampleRefusal::Engine("the workers have stopped".to_owned());
        match self.sender.as_ref().ok_or_else(stopped)?.try_send(job) {
            Ok(()) => answer.await.map_err(|_| stopped())?,
            Err(TrySendError::Full(_)) => {
                lock(&self.totals).busy += 1;
                Err(SampleRefusal::EngineBusy { retry_after_ms: self.retry_after_ms() })
            }
            Err(TrySendError::Disconnected(_)) => Err(stopped()),
        }
    }

    /// Returns the sums since the start.
    #[must_use]
    pub fn totals(&self) -> StageTotals {
        *lock(&self.totals)
    }

    /// A full queue is worked off after this.
    fn retry_after_ms(&self) -> u64 {
        let waiting = (self.limits.queue as u64).div_ceil(self.limits.workers as u64);
        (self.mean_ms.load(Ordering::Relaxed) * waiting).max(LEAST_RETRY_MS)
    }
}

#[async_trait]
impl FaceEngine for FaceWorkers {
    fn pack(&self) -> &Pack {
        &self.pack
    }

    async fn examine(&self, image: Vec<u8>) -> Result<Sample, SampleRefusal> {
        self.examine_timed(image).await.map(|examined| examined.sample)
    }
}

impl Drop for FaceWorkers {
    /// Ends the queue and waits for the pictures that are in it.
    fn drop(&mut self) {
        self.sender = None;
        for thread in self.threads.drain(..) {
            // A worker catches panics of the models; its own would have nothing left to report to.
            let _ = thread.join();
        }
    }
}

struct Worker {
    pack: Arc<LoadedPack>,
    pipeline: Pipeline,
    receiver: Arc<Mutex<Receiver<Job>>>,
    totals: Arc<Mutex<StageTotals>>,
    mean_ms: Arc<AtomicU64>,
}

impl Worker {
    fn run(mut self) {
        loop {
            let next = lock(&self.receiver).recv();
            let Ok(job) = next else { return };
            // The caller has gone: nobody wants the face any more.
            if job.reply.is_closed() {
                continue;
            }
            let result = self.examine(&job.image);
            self.count(&result);
            let _ = job.reply.send(result);
        }
    }

    fn examine(&mut self, image: &[u8]) -> Result<Examined, SampleRefusal> {
        let pipeline = &mut self.pipeline;
        match catch_unwind(AssertUnwindSafe(|| pipeline.examine(image))) {
            Ok(result) => result,
            Err(_) => {
                // A network that panicked half-way may be in any state.
                tracing::error!(pack = %self.pack.description().name, "a model panicked; its networks are opened again");
                self.pipeline = self.pack.pipeline().map_err(|error| SampleRefusal::Engine(error.to_string()))?;
                Err(SampleRefusal::Engine("a model panicked on this picture".to_owned()))
            }
        }
    }

    fn count(&self, result: &Result<Examined, SampleRefusal>) {
        let mut totals = lock(&self.totals);
        match result {
            Ok(examined) => {
                totals.samples += 1;
                totals.stages = totals.stages.plus(&examined.timings);
                let mean = totals.stages.total().as_millis() as u64 / totals.samples;
                self.mean_ms.store(mean.max(1), Ordering::Relaxed);
            }
            Err(_) => totals.refused += 1,
        }
    }
}

/// Nothing is left half-changed under these locks, so a panic elsewhere does not spoil them.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
