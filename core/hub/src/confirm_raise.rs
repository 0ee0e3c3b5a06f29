//! The payer's word for a raise above the cap.
//!
//! The payer says yes with the PIN of the person whose instrument pays, typed at the till of the merchant who asks; wrong
//! tries count as they do when paying. The operator may say yes for a payer who was identified another way. No is said by
//! anybody who may see the hold: it moves nothing.

use tebura_ledger::{Command, Confirm, OperationId, OperationKind, OperationState, Settle, Verdict};

use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::ids::InstrumentId;
use crate::pay_by_face::pin_code;
use crate::perform::{Answer, KeyRequest, PerformError, Work};
use crate::pin::Pin;
use crate::ports::Caller;
use crate::rail::RailCommand;
use crate::raise_hold::{BUSY_MS, READS};

/// The code of a raise that the payer refused.
const REFUSED: &str = "payer.refused";

/// Whose word it is.
#[derive(Clone, Debug)]
pub enum Word {
    /// The person's who holds the instrument.
    Payer { instrument: InstrumentId, pin: Option<Pin> },
    /// The operator's, for the payer.
    Operator,
}

/// A yes to a raise that waits.
#[derive(Clone, Debug)]
pub struct ConfirmRaise {
    pub caller: Caller,
    pub operation: OperationId,
    pub word: Word,
}

impl Hub {
    /// Confirms a raise; from then on it goes like any other. A repeat answers how it stands.
    pub async fn confirm_raise(&self, key: KeyRequest, command: ConfirmRaise) -> Result<Answer, ChangeHoldError> {
        for _ in 0..READS {
            match self.confirm_once(key.clone(), command.clone()).await {
                Err(error) if error.is_conflict() => {}
                answer => return answer,
            }
        }
        Err(PerformError::Busy { retry_after_ms: BUSY_MS }.into())
    }

    /// The rail is asked when the raise waits, so the payer's word holds for the version of the hold at which it did: the
    /// raise may lapse in between.
    async fn confirm_once(&self, key: KeyRequest, command: ConfirmRaise) -> Result<Answer, ChangeHoldError> {
        let ConfirmRaise { caller, operation: id, word } = command;
        // The version first, then whether it waits.
        let version = self.visible_operation(&caller, id).await?.1.version();
        let (operation, hold) = self.visible_operation(&caller, id).await?;
        if *operation.state() != OperationState::RequiresAction
            && matches!(operation.kind(), OperationKind::Raise { .. })
        {
            return Ok(self.answer(id, true).await?);
        }
        if let Word::Payer { instrument, pin } = word {
            let instrument = self.instrument(instrument).await?.ok_or(ChangeHoldError::NotThePayer)?;
            if instrument.account != hold.payer() {
                return Err(ChangeHoldError::NotThePayer);
            }
            let verdict = self.check_pin(instrument.person, pin).await?;
            if let Some(code) = pin_code(verdict) {
                return Err(ChangeHoldError::PinRefused { code });
            }
        }
        let reference = hold.reference().ok_or(ChangeHoldError::NotPlaced)?.to_owned();
        let work = Work {
            operation: id,
            hold: hold.id(),
            rail: hold.rail().clone(),
            ask: RailCommand::Raise { reference, amount: operation.amount() },
            begin: Command::Confirm(Confirm { hold: hold.id(), operation: id, expected_version: Some(version) }),
            before: Vec::new(),
            writes: Vec::new(),
        };
        Ok(self.perform(Some(key), work).await?)
    }

    /// Refuses a raise that waits: the hold stays as it was.
    pub async fn refuse_raise(
        &self,
        key: KeyRequest,
        caller: &Caller,
        operation: OperationId,
    ) -> Result<Answer, ChangeHoldError> {
        let (row, hold) = self.visible_operation(caller, operation).await?;
        if *row.state() != OperationState::RequiresAction {
            return Err(tebura_ledger::Refusal::ConfirmationNotNeeded { operation }.into());
        }
        let verdict = Verdict::Declined { code: REFUSED.to_owned() };
        self.record(key, operation, Command::Settle(Settle { hold: hold.id(), operation, verdict })).await
    }
}
