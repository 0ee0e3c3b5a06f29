//! Takes a means to pay away from a person: nothing new is paid with it, and what was begun with it goes on to its end.
//!
//! The row stays, since holds, refunds and the person's own export name it. Absent: bringing one back; she adds it again.

use tebura_ledger::{AccountId, Floor};

use crate::hub::Hub;
use crate::ids::{InstrumentId, PersonId};
use crate::people::Instrument;
use crate::ports::{CommitError, ReadError, Unit, Write};

/// Why an instrument stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoveInstrumentError {
    #[error("there is no instrument {0} of this person; GET /v1/people/…/instruments lists them")]
    NotFound(InstrumentId),
    #[error("there is money in {0}, which nobody could spend any more; spend it or have it paid out, and ask again")]
    MoneyLeft(AccountId),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Removes a person's instrument: at once here, within a second in every other process. Doing it twice is doing it once.
    pub async fn remove_instrument(
        &self,
        person: PersonId,
        id: InstrumentId,
    ) -> Result<Instrument, RemoveInstrumentError> {
        let found = self.store.instrument(id).await?.filter(|row| row.person == person);
        let row = found.ok_or(RemoveInstrumentError::NotFound(id))?;
        if row.removed_at.is_some() {
            return Ok(row);
        }
        // A wallet in the hub's own books holds the money itself; other accounts mirror what is kept at their rail.
        let account = self.store.account(row.account).await?;
        if let Some(account) = account
            && account.floor() == Floor::Zero
            && account.posted().minor() != 0
        {
            return Err(RemoveInstrumentError::MoneyLeft(account.id()));
        }
        let now = self.now();
        let removed = Instrument { removed_at: Some(now), ..row };
        let unit = Unit { writes: vec![Write::Instrument(removed.clone())], ..Unit::default() };
        self.store.commit(id.shard(), now, unit).await?;
        self.forget_instrument(&removed);
        Ok(removed)
    }
}
