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
    verdict::earmarked(hold, operation)?;
    let mut change = HoldChange::of(book, hold, now)?;
    let mut settled = operation.clone();
    match &command.verdict {
        Verdict::Settled { reference, amount } => {
            within_asked(*amount, operation.amount())?;
            settled.parts.state = OperationState::Settled { reference: reference.clone(), amount: *amount, at: now };
            let capture = verdict::settled(book, &mut change, operation, reference, *amount, now)?;
            settled.parts.result = Some(change.hold.snapshot());
            change.finish(settled, capture)
        }
        Verdict::Declined { code } => {
            settled.parts.state = OperationState::Failed { code: code.clone(), at: now };
            let capture = verdict::declined(book, &mut change, operation, code)?;
            settled.parts.result = Some(change.hold.snapshot());
            change.finish(settled, capture)
        }
        Verdict::Unknown { code } => {
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

/// Compares a verdict with what is known already.
fn says_nothing_new(operation: &Operation, verdict: &Verdict, hold: &Hold) -> Result<bool, Refusal> {
    let contradicts = || {
        let state = operation.state().name();
        Err(Refusal::VerdictContradicts { operation: operation.id(), state })
    };
    match (operation.state(), verdict) {
        (
            OperationState::Settled { reference, amount, .. },
            Verdict::Settled { reference: new_reference, amount: new_amount },
        ) => {
            if reference == new_reference && amount == new_amount {
                Ok(true)
            } else {
                contradicts()
            }
        }
        (OperationState::Settled { .. }, Verdict::Declined { .. })
        | (OperationState::Failed { .. }, Verdict::Settled { .. }) => contradicts(),
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
    match operation.kind() {
        OperationKind::Place { .. } => Ok(hold.phase() != Phase::Placing || hold.parts.requires_action),
        OperationKind::Fund { .. }
        | OperationKind::Capture { .. }
        | OperationKind::Release { .. }
        | OperationKind::Expire { .. }
        | OperationKind::Refund { .. } => Err(Refusal::ActionOnlyWhenPlacing { operation: operation.id() }),
    }
}

fn within_asked(settled: Money, asked: Money) -> Result<(), Refusal> {
    positive(settled)?;
    same_currency(settled, asked.currency())?;
    if settled.minor() > asked.minor() {
        return Err(Refusal::SettledMoreThanAsked { asked, settled });
    }
    Ok(())
}
