//! Refunds a capture: returns captured money to the payer. It names the capture that it undoes.

use tebura_ledger::{Command, Money, OperationId, OperationState, Refund};

use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::perform::{Answer, KeyRequest, Work};
use crate::ports::Caller;
use crate::rail::RailCommand;

/// A refund to make.
#[derive(Clone, Debug)]
pub struct RefundCapture {
    pub caller: Caller,
    /// The capture's operation.
    pub capture: OperationId,
    /// `None`: all of the capture that was not refunded.
    pub amount: Option<Money>,
    /// From `If-Match`: refused when the hold has moved on.
    pub expected_version: Option<u32>,
}

impl Hub {
    /// Returns captured money. A refusal by the rail is an answer whose operation failed, not an error.
    pub async fn refund_capture(&self, key: KeyRequest, command: RefundCapture) -> Result<Answer, ChangeHoldError> {
        let RefundCapture { caller, capture, amount, expected_version } = command;
        let unknown = ChangeHoldError::CaptureNotFound(capture);
        let captured = self.store.operation(capture).await?.ok_or(unknown.clone())?;
        let hold = captured.hold().ok_or(unknown.clone())?;
        let facts = match self.hold_facts(&caller, hold).await {
            Err(ChangeHoldError::HoldNotFound(_)) => return Err(unknown),
            facts => facts?,
        };
        let OperationState::Settled { reference, .. } = captured.state() else { return Err(unknown) };
        let reference = reference.clone();
        // The rail has to be told a number. Where nothing is left the ledger says so, of the version that was read before.
        let (asked, amount, expected_version) = match amount {
            Some(amount) => (amount, Some(amount), expected_version),
            None => {
                let version = self.visible_hold(&caller, hold).await?.version();
                let left = self.store.operation(capture).await?.map_or(captured.refundable(), |row| row.refundable());
                if left.is_positive() { (left, Some(left), expected_version) } else { (left, None, Some(version)) }
            }
        };
        let operation = self.operation_id(hold.shard());
        let work = Work {
            operation,
            hold,
            rail: facts.rail,
            ask: RailCommand::Refund { reference, amount: asked },
            begin: Command::Refund(Refund {
                hold,
                operation,
                transfer: self.transfer_id(hold.shard()),
                capture,
                amount,
                expected_version,
            }),
            before: Vec::new(),
            writes: Vec::new(),
        };
        Ok(self.perform(Some(key), work).await?)
    }
}
