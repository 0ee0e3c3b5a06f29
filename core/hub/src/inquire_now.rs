//! Asks a rail at once about an operation whose result is unknown, instead of when its turn comes: somebody has hinted
//! that there is something to learn. A hint is never believed; only the rail's own answer counts.

use tebura_ledger::{OperationId, RailId};

use crate::change_hold::ChangeHoldError;
use crate::exchange::{Exchange, Stage};
use crate::hub::Hub;
use crate::ports::{CommitError, Unit, Write};

/// Hints about one operation that come faster than this are the same hint.
const HINT_AGAIN_AFTER_MS: i64 = 1_000;

impl Hub {
    /// Makes the inquiry due now. False: there is nothing to ask about, or it is being asked.
    pub(crate) async fn make_due(&self, operation: OperationId) -> Result<bool, ChangeHoldError> {
        Ok(self.awoken(operation).await?.is_some())
    }

    /// Inquires now about an operation that a far end hints at. False: it is not known on this rail, its result is known,
    /// or it is being asked about already.
    pub async fn hint(&self, rail: &RailId, operation: OperationId) -> Result<bool, ChangeHoldError> {
        let known = self.store.exchange(operation).await?.filter(|exchange| exchange.rail == *rail);
        if known.is_none() {
            return Ok(false);
        }
        let Some(exchange) = self.awoken(operation).await? else { return Ok(false) };
        let now = self.now();
        self.drive(exchange, now).await.map_err(crate::perform::PerformError::from)?;
        Ok(true)
    }

    async fn awoken(&self, operation: OperationId) -> Result<Option<Exchange>, ChangeHoldError> {
        let Some(mut exchange) = self.store.exchange(operation).await? else { return Ok(None) };
        let now = self.now();
        let asleep = match exchange.stage {
            Stage::Unknown => exchange.due_at > now.plus_ms(HINT_AGAIN_AFTER_MS),
            Stage::Stuck => true,
            Stage::Outgoing { .. }
            | Stage::Sending { .. }
            | Stage::Arrived { .. }
            | Stage::Waiting
            | Stage::Finished => false,
        };
        if !asleep {
            return Ok(None);
        }
        let expected = exchange.revision;
        (exchange.stage, exchange.due_at, exchange.revision) = (Stage::Unknown, now, expected + 1);
        let writes = vec![Write::Exchange { exchange: exchange.clone(), expected }];
        match self.store.commit(operation.shard(), now, Unit { writes, ..Unit::default() }).await {
            Ok(_) => Ok(Some(exchange)),
            // Somebody else asks about it.
            Err(CommitError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
