//! What a contract does by itself: deadlines fire, proposals lapse, effects that wait for a rail are tried again.

use tebura_contract::{Event, Timestamp};

use super::look::Loaded;
use super::record::Stage;
use crate::hub::Hub;
use crate::ids::ContractId;
use crate::ports::{CommitError, ReadError};

/// Contracts taken at a time: a tick stays short and the next one goes on.
const BATCH: u16 = 100;

impl Hub {
    /// Wakes every contract that is due. A hub that was down does so at its start: what was missed fires in order.
    pub(crate) async fn wake_contracts(&self, now: Timestamp) -> Result<usize, ReadError> {
        let due = self.store.due_contracts(now, BATCH).await?;
        let count = due.len();
        for id in due {
            if let Err(error) = self.wake(id).await {
                tracing::warn!(contract = %id, %error, "a contract could not be woken; it stays due");
            }
        }
        Ok(count)
    }

    async fn wake(&self, id: ContractId) -> Result<(), ReadError> {
        let Some(Loaded { contract, mut record }) = self.load_contract(id).await? else { return Ok(()) };
        let now = self.now();
        let deadline = match &record.progress.stage {
            Stage::Proposed { .. } => Some(Timestamp::from_millis(record.terms.agree_until)),
            Stage::Running { state } => state.deadline(),
            Stage::Lapsed => None,
        };
        if deadline.is_some_and(|deadline| deadline <= now) {
            let mut report = self.report(&contract, &mut record, now);
            if matches!(report.record.progress.stage, Stage::Proposed { .. }) {
                report.lapse("contract.not_agreed_in_time");
            } else if let Err(refusal) = report.tell(&Event::Deadline) {
                tracing::error!(contract = %id, %refusal, "the contract refused its deadline");
                return Ok(());
            }
            match self.write_report(report, None).await {
                // Somebody told it meanwhile, and its deadline fired with that.
                Ok(_) | Err(CommitError::Stale) => {}
                Err(error) => return Err(ReadError { reason: error.to_string() }),
            }
        }
        self.carry_out_contract(id).await
    }
}
