//! Runs work that may never come back on a thread that can be given up.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The work was still running at its deadline; its thread is left behind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} took longer than {} s and was given up: the file is damaged or the machine is overloaded", timeout.as_secs())]
pub struct TookTooLong {
    what: &'static str,
    timeout: Duration,
}

/// Waits for `work` until the timeout.
///
/// A thread cannot be stopped from outside, so late work keeps its thread until the process ends; this
/// runs a handful of times in a process, at start and in `pack check`.
pub(crate) fn within<T: Send + 'static>(
    timeout: Duration,
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TookTooLong> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let late = TookTooLong { what, timeout };
    let spawned = thread::Builder::new().name("tebura-load".to_owned()).spawn(move || {
        // The receiver is gone when the deadline has passed.
        let _ = sender.send(work());
    });
    if spawned.is_err() {
        return Err(late);
    }
    receiver.recv_timeout(timeout).map_err(|_| late)
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
        let result = within(Duration::from_millis(20), "waiting", move || held.recv());
        assert_eq!(result.unwrap_err().to_string().split(" took").next(), Some("waiting"));
        drop(hold);
    }
}
