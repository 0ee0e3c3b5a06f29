//! Releases a hold: gives back what is free, at the caller's word or at the deadline.

use tebura_ledger::{Capture, Command, Expire, Finality, FollowUp, HoldId, Money, Release};

use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::perform::{Answer, KeyRequest, PerformError, Work};
use crate::ports::{Caller, Unit};
use crate::rail::RailCommand;
use crate::raise_hold::{BUSY_MS, READS};

/// A release to make.
#[derive(Clone, Debug)]
pub struct ReleaseHold {
    pub caller: Caller,
    pub hold: HoldId,
    /// `None`: all that is free, and the hold ends.
    pub amount: Option<Money>,
    /// From `If-Match`: refused when the hold has moved on.
    pub expected_version: Option<u32>,
}

impl Hub {
    /// Gives back all that is free of a hold, or a part of it.
    pub async fn release_hold(&self, key: KeyRequest, command: ReleaseHold) -> Result<Answer, ChangeHoldError> {
        self.not_under_contract(command.hold).await?;
        for _ in 0..READS {
            match self.release_once(key.clone(), &command).await {
                // The caller named no version: the hub's own was out of date.
                Err(error) if error.is_conflict() && command.expected_version.is_none() => {}
                answer => return answer,
            }
        }
        Err(PerformError::Busy { retry_after_ms: BUSY_MS }.into())
    }

    /// The rail is told an amount, and the ledger has to reserve that amount: the release holds for the version of the
    /// hold that the amount was read from, or a capture in between would be given back with the rest.
    async fn release_once(&self, key: KeyRequest, command: &ReleaseHold) -> Result<Answer, ChangeHoldError> {
        let &ReleaseHold { ref caller, hold, amount, expected_version } = command;
        let row = self.visible_hold(caller, hold).await?;
        let reference = row.reference().ok_or(ChangeHoldError::NotPlaced)?.to_owned();
        let rail = self.rail(row.rail());
        if amount.is_some() && rail.is_some_and(|rail| !rail.descriptor().abilities.partial_release) {
            return Err(ChangeHoldError::PartialReleaseUnsupported);
        }
        let operation = self.operation_id(hold.shard());
        if let Some(answer) = self.moved_on(&key, &row, expected_version).await? {
            return Ok(answer);
        }
        let expected_version = Some(row.version());
        let work = Work {
            operation,
            hold,
            rail: row.rail().clone(),
            ask: RailCommand::Release { reference, amount: amount.unwrap_or(row.free()) },
            begin: Command::Release(Release { hold, operation, amount, expected_version }),
            before: Vec::new(),
            writes: Vec::new(),
        };
        Ok(self.perform(Some(key), work).await?)
    }

    /// Does what a hold needs without anybody's asking: its deadline passed, or money in it became free too late to
    /// be used. What is in flight or unknown keeps its earmark.
    pub(crate) async fn follow_up(&self, follow_up: FollowUp) -> Result<(), ChangeHoldError> {
        let (FollowUp::Expire { hold } | FollowUp::CaptureDue { hold } | FollowUp::ReleaseRest { hold }) = follow_up;
        let row = self.visible_hold(&Caller::Operator, hold).await?;
        let operation = self.operation_id(hold.shard());
        // As in `release_once`; after a conflict the sweep comes again.
        let expected_version = Some(row.version());
        let begin = match follow_up {
            FollowUp::Expire { .. } => Command::Expire(Expire { hold, operation, expected_version }),
            FollowUp::CaptureDue { .. } => Command::Capture(Capture {
                hold,
                operation,
                transfer: self.transfer_id(hold.shard()),
                amount: None,
                finality: Finality::Deadline,
                legs: Vec::new(),
                expected_version,
            }),
            FollowUp::ReleaseRest { .. } => {
                Command::Release(Release { hold, operation, amount: None, expected_version })
            }
        };
        match row.reference() {
            Some(reference) if row.free().is_positive() => {
                let (reference, amount) = (reference.to_owned(), row.free());
                let ask = match follow_up {
                    // "Final" tells the rail to give back the rest: not what an operation without a result may have.
                    FollowUp::CaptureDue { .. } => {
                        let is_final = row.parts().capture_in_flight == 0;
                        RailCommand::Capture { reference, amount, is_final }
                    }
                    FollowUp::Expire { .. } | FollowUp::ReleaseRest { .. } => {
                        RailCommand::Release { reference, amount }
                    }
                };
                let (rail, before, writes) = (row.rail().clone(), Vec::new(), Vec::new());
                self.perform(None, Work { operation, hold, rail, ask, begin, before, writes }).await?;
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
