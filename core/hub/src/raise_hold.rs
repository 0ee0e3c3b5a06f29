//! Raises a hold: reserves more of the payer's money. Up to the cap the payer has agreed already; above it the raise
//! waits for the payer's word and nothing is asked of the rail.

use tebura_ledger::{Command, Hold, HoldId, Money, Raise};

use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::perform::{Answer, KeyRequest, PerformError, Work};
use crate::ports::Caller;
use crate::rail::RailCommand;

/// Reads of a hold that keeps changing, before the caller is asked to come back.
pub(crate) const READS: u32 = 8;
/// How long such a caller is to wait, milliseconds.
pub(crate) const BUSY_MS: u32 = 100;

/// A raise to make.
#[derive(Clone, Debug)]
pub struct RaiseHold {
    pub caller: Caller,
    pub hold: HoldId,
    /// How much to add.
    pub amount: Money,
    /// From `If-Match`: refused when the hold has moved on.
    pub expected_version: Option<u32>,
}

impl Hub {
    /// Raises a hold. Above the cap the answer's operation waits for the payer: see [`Hub::confirm_raise`].
    pub async fn raise_hold(&self, key: KeyRequest, command: RaiseHold) -> Result<Answer, ChangeHoldError> {
        self.not_under_contract(command.hold).await?;
        for _ in 0..READS {
            match self.raise_once(key.clone(), &command).await {
                Err(error) if error.is_conflict() && command.expected_version.is_none() => {}
                answer => return answer,
            }
        }
        Err(PerformError::Busy { retry_after_ms: BUSY_MS }.into())
    }

    /// Whether the payer is to be asked follows from the hold as it was read, so the raise holds for that version.
    async fn raise_once(&self, key: KeyRequest, command: &RaiseHold) -> Result<Answer, ChangeHoldError> {
        let &RaiseHold { ref caller, hold, amount, expected_version } = command;
        let row = self.visible_hold(caller, hold).await?;
        let reference = row.reference().ok_or(ChangeHoldError::NotPlaced)?.to_owned();
        self.takes(&row, "raise")?;
        if let Some(answer) = self.moved_on(&key, &row, expected_version).await? {
            return Ok(answer);
        }
        let operation = self.operation_id(hold.shard());
        let expected_version = Some(row.version());
        let begin = Command::Raise(Raise { hold, operation, amount, expected_version });
        if above_cap(&row, amount) {
            return self.record(key, operation, begin).await;
        }
        let ask = RailCommand::Raise { reference, amount };
        let rail = row.rail().clone();
        let work = Work { operation, hold, rail, ask, begin, before: Vec::new(), writes: Vec::new() };
        Ok(self.perform(Some(key), work).await?)
    }

    /// Refuses a command that the hold's rail does not take.
    pub(crate) fn takes(&self, hold: &Hold, command: &'static str) -> Result<(), ChangeHoldError> {
        let name = hold.rail().clone();
        let rail = self.rail(&name).ok_or_else(|| PerformError::RailUnknown(name.clone()))?;
        if rail.descriptor().takes(command) {
            return Ok(());
        }
        Err(PerformError::CommandUnsupported { rail: name, command }.into())
    }
}

fn above_cap(hold: &Hold, amount: Money) -> bool {
    let parts = hold.parts();
    let raised = parts.authorised.checked_add(parts.raise_in_flight).and_then(|sum| sum.checked_add(amount.minor()));
    amount.is_positive() && raised.is_none_or(|raised| raised > parts.cap)
}
