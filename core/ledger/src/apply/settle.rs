//! Records what became known of an operation. A final result never changes; news that contradict it are refused.

use super::{find_hold, in_shard, positive, same_currency, verdict};
use crate::command::{Settle, Verdict};
use crate::effects::{Effects, HoldChange};
use crate::{Book, EventKind, Hold, Money, Operation, OperationKind, OperationState, Phase, Refusal, Timestamp};

pub(super) fn settle(book: &Book, command: &Settle, now: Timestamp) -> Result<Effects, Refusal> {
    let id = command.operation;
    in_shard(book, [(command.hold.shard(), &command.hold), (id.shard(), &id)])?;
    let operation = book.operation(id).ok_or(Refusal::OperationNotFound { operation: id })?;
    if operation.hold() != Some(command.hold) {
        return Err(Refusal::OperationOfAnotherHold { operation: id, hold: command.hold });
    }
    let hold = find_hold(book, command.hold)?;
    if says_nothing_new(operation, &command.verdict, hold)? {
        return Ok(Effects::replay(Some(operation), Some(hold), now));
    }
    let mut change = HoldChange::of(book, hold, now)?;
    let mut settled = operation.clone();
    match &command.verdict {
        // What could not be undone at the rail is not over: people have to look.
        Verdict::Declined { code } | Verdict::Unknown { code } if is_exception(operation) => {
            settled.parts.state = OperationState::Unknown { code: code.clone(), since: now };
            change.event(EventKind::ExceptionUnresolved, Some(operation.amount()));
            change.finish(settled, None)
        }
        verdict @ (Verdict::Settled { .. } | Verdict::Declined { .. }) => {
            final_verdict(book, change, settled, verdict, now)
        }
        Verdict::Unknown { code } => {
            verdict::earmarked(hold, operation)?;
            settled.parts.state = OperationState::Unknown { code: code.clone(), since: now };
            change.event(verdict::unknown_event(operation.kind()), Some(operation.amount()));
            change.finish(settled, None)
        }
        Verdict::RequiresAction => {
            change.hold.parts.requires_action = true;
            change.event(EventKind::HoldRequiresAction, Some(operation.amount()));
            change.finish(settled, None)
        }
    }
}

/// Ends an open operation: settled or failed.
pub(super) fn final_verdict(
    book: &Book,
    mut change: HoldChange<'_>,
    mut operation: Operation,
    verdict: &Verdict,
    now: Timestamp,
) -> Result<Effects, Refusal> {
    verdict::earmarked(&change.hold, &operation)?;
    let touched = match verdict {
        Verdict::Settled { reference, amount } => {
            within_asked(*amount, operation.amount())?;
            let touched = verdict::settled(book, &mut change, &operation, reference, *amount, now)?;
            operation.parts.state = OperationState::Settled { reference: reference.clone(), amount: *amount, at: now };
            touched
        }
        Verdict::Declined { code } => {
            let touched = verdict::declined(book, &mut change, &operation, code)?;
            operation.parts.state = OperationState::Failed { code: code.clone(), at: now };
            touched
        }
        Verdict::Unknown { .. } | Verdict::RequiresAction => return Err(Refusal::ResolutionNotFinal),
    };
    operation.parts.result = Some(change.hold.snapshot());
    change.finish(operation, touched)
}

fn is_exception(operation: &Operation) -> bool {
    matches!(operation.kind(), OperationKind::Exception { .. })
}

/// Says whether a verdict is against the final state of an operation.
pub(super) fn contradicted(operation: &Operation, verdict: &Verdict) -> bool {
    match (operation.state(), verdict) {
        (
            OperationState::Settled { reference, amount, .. },
            Verdict::Settled { reference: new_reference, amount: new_amount },
        ) => reference != new_reference || amount != new_amount,
        (OperationState::Settled { .. }, Verdict::Declined { .. })
        | (OperationState::Failed { .. }, Verdict::Settled { .. }) => true,
        (_, _) => false,
    }
}

/// Compares a verdict with what is known already.
fn says_nothing_new(operation: &Operation, verdict: &Verdict, hold: &Hold) -> Result<bool, Refusal> {
    // That an exception could not be undone at the rail was known before people settled it.
    if is_exception(operation) && operation.state().is_final() && matches!(verdict, Verdict::Declined { .. }) {
        return Ok(true);
    }
    if contradicted(operation, verdict) {
        let state = operation.state().name();
        return Err(Refusal::VerdictContradicts { operation: operation.id(), state });
    }
    match (operation.state(), verdict) {
        (OperationState::RequiresAction, Verdict::Settled { .. } | Verdict::Unknown { .. }) => {
            Err(Refusal::ConfirmationNeeded { operation: operation.id() })
        }
        (OperationState::RequiresAction, Verdict::Declined { .. }) => Ok(false),
        (OperationState::Settled { .. }, Verdict::Settled { .. } | Verdict::Declined { .. })
        | (OperationState::Failed { .. }, Verdict::Settled { .. }) => Ok(true),
        (OperationState::Unknown { .. }, Verdict::Declined { .. }) if is_exception(operation) => Ok(true),
        (_, Verdict::Unknown { .. }) if matches!(operation.kind(), OperationKind::Dispute { .. }) => Ok(true),
        (OperationState::Failed { .. }, Verdict::Declined { .. }) => Ok(true),
        (OperationState::Settled { .. } | OperationState::Failed { .. }, Verdict::Unknown { .. }) => Ok(true),
        (OperationState::Unknown { .. }, Verdict::Unknown { .. }) => Ok(true),
        (_, Verdict::RequiresAction) => action_says_nothing_new(operation, hold),
        (OperationState::Sent | OperationState::Unknown { .. }, Verdict::Settled { .. } | Verdict::Declined { .. })
        | (OperationState::Sent, Verdict::Unknown { .. }) => Ok(false),
    }
}

/// Waiting for the payer is news while the placement is open and nobody closed the hold.
fn action_says_nothing_new(operation: &Operation, hold: &Hold) -> Result<bool, Refusal> {
    if !matches!(operation.kind(), OperationKind::Place { .. }) {
        return Err(Refusal::ActionOnlyWhenPlacing { operation: operation.id() });
    }
    Ok(hold.phase() != Phase::Placing || hold.parts.requires_action)
}

/// A rail does what it is asked, or less.
pub(super) fn within_asked(settled: Money, asked: Money) -> Result<(), Refusal> {
    positive(settled)?;
    same_currency(settled, asked.currency())?;
    if settled.minor() > asked.minor() {
        return Err(Refusal::SettledMoreThanAsked { asked, settled });
    }
    Ok(())
}
