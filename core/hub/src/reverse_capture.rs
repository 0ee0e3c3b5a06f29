//! Reverses a capture: takes it back whole. On the hub's own ledger, while the hold is held, the money is free in the
//! hold again, as if the capture had not been made. Everywhere else, and later, what is left of it is refunded.

use tebura_ledger::{Command, OperationId, OperationKind, Refusal, Reverse};

use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::perform::{Answer, KeyRequest, PerformError};
use crate::ports::Caller;
use crate::refund_capture::RefundCapture;

/// A capture to take back.
#[derive(Clone, Debug)]
pub struct ReverseCapture {
    pub caller: Caller,
    pub capture: OperationId,
    /// From `If-Match`: refused when the hold has moved on.
    pub expected_version: Option<u32>,
}

impl Hub {
    /// Reverses a capture. The answer's operation is a `reverse`, or a `refund` where the hold cannot have it back.
    pub async fn reverse_capture(&self, key: KeyRequest, command: ReverseCapture) -> Result<Answer, ChangeHoldError> {
        let ReverseCapture { caller, capture, expected_version } = command;
        let (captured, hold) = match self.visible_operation(&caller, capture).await {
            Err(ChangeHoldError::OperationNotFound(id)) => return Err(ChangeHoldError::CaptureNotFound(id)),
            found => found?,
        };
        if !matches!(captured.kind(), OperationKind::Capture { .. }) {
            return Err(ChangeHoldError::CaptureNotFound(capture));
        }
        let rail = self.rail(hold.rail());
        // What a contract has paid out does not come back into its hold.
        let bound = self.store.contract_of_hold(hold.id()).await?.is_some();
        if !bound && rail.is_some_and(|rail| rail.descriptor().abilities.reverse) {
            let operation = self.operation_id(hold.id().shard());
            let transfers = (0..=captured.kind().legs().len()).map(|_| self.transfer_id(hold.id().shard())).collect();
            let reverse = Reverse { hold: hold.id(), operation, transfers, capture, expected_version };
            match self.record(key.clone(), operation, Command::Reverse(reverse)).await {
                Err(ChangeHoldError::Perform(PerformError::Refused(
                    Refusal::HoldClosed { .. } | Refusal::HoldExpired { .. } | Refusal::ReverseOfRefundedCapture { .. },
                ))) => {}
                answer => return answer,
            }
        }
        self.refund_capture(key, RefundCapture { caller, capture, amount: None, expected_version }).await
    }
}
