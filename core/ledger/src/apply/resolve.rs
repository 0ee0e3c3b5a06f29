//! Two operators say what became of an operation that nobody else can tell about. The first proposes, the second, with
//! another key, confirms; only then it counts.

use super::settle::{final_verdict, within_asked};
use super::{find_hold, in_shard};
use crate::command::{Proposal, Resolve, Verdict};
use crate::effects::{Effects, HoldChange};
use crate::{Book, EventKind, Operation, OperationState, Refusal, Timestamp};

pub(super) fn resolve(book: &Book, command: &Resolve, now: Timestamp) -> Result<Effects, Refusal> {
    let id = command.operation;
    in_shard(book, [(command.hold.shard(), &command.hold), (id.shard(), &id)])?;
    let operation = book.operation(id).ok_or(Refusal::OperationNotFound { operation: id })?;
    if operation.hold() != Some(command.hold) {
        return Err(Refusal::OperationOfAnotherHold { operation: id, hold: command.hold });
    }
    match &command.verdict {
        Verdict::Settled { amount, .. } => within_asked(*amount, operation.amount())?,
        Verdict::Declined { .. } => {}
        Verdict::Unknown { .. } | Verdict::RequiresAction => return Err(Refusal::ResolutionNotFinal),
    }
    let hold = find_hold(book, command.hold)?;
    if is_repeat_of_the_last_word(operation, command) {
        return Ok(Effects::replay(Some(operation), Some(hold), now));
    }
    if !matches!(operation.state(), OperationState::Unknown { .. }) {
        return Err(Refusal::ResolutionNotNeeded { operation: id, state: operation.state().name() });
    }
    let agreed = operation.proposal().filter(|proposal| proposal.verdict == command.verdict);
    let mut change = HoldChange::of(book, hold, now)?;
    let mut resolved = operation.clone();
    match agreed {
        Some(proposal) if proposal.by == command.by => Err(Refusal::ResolutionBySameOperator { operation: id }),
        Some(proposal) => {
            let confirmed = Proposal { confirmed_by: Some(command.by), ..proposal.clone() };
            resolved.parts.proposal = Some(Box::new(confirmed));
            final_verdict(book, change, resolved, &command.verdict, now)
        }
        None => {
            let proposal = Proposal { by: command.by, verdict: command.verdict.clone(), at: now, confirmed_by: None };
            resolved.parts.proposal = Some(Box::new(proposal));
            change.event(EventKind::ResolutionProposed, Some(operation.amount()));
            change.finish(resolved, None)
        }
    }
}

/// The second operator says again what made the operation final.
fn is_repeat_of_the_last_word(operation: &Operation, command: &Resolve) -> bool {
    operation
        .proposal()
        .is_some_and(|proposal| proposal.confirmed_by == Some(command.by) && proposal.verdict == command.verdict)
}
