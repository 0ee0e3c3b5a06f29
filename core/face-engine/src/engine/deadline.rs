//! Runs work that may never come back on a thread that can be given up.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Work that did not come back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Abandoned {
    /// Still running at its deadline; its thread is left behind.
    #[error("{what} took longer than {} s and was given up: the file is damaged or the machine is overloaded", timeout.as_secs())]
    TookTooLong {
        /// The work.
        what: &'static str,
        /// Its deadline.
        timeout: Duration,
    },
    /// It panicked.
    #[error("{what} crashed: the file is damaged or of a kind that this engine does not know")]
    Crashed {
        /// The work.
        what: &'static str,
    },
    /// The system gave no thread for it.
    #[error("the system gives no thread for {what}: end other programs or raise the limit on threads")]
    NoThread {
        /// The work.
        what: &'static str,
    },
}

/// Waits for `work` until the timeout.
///
/// A thread cannot be stopped from outside, so late work keeps its thread until the process ends; this
/// runs a handful of times in a process, at start and in `pack check`.
pub(crate) fn within<T: Send + 'static>(
    timeout: Duration,
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Abandoned> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("tebura-load".to_owned())
        .spawn(move || {
            // The receiver is gone when the deadline has passed.
            let _ = sender.send(work());
        })
        .map_err(|_| Abandoned::NoThread { what })?;
    receiver.recv_timeout(timeout).map_err(|error| match error {
        RecvTimeoutError::Timeout => Abandoned::TookTooLong { what, timeout },
        RecvTimeoutError::Disconnected => Abandoned::Crashed { what },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_what_the_work_returns() {
        assert_eq!(within(Duration::from_secs(60), "adding", || 1 + 1), Ok(2));
    }

    #[test]
    fn gives_up_on_work_that_never_ends() {
        let (hold, held) = mpsc::channel::<()>();
        let timeout = Duration::from_millis(20);
        let result = within(timeout, "waiting", move || held.recv());
        assert_eq!(result.err(), Some(Abandoned::TookTooLong { what: "waiting", timeout }));
        drop(hold);
    }

    #[test]
    fn a_crash_is_not_called_slow() {
        let result = within(Duration::from_secs(60), "parsing", || assert!(std::hint::black_box(false)));
        assert_eq!(result, Err(Abandoned::Crashed { what: "parsing" }));
    }
}
