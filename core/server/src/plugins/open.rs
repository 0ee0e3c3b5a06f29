//! What is open on a plugin's rail, shown before anybody switches it off.

use serde::{Deserialize, Serialize};
use tebura_hub::ports::ReadError;
use tebura_ledger::{RailId, Timestamp};

use super::Plugins;

/// Rows that are looked at; more are told as "or more".
const MOST: u16 = 10_000;
/// Later than any deadline.
const LATE: Timestamp = Timestamp::from_millis(253_402_300_799_000);

/// What is open on one rail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWork {
    /// Operations that are on their way, or whose outcome is not known.
    pub operations: u64,
    /// Of these, those of which something may have been delivered already.
    pub in_doubt: u64,
    /// Holds with money that is neither captured nor released.
    pub holds: u64,
    /// Whether there may be more than was counted.
    pub more: bool,
}

impl Plugins {
    /// Counts what is open on a plugin's rail.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open_work(&self, plugin: &str) -> Result<OpenWork, ReadError> {
        let Ok(rail) = RailId::new(plugin) else { return Ok(OpenWork::default()) };
        let exchanges = self.store.due_exchanges(LATE, MOST).await?;
        let holds = self.store.due_holds(LATE, MOST).await?;
        let full = usize::from(MOST);
        let more = exchanges.len() == full || holds.len() == full;
        let own = || exchanges.iter().filter(|exchange| exchange.rail == rail);
        Ok(OpenWork {
            operations: own().count() as u64,
            in_doubt: own().filter(|exchange| exchange.last_sent_at.is_some()).count() as u64,
            holds: holds.iter().filter(|hold| *hold.rail() == rail).count() as u64,
            more,
        })
    }
}
