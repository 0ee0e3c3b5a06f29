//! News about an operation that come outside its own exchange: a webhook, a line of a statement, a reply to a call that
//! nobody waits for any more. What contradicts a final state opens an exception and is never dropped.

use tebura_ledger::{
    Command, Found, Hold, OpenException, Operation, OperationKind, OperationState, Refusal, Settle, Verdict,
};

use crate::change_hold::ChangeHoldError;
use crate::exchange::Stage;
use crate::hub::Hub;
use crate::perform::{Answer, PerformError, Work, derived};
use crate::ports::{Caller, Committed, Unit, Write};
use crate::rail::RailCommand;

/// The code of an exception that the hub cannot undo by itself.
const NEEDS_A_PERSON: &str = "exception.needs_a_person";

impl Hub {
    /// Takes a rail's word on an operation, whenever it comes. The answer is the operation, or the exception that the
    /// word opened.
    pub async fn hear(
        &self,
        operation: tebura_ledger::OperationId,
        verdict: Verdict,
    ) -> Result<Answer, ChangeHoldError> {
        let (row, hold) = self.visible_operation(&Caller::Operator, operation).await?;
        let command = Settle { hold: hold.id(), operation, verdict: verdict.clone() };
        let unit = Unit { ledger: vec![Command::Settle(command)], ..Unit::default() };
        match self.store.commit(operation.shard(), self.now(), unit).await.map_err(PerformError::from) {
            Ok(committed) => {
                self.end_exchange(operation).await?;
                if let Committed::Done(outcomes) = committed {
                    self.follow(&outcomes).await;
                }
                Ok(self.answer(operation, false).await?)
            }
            Err(PerformError::Refused(Refusal::VerdictContradicts { .. })) => {
                self.open_exception(&row, &hold, verdict).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens an exception and undoes at the rail what came too late, where the hub can: a captured amount is refunded, a
    /// placed hold is released. The rest is for people.
    pub(crate) async fn open_exception(
        &self,
        of: &Operation,
        hold: &Hold,
        verdict: Verdict,
    ) -> Result<Answer, ChangeHoldError> {
        // One exception an operation: a repeat of the news finds it again.
        let id = derived(of.id(), "exception");
        if self.store.operation(id).await?.is_some() {
            return Ok(self.answer(id, true).await?);
        }
        tracing::error!(operation = %of.id(), exception = %id, state = of.state().name(), "the rail contradicts what is known");
        let undo = undo(of, &verdict).filter(|ask| self.takes(hold, ask.name()).is_ok());
        let begin = Command::OpenException(OpenException { hold: hold.id(), operation: id, of: of.id(), verdict });
        if let Some(ask) = undo {
            let (hold, rail) = (hold.id(), hold.rail().clone());
            let work = Work { operation: id, hold, rail, ask, begin, before: Vec::new(), writes: Vec::new() };
            return Ok(self.perform(None, work).await?);
        }
        let verdict = Verdict::Unknown { code: NEEDS_A_PERSON.to_owned() };
        let ledger = vec![begin, Command::Settle(Settle { hold: hold.id(), operation: id, verdict })];
        self.store.commit(id.shard(), self.now(), Unit { ledger, ..Unit::default() }).await?;
        Ok(self.answer(id, false).await?)
    }

    /// Stops asking the rail about an operation whose result is known.
    pub(crate) async fn end_exchange(&self, operation: tebura_ledger::OperationId) -> Result<(), ChangeHoldError> {
        let Some(mut exchange) = self.store.exchange(operation).await? else { return Ok(()) };
        let settled = self.store.operation(operation).await?.is_some_and(|row| row.state().is_final());
        if !settled || exchange.stage == Stage::Finished {
            return Ok(());
        }
        let expected = exchange.revision;
        exchange.stage = Stage::Finished;
        let writes = vec![Write::Exchange { exchange, expected }];
        match self.store.commit(operation.shard(), self.now(), Unit { writes, ..Unit::default() }).await {
            // Whoever moved it meets the final state next.
            Ok(_) | Err(crate::ports::CommitError::Stale) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What undoes a success that came too late. A refund or release that came too late has given money to the payer twice or
/// freed what is not free here; that takes people.
fn undo(of: &Operation, verdict: &Verdict) -> Option<RailCommand> {
    let OperationState::Failed { .. } = of.state() else { return None };
    let Verdict::Settled { reference, amount } = verdict else { return None };
    let (reference, amount) = (reference.clone(), *amount);
    match of.kind() {
        OperationKind::Capture { .. } => Some(RailCommand::Refund { reference, amount }),
        OperationKind::Place { .. } => Some(RailCommand::Release { reference, amount }),
        OperationKind::Fund { .. }
        | OperationKind::Raise { .. }
        | OperationKind::Extend { .. }
        | OperationKind::Release { .. }
        | OperationKind::Expire { .. }
        | OperationKind::Refund { .. }
        | OperationKind::Reverse { .. }
        | OperationKind::Dispute { .. }
        | OperationKind::Exception {
            found: Found::LateSuccess { .. } | Found::Denied | Found::Differs { .. }, ..
        } => None,
    }
}
