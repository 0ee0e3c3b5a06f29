//! A few threads for guests, and a short queue. A guest blocks its thread, so it never runs on the async runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Deep enough for a guest's stack and the host's own frames under it.
const THREAD_STACK_BYTES: usize = 4 << 20;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that run jobs in the order of the queue.
pub(crate) struct Pool {
    queue: SyncSender<Job>,
}

/// The queue is full.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Pool {
    /// Starts `threads` threads with a queue of `queued` jobs.
    pub(crate) fn start(threads: usize, queued: usize) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel::<Job>(queued);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new()
                .name(format!("sandbox-{number}"))
                .stack_size(THREAD_STACK_BYTES)
                .spawn(move || work(&jobs))?;
        }
        Ok(Self { queue })
    }

    /// Queues a job, or gives up at once.
    pub(crate) fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Full> {
        self.queue.try_send(Box::new(job)).map_err(|_| Full)
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // The one who waits sees that the answer's sender is gone; the thread lives on for the others.
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a sandbox job panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn beyond_the_queue_nothing_waits() {
        let pool = Pool::start(1, 1).unwrap();
        let (entered, running) = channel();
        let (release, gate) = channel::<()>();
        pool.submit(move || {
            entered.send(()).unwrap();
            gate.recv().unwrap();
        })
        .unwrap();
        running.recv().unwrap();
        let (done, finished) = channel();
        pool.submit(move || done.send(7).unwrap()).unwrap();
        assert_eq!(pool.submit(|| ()), Err(Full));
        release.send(()).unwrap();
        assert_eq!(finished.recv(), Ok(7));
    }

    #[test]
    fn a_panic_costs_one_job() {
        let pool = Pool::start(1, 2).unwrap();
        pool.submit(|| panic!("on purpose")).unwrap();
        let (done, finished) = channel();
        pool.submit(move || done.send(7).unwrap()).unwrap();
        assert_eq!(finished.recv(), Ok(7));
    }
}
