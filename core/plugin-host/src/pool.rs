//! A few threads for guests, and a short queue. A guest blocks its thread, so it never runs on the async runtime.
//!
//! Plugins take turns, and one thread is left for the others however many calls of one plugin are slow: what a plugin
//! takes of the sandbox is its share, not what it can get.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tebura_hub::rail::PluginId;

/// Deep enough for a guest's stack and the host's own frames under it.
const THREAD_STACK_BYTES: usize = 4 << 20;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that run jobs, plugin by plugin in turn and in the order of each plugin's queue.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    queued: usize,
}

/// The queue is full.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

struct Shared {
    jobs: Mutex<Jobs>,
    changed: Condvar,
    /// Jobs of one plugin that run at the same time.
    most_running: usize,
}

#[derive(Default)]
struct Jobs {
    plugins: BTreeMap<PluginId, Lane>,
    /// Plugins with waiting jobs, whose turn is next first.
    turns: VecDeque<PluginId>,
    waiting: usize,
    closed: bool,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Job>,
    running: usize,
}

impl Pool {
    /// Starts `threads` threads with a queue of `queued` jobs.
    pub(crate) fn start(threads: usize, queued: usize) -> std::io::Result<Self> {
        let most_running = threads.saturating_sub(1).max(1);
        let shared = Arc::new(Shared { jobs: Mutex::default(), changed: Condvar::new(), most_running });
        let pool = Self { shared, queued };
        for number in 0..threads {
            let shared = Arc::clone(&pool.shared);
            thread::Builder::new()
                .name(format!("sandbox-{number}"))
                .stack_size(THREAD_STACK_BYTES)
                .spawn(move || shared.work())?;
        }
        Ok(pool)
    }

    /// Queues a plugin's job, or gives up at once.
    pub(crate) fn submit(&self, plugin: &PluginId, job: impl FnOnce() + Send + 'static) -> Result<(), Full> {
        let mut jobs = self.shared.jobs();
        if jobs.waiting >= self.queued {
            return Err(Full);
        }
        jobs.waiting += 1;
        let lane = jobs.plugins.entry(plugin.clone()).or_default();
        lane.waiting.push_back(Box::new(job));
        if lane.waiting.len() == 1 {
            jobs.turns.push_back(plugin.clone());
        }
        self.shared.changed.notify_one();
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.jobs().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut jobs = self.jobs();
        loop {
            let Some((plugin, job)) = jobs.take(self.most_running) else {
                if jobs.closed && jobs.waiting == 0 {
                    return;
                }
                jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(jobs);
            // The one who waits sees that the answer's sender is gone; the thread lives on for the others.
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a sandbox job panicked");
            }
            jobs = self.jobs();
            jobs.ended(&plugin);
            if jobs.closed {
                self.changed.notify_all();
            }
        }
    }
}

impl Jobs {
    /// The next job of the next plugin that may run one more.
    fn take(&mut self, most_running: usize) -> Option<(PluginId, Job)> {
        let may_run = |plugin: &PluginId| self.plugins.get(plugin).is_some_and(|lane| lane.running < most_running);
        let turn = self.turns.iter().position(may_run)?;
        let plugin = self.turns.remove(turn)?;
        let lane = self.plugins.get_mut(&plugin)?;
        let job = lane.waiting.pop_front()?;
        lane.running += 1;
        self.waiting -= 1;
        if !lane.waiting.is_empty() {
            self.turns.push_back(plugin.clone());
        }
        Some((plugin, job))
    }

    fn ended(&mut self, plugin: &PluginId) {
        let Some(lane) = self.plugins.get_mut(plugin) else { return };
        lane.running -= 1;
        if lane.running == 0 && lane.waiting.is_empty() {
            self.plugins.remove(plugin);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    fn plugin(name: &str) -> PluginId {
        PluginId(name.to_owned())
    }

    /// Submits a job that says its word and then waits for the gate.
    fn hold(pool: &Pool, name: &str, said: &Sender<String>) -> Sender<()> {
        let (open, gate) = channel::<()>();
        let (said, word) = (said.clone(), name.to_owned());
        pool.submit(&plugin(name), move || {
            said.send(word).unwrap();
            let _ = gate.recv();
        })
        .unwrap();
        open
    }

    fn heard(said: &Receiver<String>) -> String {
        said.recv().unwrap()
    }

    #[test]
    fn beyond_the_queue_nothing_waits() {
        let pool = Pool::start(1, 1).unwrap();
        let (say, said) = channel();
        let running = hold(&pool, "a", &say);
        assert_eq!(heard(&said), "a");
        let waiting = hold(&pool, "a", &say);
        assert_eq!(pool.submit(&plugin("b"), || ()), Err(Full));
        drop(running);
        assert_eq!(heard(&said), "a");
        drop(waiting);
    }

    #[test]
    fn one_thread_is_left_however_much_a_plugin_asks_for() {
        let pool = Pool::start(3, 16).unwrap();
        let (say, said) = channel();
        let slow: Vec<_> = (0..6).map(|_| hold(&pool, "slow", &say)).collect();
        assert_eq!((heard(&said), heard(&said)), ("slow".to_owned(), "slow".to_owned()));
        // All threads but one are taken and four more calls wait, and still another plugin runs, as often as it asks.
        for _ in 0..3 {
            drop(hold(&pool, "quick", &say));
            assert_eq!(heard(&said), "quick");
        }
        drop(slow);
        assert!((0..4).all(|_| heard(&said) == "slow"));
    }

    #[test]
    fn plugins_take_turns() {
        let pool = Pool::start(1, 16).unwrap();
        let (say, said) = channel();
        let first = hold(&pool, "first", &say);
        assert_eq!(heard(&said), "first");
        for name in ["many", "many", "many", "few"] {
            drop(hold(&pool, name, &say));
        }
        drop(first);
        let order: Vec<String> = (0..4).map(|_| heard(&said)).collect();
        assert_eq!(order, ["many", "few", "many", "many"]);
    }

    #[test]
    fn a_panic_costs_one_job() {
        let pool = Pool::start(1, 2).unwrap();
        pool.submit(&plugin("a"), || panic!("on purpose")).unwrap();
        let (done, finished) = channel();
        pool.submit(&plugin("a"), move || done.send(7).unwrap()).unwrap();
        assert_eq!(finished.recv(), Ok(7));
    }

    #[test]
    fn what_was_queued_is_done_although_the_pool_is_gone() {
        let pool = Pool::start(2, 8).unwrap();
        let (done, finished) = channel();
        for number in 0..8 {
            let done = done.clone();
            pool.submit(&plugin("a"), move || done.send(number).unwrap()).unwrap();
        }
        drop((pool, done));
        assert_eq!(finished.iter().count(), 8);
    }
}
