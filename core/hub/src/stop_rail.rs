//! Stops a rail: nothing new is reserved on it, and what is held there is captured, released and refunded as before.
//!
//! Remembered here for as long as the process runs; who started the hub says it again at the next start.

use std::sync::PoisonError;

use tebura_ledger::RailId;

use crate::hub::Hub;
use crate::rail::RailCommand;

impl Hub {
    /// Takes no holds and raises on a rail any more, from the next one on. Whether there is such a rail.
    pub fn stop_rail(&self, rail: &RailId, reason: &str) -> bool {
        self.stopped.write().unwrap_or_else(PoisonError::into_inner).insert(rail.clone(), reason.to_owned());
        self.rail(rail).is_some()
    }

    /// Takes holds on a rail again; whether it was stopped.
    pub fn resume_rail(&self, rail: &RailId) -> bool {
        self.stopped.write().unwrap_or_else(PoisonError::into_inner).remove(rail).is_some()
    }

    /// Why a rail is stopped; `None`: it is not.
    pub fn stopped(&self, rail: &RailId) -> Option<String> {
        self.stopped.read().unwrap_or_else(PoisonError::into_inner).get(rail).cloned()
    }

    /// Why a rail may not be asked this.
    pub(crate) fn stops(&self, rail: &RailId, ask: &RailCommand) -> Option<String> {
        matches!(ask, RailCommand::Hold { .. } | RailCommand::Raise { .. }).then(|| self.stopped(rail))?
    }
}
