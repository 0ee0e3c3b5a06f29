//! Two operators say what became of an operation that the rail cannot tell about: the first proposes, the second, with
//! another key, confirms.

use tebura_ledger::{Command, OperationId, Resolve, Verdict};

use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::ids::ApiKeyId;
use crate::perform::{Answer, KeyRequest};
use crate::ports::{Caller, Committed, Unit};

/// What an operator says.
#[derive(Clone, Debug)]
pub struct ResolveOperation {
    pub operation: OperationId,
    /// The key that says it: the second time it has to be another.
    pub by: ApiKeyId,
    /// Settled or declined.
    pub verdict: Verdict,
}

impl Hub {
    /// Records an operator's word; with the second one the operation is final. If the rail says otherwise later, that is
    /// an exception.
    pub async fn resolve_operation(
        &self,
        key: KeyRequest,
        command: ResolveOperation,
    ) -> Result<Answer, ChangeHoldError> {
        let ResolveOperation { operation, by, verdict } = command;
        let (_, hold) = self.visible_operation(&Caller::Operator, operation).await?;
        let resolve = Resolve { hold: hold.id(), operation, by: by.uuid(), verdict };
        let unit = Unit { key: Some(key.claim(operation)), ledger: vec![Command::Resolve(resolve)], ..Unit::default() };
        match self.store.commit(operation.shard(), self.now(), unit).await? {
            Committed::Done(outcomes) => {
                self.end_exchange(operation).await?;
                self.follow(&outcomes).await;
                Ok(self.answer(operation, false).await?)
            }
            Committed::Replayed { .. } => Ok(self.answer(operation, true).await?),
        }
    }
}
