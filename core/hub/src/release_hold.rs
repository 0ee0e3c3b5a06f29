//! Releases a hold: gives back what is free, at the caller's word or at the deadline.

use tebura_ledger::{Command, Expire, FollowUp, HoldId, Refusal, Release};

use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::perform::{Answer, KeyRequest, PerformError, Work};
use crate::ports::{Caller, Unit};
use crate::rail::RailCommand;

/// Reads of a hold that keeps changing, before the caller is asked to come back.
const READS: u32 = 8;
/// How long such a caller is to wait, milliseconds.
const BUSY_MS: u32 = 100;

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
        for _ in 0..READS {
            match self.release_once(key.clone(), &command).await {
                // The caller named no version: the hub's own was out of date.
                Err(ChangeHoldError::Perform(PerformError::Refused(Refusal::HoldVersionConflict { .. })))
                    if command.expected_version.is_none() => {}
                answer => return answer,
            }
        }
        Err(PerformError::Busy { retry_after_ms: BUSY_MS }.into())
    }

    /// The rail is told an amount, and the ledger has to reserve that amount: the release holds for the version of the
    /// hold that the amount was read from, or a capture in between would be given back with the rest.
    async fn release_once(&self, key: KeyRequest, command: &ReleaseHold) -> Result<Answer, ChangeHoldError> {
        let &ReleaseHold { ref caller, hold, expected_version } = command;
        let row = self.visible_hold(caller, hold).await?;
        let reference = row.reference().ok_or(ChangeHoldError::NotPlaced)?.to_owned();
        let operation = self.operation_id(hold.shard());
        let expected_version = expected_version.or(Some(row.version()));
        let work = Work {
            operation,
            hold,
            rail: row.rail().clone(),
            ask: RailCommand::Release { reference, amount: row.free() },
            begin: Command::Release(Release { hold, operation, amount: None, expected_version }),
            writes: Vec::new(),
        };
        Ok(self.perform(Some(key), work).await?)
    }

    /// Does what a hold needs without anybody's asking: its deadline passed, or money in it became free too late to
    /// be used. What is in flight or unknown keeps its earmark.
    pub(crate) async fn follow_up(&self, follow_up: FollowUp) -> Result<(), ChangeHoldError> {
        let (FollowUp::Expire { hold } | FollowUp::ReleaseRest { hold }) = follow_up;
        let row = self.visible_hold(&Caller::Operator, hold).await?;
        let operation = self.operation_id(hold.shard());
        // As in `release_once`; after a conflict the sweep comes again.
        let expected_version = Some(row.version());
        let begin = match follow_up {
            FollowUp::Expire { .. } => Command::Expire(Expire { hold, operation, expected_version }),
            FollowUp::ReleaseRest { .. } => {
                Command::Release(Release { hold, operation, amount: None, expected_version })
            }
        };
        match row.reference() {
            Some(reference) if row.free().is_positive() => {
                let ask = RailCommand::Release { reference: reference.to_owned(), amount: row.free() };
                let rail = row.rail().clone();
                self.perform(None, Work { operation, hold, rail, ask, begin, writes: Vec::new() }).await?;
            }
            // Nothing is free at the rail yet: only the ledger has to know.
            Some(_) | None => {
                let unit = Unit { ledger: vec![begin], ..Unit::default() };
                self.store.commit(hold.shard(), self.now(), unit).await.map_err(PerformError::from)?;
            }
        }
        Ok(())
    }
}
