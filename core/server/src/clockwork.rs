//! A task beside the requests that does something again and again until it is told to stop.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// What a clockwork does.
pub(crate) trait Ticks: Send + 'static {
    /// The pause between ticks; a tick that takes longer puts the next one off.
    const PAUSE: Duration;
    /// Says what a panic left behind.
    const PANICKED: &'static str;

    /// Does it once. What fails is logged, and tried again at the next tick.
    fn tick(&mut self) -> impl Future<Output = ()> + Send;

    /// Ends what is under way.
    fn end(self) -> impl Future<Output = ()> + Send
    where
        Self: Sized,
    {
        async {}
    }
}

/// A running clockwork. Stop it, or it stops when the process does.
pub(crate) struct Clockwork {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    panicked: &'static str,
}

impl Clockwork {
    pub(crate) fn start<T: Ticks>(mut works: T) -> Clockwork {
        let (stop, mut stopping) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut clock = interval(T::PAUSE);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = clock.tick() => {}
                    _ = stopping.wait_for(|stop| *stop) => break,
                }
                works.tick().await;
            }
            works.end().await;
        });
        Clockwork { stop, task, panicked: T::PANICKED }
    }

    /// Ends after the tick that runs.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        if self.task.await.is_err() {
            tracing::error!("{}", self.panicked);
        }
    }
}
