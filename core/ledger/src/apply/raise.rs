//! Adds to what a hold reserves. Up to the cap the payer has agreed already; above it nothing is reserved and nobody is
//! asked until the payer says yes.

use super::{capture::capturable, expected_version, find_hold, in_shard, positive, replay, same_currency, sent};
use crate::command::{Confirm, Raise};
use crate::effects::{Effects, HoldChange};
use crate::{Account, Book, EventKind, Hold, Money, Operation, OperationKind, OperationState, Refusal, Timestamp};

pub(super) fn raise(book: &Book, command: &Raise, now: Timestamp) -> Result<Effects, Refusal> {
    in_shard(book, [(command.hold.shard(), &command.hold), (command.operation.shard(), &command.operation)])?;
    if let Some(operation) = book.operation(command.operation) {
        let is_raise = matches!(operation.kind(), OperationKind::Raise { .. });
        let same_hold = operation.hold() == Some(command.hold);
        let same_amount = operation.parts.asked == Some(command.amount);
        replay(operation, [("kind", is_raise), ("hold", same_hold), ("amount", same_amount)])?;
        return Ok(Effects::replay(Some(operation), book.hold(command.hold), now));
    }
    positive(command.amount)?;
    let hold = find_hold(book, command.hold)?;
    same_currency(command.amount, hold.currency())?;
    expected_version(hold, command.expected_version)?;
    capturable(hold, now)?;
    let raised = raised(hold, command.amount)?;
    let kind = OperationKind::Raise { amount: command.amount };
    let mut operation = sent(command.operation, hold.id(), kind, Some(command.amount), None, now);
    let mut change = HoldChange::of(book, hold, now)?;
    if raised > hold.parts.cap {
        if let Some(waiting) = hold.waiting() {
            return Err(Refusal::ConfirmationPending { operation: waiting });
        }
        operation.parts.state = OperationState::RequiresAction;
        change.hold.parts.waiting = Some(operation.id());
        change.event(EventKind::RaiseRequiresAction, Some(command.amount));
        return change.finish(operation, None);
    }
    covered(book, hold, command.amount)?;
    change.hold.raise_asked(command.amount.minor());
    change.event(EventKind::RaiseSent, Some(command.amount));
    change.finish(operation, None)
}

/// The payer's yes to a raise above the cap.
pub(super) fn confirm(book: &Book, command: &Confirm, now: Timestamp) -> Result<Effects, Refusal> {
    let id = command.operation;
    in_shard(book, [(command.hold.shard(), &command.hold), (id.shard(), &id)])?;
    let operation = book.operation(id).ok_or(Refusal::OperationNotFound { operation: id })?;
    if operation.hold() != Some(command.hold) {
        return Err(Refusal::OperationOfAnotherHold { operation: id, hold: command.hold });
    }
    if !matches!(operation.kind(), OperationKind::Raise { .. }) {
        return Err(Refusal::ConfirmationNotNeeded { operation: id });
    }
    let hold = find_hold(book, command.hold)?;
    expected_version(hold, command.expected_version)?;
    if *operation.state() != OperationState::RequiresAction {
        return Ok(Effects::replay(Some(operation), Some(hold), now));
    }
    capturable(hold, now)?;
    raised(hold, operation.amount())?;
    covered(book, hold, operation.amount())?;
    let mut change = HoldChange::of(book, hold, now)?;
    change.hold.raise_confirmed(operation.amount().minor());
    change.event(EventKind::RaiseConfirmed, Some(operation.amount()));
    let mut confirmed: Operation = operation.clone();
    confirmed.parts.state = OperationState::Sent;
    change.finish(confirmed, None)
}

/// What the hold would reserve with this and every raise under way.
fn raised(hold: &Hold, amount: Money) -> Result<i64, Refusal> {
    let so_far = hold.parts.authorised.checked_add(hold.parts.raise_in_flight);
    so_far.and_then(|so_far| so_far.checked_add(amount.minor())).ok_or(Refusal::AmountOverflow)
}

fn covered(book: &Book, hold: &Hold, amount: Money) -> Result<(), Refusal> {
    let payer: &Account = book.account(hold.payer()).ok_or(Refusal::AccountNotFound { account: hold.payer() })?;
    if payer.covers(amount) {
        Ok(())
    } else {
        Err(Refusal::FundsInsufficient { asked: amount, available: payer.available() })
    }
}
