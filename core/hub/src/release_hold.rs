//! Releases a hold: gives back what is free, at the caller's word or at the deadline.

use tebura_ledger::{Command, Expire, HoldId, Release};

use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::perform::{Answer, KeyRequest, Work};
use crate::ports::Caller;
use crate::rail::RailCommand;

/// A release to make.
#[derive(Clone, Debug)]
pub struct ReleaseHold {
    pub caller: Caller,
    pub hold: HoldId,
    /// From `If-Match`: refused when the hold has moved on.
    pub expected_version: Option<u32>,
}

impl Hub {
    /// Gives back all that is free of a hold.
    pub async fn release_hold(&self, key: KeyRequest, command: ReleaseHold) -> Result<Answer, ChangeHoldError> {
        let ReleaseHold { caller, hold, expected_version } = command;
        let facts = self.hold_facts(&caller, hold).await?;
        let operation = self.operation_id(hold.shard());
        let work = Work {
            operation,
            hold,
            rail: facts.rail,
            ask: RailCommand::Release { reference: facts.reference },
            begin: Command::Release(Release { hold, operation, amount: None, expected_version }),
            writes: Vec::new(),
        };
        Ok(self.perform(Some(key), work).await?)
    }

    /// Ends a hold whose deadline has passed, or which was placed too late to be used. What is in flight or unknown
    /// keeps its earmark.
    pub(crate) async fn expire_hold(&self, hold: HoldId) -> Result<Answer, ChangeHoldError> {
        let facts = self.hold_facts(&Caller::Operator, hold).await?;
        let operation = self.operation_id(hold.shard());
        let work = Work {
            operation,
            hold,
            rail: facts.rail,
            ask: RailCommand::Release { reference: facts.reference },
            begin: Command::Expire(Expire { hold, operation }),
            writes: Vec::new(),
        };
        Ok(self.perform(None, work).await?)
    }
}
