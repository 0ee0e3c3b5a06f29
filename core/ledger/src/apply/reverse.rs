//! Takes a whole capture back while its hold is held: what every payee got of it comes back and is free in the hold again.
//!
//! Settled at once, because only a rail that is this ledger can do it. Elsewhere, and later, a refund does.

use super::{capture::capturable, expected_version, find_hold, in_shard, replay, sent};
use crate::command::Reverse;
use crate::effects::{Effects, HoldChange, imbalance};
use crate::leg::parts;
use crate::{
    Book, EventKind, Operation, OperationKind, OperationState, Refusal, Timestamp, Transfer, TransferId, TransferKind,
};

pub(super) fn reverse(book: &Book, command: &Reverse, now: Timestamp) -> Result<Effects, Refusal> {
    in_shard(book, [(command.hold.shard(), &command.hold), (command.operation.shard(), &command.operation)])?;
    for transfer in &command.transfers {
        in_shard(book, [(transfer.shard(), transfer)])?;
    }
    if let Some(operation) = book.operation(command.operation) {
        let same = operation.kind().capture() == Some(command.capture);
        let is_reverse = matches!(operation.kind(), OperationKind::Reverse { .. });
        replay(operation, [("kind", is_reverse), ("hold", operation.hold() == Some(command.hold)), ("capture", same)])?;
        return Ok(Effects::replay(Some(operation), book.hold(command.hold), now));
    }
    let target = command.capture;
    let capture = book.operation(target).ok_or(Refusal::OperationNotFound { operation: target })?;
    if capture.hold() != Some(command.hold) {
        return Err(Refusal::OperationOfAnotherHold { operation: target, hold: command.hold });
    }
    let hold = find_hold(book, command.hold)?;
    expected_version(hold, command.expected_version)?;
    capturable(hold, now)?;
    let amount = super::refund::resolve(capture, None)?;
    if Some(amount) != capture.settled_amount() {
        return Err(Refusal::ReverseOfRefundedCapture { capture: target });
    }

    let mut change = HoldChange::of(book, hold, now)?;
    change.transfers = taken_back(book, command, capture, now)?;
    change.hold.capture_reversed(amount.minor());
    change.event(EventKind::CaptureReversed, Some(amount));
    let mut capture = capture.clone();
    capture.parts.refunded += amount.minor();
    let kind = OperationKind::Reverse { capture: target, amount };
    let first = command.transfers.first().copied();
    let mut operation = sent(command.operation, hold.id(), kind, None, first, now);
    operation.parts.state = OperationState::Settled { reference: String::new(), amount, at: now };
    operation.parts.result = Some(change.hold.snapshot());
    change.finish(operation, Some(capture))
}

/// The transfers that take back what each payee got, if each has that much.
fn taken_back(book: &Book, command: &Reverse, capture: &Operation, now: Timestamp) -> Result<Vec<Transfer>, Refusal> {
    let hold = find_hold(book, command.hold)?;
    let done = capture.settled_amount().ok_or(Refusal::RefundOfUnsettledCapture { capture: capture.id() })?;
    let parts = parts(capture, hold.payee(), done).ok_or_else(|| imbalance(capture.id()))?;
    if command.transfers.len() < parts.len() {
        return Err(Refusal::ReverseTransfersMissing { needed: parts.len() });
    }
    let back = |(part, id): (crate::leg::Part, &TransferId)| {
        let row = book.row(part.to)?;
        if !row.covers(part.amount) {
            return Err(Refusal::FundsInsufficient { asked: part.amount, available: row.available() });
        }
        Ok(Transfer {
            id: *id,
            operation: command.operation,
            hold: Some(command.hold),
            debit: part.to,
            credit: hold.payer(),
            amount: part.amount,
            kind: TransferKind::Reverse,
            at: now,
        })
    };
    parts.into_iter().zip(&command.transfers).map(back).collect()
}
