//! The clockwork beside the requests: deadlines, resends and inquiries, a few times a second.

use std::sync::Arc;
use std::time::Duration;

use tebura_hub::Hub;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// Inquiries are due seconds apart; a quarter of a second late is not noticed, and a change of one hub counts in the
/// others after it. An idle tick is a few reads.
const TICK: Duration = Duration::from_millis(250);

/// A hub's clockwork. Stop it, or it stops when the process does.
pub(crate) struct Worker {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Worker {
    pub(crate) fn start(hub: Arc<Hub>) -> Worker {
        let (stop, mut stopping) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut clock = interval(TICK);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = clock.tick() => {}
                    _ = stopping.wait_for(|stop| *stop) => return,
                }
                if let Err(error) = hub.tick().await {
                    tracing::warn!(%error, "the worker could not read what is due; it tries again");
                }
                if let Err(error) = hub.tend_galleries().await {
                    tracing::warn!(%error, "galleries could not be tended; what other hubs stored is not found yet");
                }
            }
        });
        Worker { stop, task }
    }

    /// Ends after the tick that runs.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        if self.task.await.is_err() {
            tracing::error!("the worker panicked; what was due is taken up at the next start");
        }
    }
}
