//! Records that the payer contests a capture: what is contested stays on the payee's account, reserved, until it is lost
//! or won. A dispute is a fact from outside; it is not asked of the rail.

use super::{expected_version, find_hold, in_shard, positive, refund, replay, same_currency, sent};
use crate::command::Dispute;
use crate::effects::{Effects, HoldChange};
use crate::{Book, EventKind, Operation, OperationKind, Refusal, Timestamp};

pub(super) fn dispute(book: &Book, command: &Dispute, now: Timestamp) -> Result<Effects, Refusal> {
    in_shard(
        book,
        [
            (command.hold.shard(), &command.hold),
            (command.operation.shard(), &command.operation),
            (command.transfer.shard(), &command.transfer),
        ],
    )?;
    if let Some(operation) = book.operation(command.operation) {
        replay_dispute(operation, command)?;
        return Ok(Effects::replay(Some(operation), book.hold(command.hold), now));
    }
    if let Some(amount) = command.amount {
        positive(amount)?;
    }
    let target = command.capture;
    let capture = book.operation(target).ok_or(Refusal::OperationNotFound { operation: target })?;
    if capture.hold() != Some(command.hold) {
        return Err(Refusal::OperationOfAnotherHold { operation: target, hold: command.hold });
    }
    let hold = find_hold(book, command.hold)?;
    if let Some(amount) = command.amount {
        same_currency(amount, hold.currency())?;
    }
    expected_version(hold, command.expected_version)?;
    let amount = refund::resolve(capture, command.amount)?;
    let payee = book.row(hold.payee())?;
    if !payee.covers(amount) {
        return Err(Refusal::FundsInsufficient { asked: amount, available: payee.available() });
    }

    let mut change = HoldChange::of(book, hold, now)?;
    change.hold.dispute_opened(amount.minor());
    change.event(EventKind::DisputeOpened, Some(amount));
    let mut capture = capture.clone();
    capture.parts.refund_in_flight += amount.minor();
    let kind = OperationKind::Dispute { capture: target, amount };
    let transfer = Some(command.transfer);
    let operation = sent(command.operation, hold.id(), kind, command.amount, transfer, now);
    change.finish(operation, Some(capture))
}

fn replay_dispute(operation: &Operation, command: &Dispute) -> Result<(), Refusal> {
    let OperationKind::Dispute { capture, .. } = operation.kind() else {
        return replay(operation, [("kind", false)]);
    };
    replay(
        operation,
        [
            ("hold", operation.hold() == Some(command.hold)),
            ("capture", *capture == command.capture),
            ("amount", operation.parts.asked == command.amount),
        ],
    )
}
