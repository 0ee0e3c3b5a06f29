//! Keeps a process at the newest version of its services, whoever applied it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::apply::Services;

/// How long a version stays unnoticed that another process applied. An idle look is one read.
const TICK: Duration = Duration::from_millis(500);

/// A running look-out. Stop it, or it stops when the process does.
pub(crate) struct Follower {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Follower {
    pub(crate) fn start(services: Arc<Services>) -> Follower {
        let (stop, mut stopping) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut clock = interval(TICK);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = clock.tick() => {}
                    _ = stopping.wait_for(|stop| *stop) => return,
                }
                if let Err(error) = services.come_up().await {
                    tracing::warn!(%error, "the services' version could not be read; what runs goes on");
                }
            }
        });
        Follower { stop, task }
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        if self.task.await.is_err() {
            tracing::error!("the look-out for services panicked; they are as they were");
        }
    }
}
