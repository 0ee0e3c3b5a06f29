//! Pauses a plugin that keeps failing, so that it does not take the sandbox's time from the others. Reads no clock.

use tebura_hub::rail::RailError;
use tebura_ledger::Timestamp;

/// Failures in a row that open the breaker: more than bad luck, less than a second of a core at usual deadlines.
const FAILURES: u32 = 16;
/// How long nothing runs before one call may try again.
const PAUSE_MS: i64 = 10_000;

/// Counts failures of one component in a row.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    /// Closed while `None`.
    open_until: Option<Timestamp>,
}

impl Breaker {
    /// Whether a call may run; else for how many milliseconds none may.
    pub(crate) fn permit(&mut self, now: Timestamp) -> Result<(), u32> {
        match self.open_until {
            Some(until) if now < until => Err(u32::try_from(until.millis() - now.millis()).unwrap_or(u32::MAX)),
            Some(_) => {
                // One call tries; the others go on waiting until it has succeeded.
                self.open_until = Some(now.plus_ms(PAUSE_MS));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Counts how a call went; whether this was the failure that paused the plugin.
    pub(crate) fn record(&mut self, now: Timestamp, failed: bool) -> bool {
        if !failed {
            *self = Self::default();
            return false;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.open_until = Some(now.plus_ms(PAUSE_MS));
        }
        self.failures == FAILURES
    }
}

/// Whether an error is the plugin's own doing. A fault is an answer, and a store that is down is not the plugin's.
pub(crate) fn is_failure(error: &RailError) -> bool {
    match error {
        RailError::Trapped { code, .. } => !matches!(*code, "plugin.host" | "plugin.store_unavailable"),
        RailError::Fault(_) | RailError::Revoked { .. } | RailError::Stopped { .. } | RailError::Busy { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_795_300_000_000 + ms)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for failure in 1..=FAILURES {
            assert_eq!(breaker.permit(at(0)), Ok(()));
            assert_eq!(breaker.record(at(0), true), failure == FAILURES);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_pause_a_plugin() {
        let mut breaker = opened();
        assert_eq!(breaker.permit(at(0)), Err(10_000));
        assert_eq!(breaker.permit(at(9_999)), Err(1));
    }

    #[test]
    fn one_success_forgets_the_failures() {
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            for _ in 1..FAILURES {
                breaker.record(at(0), true);
            }
            breaker.record(at(0), false);
        }
        assert_eq!(breaker.permit(at(0)), Ok(()));
    }

    #[test]
    fn after_the_pause_one_call_tries() {
        let mut breaker = opened();
        assert_eq!(breaker.permit(at(10_000)), Ok(()));
        assert_eq!(breaker.permit(at(10_000)), Err(10_000));
        breaker.record(at(10_005), true);
        assert_eq!(breaker.permit(at(10_005)), Err(10_000));
        assert_eq!(breaker.permit(at(20_005)), Ok(()));
        breaker.record(at(20_006), false);
        assert_eq!(breaker.permit(at(20_006)), Ok(()));
        assert_eq!(breaker.permit(at(20_006)), Ok(()));
    }

    #[test]
    fn only_the_plugins_own_doing_counts() {
        let trapped = |code| RailError::Trapped { code, message: String::new() };
        assert!(is_failure(&trapped("plugin.deadline")));
        assert!(is_failure(&trapped("plugin.answer_unreadable")));
        assert!(!is_failure(&trapped("plugin.store_unavailable")));
        assert!(!is_failure(&RailError::Busy { retry_after_ms: 1 }));
    }
}
