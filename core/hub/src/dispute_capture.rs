//! Disputes: the payer contests a capture. The operator records what the payer's bank or the issuer said; what is
//! contested stays reserved on the payee's account until the dispute is lost or won.

use tebura_ledger::{Command, Dispute, Money, OperationId, OperationKind, Refusal, Settle, Verdict};

use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::perform::{Answer, KeyRequest};
use crate::ports::{Caller, Committed, Unit};

/// The code of a dispute that the payee won.
pub(crate) const WON: &str = "dispute.won";

/// A dispute to record.
#[derive(Clone, Debug)]
pub struct DisputeCapture {
    pub capture: OperationId,
    /// `None`: all of the capture that was not given back.
    pub amount: Option<Money>,
    /// From `If-Match`: refused when the hold has moved on.
    pub expected_version: Option<u32>,
}

/// How a dispute ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeEnd {
    /// The payee keeps the money.
    Won,
    /// The payer gets it back; `None`: all that was contested.
    Lost { amount: Option<Money> },
}

impl Hub {
    /// Records that a capture is contested. Only the operator may.
    pub async fn dispute_capture(&self, key: KeyRequest, command: DisputeCapture) -> Result<Answer, ChangeHoldError> {
        let DisputeCapture { capture, amount, expected_version } = command;
        let unknown = ChangeHoldError::CaptureNotFound(capture);
        let captured = self.store.operation(capture).await?.ok_or(unknown.clone())?;
        let hold = captured.hold().ok_or(unknown)?;
        let operation = self.operation_id(hold.shard());
        let transfer = self.transfer_id(hold.shard());
        let command = Dispute { hold, operation, transfer, capture, amount, expected_version };
        self.record(key, operation, Command::Dispute(command)).await
    }

    /// Records how a dispute ended.
    pub async fn end_dispute(
        &self,
        key: KeyRequest,
        operation: OperationId,
        end: DisputeEnd,
    ) -> Result<Answer, ChangeHoldError> {
        let (dispute, hold) = self.visible_operation(&Caller::Operator, operation).await?;
        if !matches!(dispute.kind(), OperationKind::Dispute { .. }) {
            return Err(Refusal::ResolutionNotNeeded { operation, state: dispute.state().name() }.into());
        }
        let verdict = match end {
            DisputeEnd::Won => Verdict::Declined { code: WON.to_owned() },
            DisputeEnd::Lost { amount } => {
                Verdict::Settled { reference: String::new(), amount: amount.unwrap_or(dispute.amount()) }
            }
        };
        self.record(key, operation, Command::Settle(Settle { hold: hold.id(), operation, verdict })).await
    }

    /// Commits a ledger command that no rail is asked about.
    pub(crate) async fn record(
        &self,
        key: KeyRequest,
        operation: OperationId,
        command: Command,
    ) -> Result<Answer, ChangeHoldError> {
        let unit = Unit { key: Some(key.claim(operation)), ledger: vec![command], ..Unit::default() };
        match self.store.commit(operation.shard(), self.now(), unit).await? {
            Committed::Done(_) => Ok(self.answer(operation, false).await?),
            Committed::Replayed { target } => Ok(self.replay(&target).await?),
        }
    }
}
