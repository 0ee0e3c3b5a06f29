//! Extends a hold: moves its deadline to later, as far as the rail keeps holds.

use tebura_ledger::{Command, Extend, Hold, HoldId, Timestamp};

use crate::change_hold::ChangeHoldError;
use crate::create_hold::MAX_HOLD_MS;
use crate::hub::Hub;
use crate::perform::{Answer, KeyRequest, PerformError, Work};
use crate::ports::Caller;
use crate::rail::{RailCommand, RailDescriptor};
use crate::raise_hold::{BUSY_MS, READS};

/// A later deadline.
#[derive(Clone, Debug)]
pub struct ExtendHold {
    pub caller: Caller,
    pub hold: HoldId,
    /// The new deadline, from now, in milliseconds.
    pub expires_in_ms: i64,
    /// From `If-Match`: refused when the hold has moved on.
    pub expected_version: Option<u32>,
}

impl Hub {
    /// Extends a hold. A rail that declines leaves the deadline as it was.
    pub async fn extend_hold(&self, key: KeyRequest, command: ExtendHold) -> Result<Answer, ChangeHoldError> {
        self.not_under_contract(command.hold).await?;
        for _ in 0..READS {
            match self.extend_once(key.clone(), &command).await {
                Err(error) if error.is_conflict() && command.expected_version.is_none() => {}
                answer => return answer,
            }
        }
        Err(PerformError::Busy { retry_after_ms: BUSY_MS }.into())
    }

    /// The rail is told how much it is to keep, so the extension holds for the version that was read.
    async fn extend_once(&self, key: KeyRequest, command: &ExtendHold) -> Result<Answer, ChangeHoldError> {
        let &ExtendHold { ref caller, hold, expires_in_ms, expected_version } = command;
        let row = self.visible_hold(caller, hold).await?;
        let reference = row.reference().ok_or(ChangeHoldError::NotPlaced)?.to_owned();
        let name = row.rail().clone();
        let rail = self.rail(&name).ok_or_else(|| PerformError::RailUnknown(name.clone()))?;
        let now = self.now();
        let (until, latest) = (now.plus_ms(expires_in_ms), latest_deadline(&row, rail.descriptor(), now));
        if until > latest {
            // A repeat asks from a later moment than the first time; it still gets the first answer.
            let claimed = self.store.claimed_key(&key.scope, &key.key).await?;
            if let Some(claimed) = claimed.filter(|claimed| key.matches(claimed)) {
                return Ok(self.replay(&claimed.target).await?);
            }
            return Err(ChangeHoldError::ExtendBeyondRail { latest_ms: latest.millis() });
        }
        if let Some(answer) = self.moved_on(&key, &row, expected_version).await? {
            return Ok(answer);
        }
        let expected_version = Some(row.version());
        let operation = self.operation_id(hold.shard());
        let work = Work {
            operation,
            hold,
            rail: name,
            ask: RailCommand::Extend {
                reference,
                amount: row.outstanding(),
                until: rail.descriptor().keeps_until(until),
            },
            begin: Command::Extend(Extend { hold, operation, until, expected_version }),
            before: Vec::new(),
            writes: Vec::new(),
        };
        Ok(self.perform(Some(key), work).await?)
    }
}

/// The latest deadline that a hold can have: a rail counts its longest hold from the placement; the hub's own limit
/// counts from now.
pub fn latest_deadline(hold: &Hold, rail: &RailDescriptor, now: Timestamp) -> Timestamp {
    let by_rail = rail.max_hold_ms.map(|_| hold.created_at().plus_ms(rail.longest_hold_ms(i64::MAX)));
    let by_hub = now.plus_ms(MAX_HOLD_MS);
    by_rail.map_or(by_hub, |by_rail| by_rail.min(by_hub))
}
