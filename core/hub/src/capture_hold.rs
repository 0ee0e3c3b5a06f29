//! Captures a hold: takes all or part of the held money for the payee.

use tebura_ledger::{Capture, Command, Finality, HoldId, Money};

use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::perform::{Answer, KeyRequest, Work};
use crate::ports::Caller;
use crate::rail::RailCommand;

/// A capture to make.
#[derive(Clone, Debug)]
pub struct CaptureHold {
    pub caller: Caller,
    pub hold: HoldId,
    /// `None`: all that is free.
    pub amount: Option<Money>,
    /// Final gives the rest back; partial keeps it for a later capture.
    pub finality: Finality,
    /// From `If-Match`: refused when the hold has moved on.
    pub expected_version: Option<u32>,
}

impl Hub {
    /// Captures a hold. A refusal by the rail is an answer whose operation failed, not an error.
    pub async fn capture_hold(&self, key: KeyRequest, command: CaptureHold) -> Result<Answer, ChangeHoldError> {
        let operation = self.operation_id(command.hold.shard());
        let work = self.capture(command, operation).await?;
        Ok(self.perform(Some(key), work).await?)
    }

    /// The work of a capture under a given operation id.
    pub(crate) async fn capture(
        &self,
        command: CaptureHold,
        operation: tebura_ledger::OperationId,
    ) -> Result<Work, ChangeHoldError> {
        let CaptureHold { caller, hold, amount, finality, expected_version } = command;
        let facts = self.hold_facts(&caller, hold).await?;
        let is_final = matches!(finality, Finality::Final);
        let rail = self.rail(&facts.rail);
        if !is_final && rail.is_some_and(|rail| !rail.descriptor().several_captures) {
            return Err(ChangeHoldError::SeveralCapturesUnsupported);
        }
        // The rail has to be told a number. Where nothing is free the ledger says so.
        let (asked, amount) = match amount {
            Some(amount) => (amount, Some(amount)),
            None => {
                let free = self.visible_hold(&caller, hold).await?.free();
                (free, free.is_positive().then_some(free))
            }
        };
        Ok(Work {
            operation,
            hold,
            rail: facts.rail,
            ask: RailCommand::Capture { reference: facts.reference, amount: asked, is_final },
            begin: Command::Capture(Capture {
                hold,
                operation,
                transfer: self.transfer_id(hold.shard()),
                amount,
                finality,
                expected_version,
            }),
            writes: Vec::new(),
        })
    }
}
